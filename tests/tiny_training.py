"""A small corpus, tokenizer and encoder for tests of pre-training, and one training of it."""

import dataclasses
import json
import os
import sys
from pathlib import Path

import torch
from tiny_encoders import ENCODER, TEXTS

from harness.artifacts.corpus import Parts, parts_place
from harness.data.corpus_summary import summaries
from harness.encoders import families, tokenizers
from harness.objectives import Trained
from harness.objectives.common.sentences import split_sentences
from harness.params.config import Engine, Pretraining
from harness.params.typed import convert
from harness.system.files import sha256, write_jsonl
from harness.training.common.distributed import joined, leads
from harness.training.pretrain import arms, shards, texts
from harness.training.pretrain.loop import Observer

ENGINE = Engine("cpu", "fp32", "sdpa", "fast", 1, 1, "ddp", False, False)
RECIPES = {"bert": "mlm_nsp", "norbert3": "span", "modernbert": "dynamic"}


def settings(architecture: str, **changes) -> Pretraining:
    """The published recipe, in nine updates that learn fast, with much hidden."""
    small = {
        "recipe": RECIPES[architecture], "steps": 9, "effective_batch": 8, "device_batch": 4, "length": 24,
        "learning_rate": 5e-3, "warmup": 0.1, "mask_rate": 0.3, "mask_rate_end": 0.15, "mask_schedule": "linear",
        "evaluate_every": 4, "save_steps": 2, "save_minutes": 0.0, "seed": 1,
    }  # fmt: skip
    return dataclasses.replace(convert(Trained, small, "", "test"), **changes)


def documents(count: int = 60) -> list[dict]:
    """Documents that differ, so that rows and masks can be told apart; one in twelve is held out."""
    free, aside = [], []
    for i in range(20 * count):
        (aside if shards.is_held_out(f"d{i}", 0) else free).append(f"d{i}")
    names = [aside.pop(0) if i % 12 == 7 else free.pop(0) for i in range(count)]
    return [
        {"id": name, "document_type": f"type {i % 2}", "text": f"{TEXTS[i % 5]} Notat nr. {i}. {TEXTS[(i + 2) % 5]}"}
        for i, name in enumerate(names)
    ]


def write_parts(root: Path, parts: dict[str, list[dict]]) -> Path:
    """What the stage `corpus` leaves behind of these parts."""
    folder, card = root / "artifacts" / "corpus", {"source": {"kind": "synthetic"}, "phi": None, "parts": {}}
    for part, of in parts.items():
        write_jsonl(folder / f"{part}.jsonl", of)
        card["parts"][part] = {
            "sha256": sha256(folder / f"{part}.jsonl"),
            "documents": {"in": len(of), "kept": len(of)},
            "words": 100,
            "kept": {"note": len(of)},
            "written_standard": {"bokmål": {"documents": len(of), "words": 100}},
        }
    Parts.of(**summaries(card)).write(parts_place(root))
    return root


class InMemory:
    """Documents as lists, by the plainest reading of what a recipe is handed."""

    def __init__(self, documents: list[dict], tokenizer, by_sentence: bool):
        def encoded(text: str) -> list[int]:
            return tokenizer(text, add_special_tokens=False)["input_ids"]

        cut = split_sentences if by_sentence else lambda text: [text]
        self._sentences = [[encoded(piece) for piece in cut(document["text"])] for document in documents]

    def __len__(self) -> int:
        return len(self._sentences)

    def sizes(self) -> list[int]:
        return [len(self.tokens(i)) for i in range(len(self))]

    def sentences(self, index: int) -> list[list[int]]:
        return self._sentences[index]

    def tokens(self, index: int) -> list[int]:
        return [token for sentence in self._sentences[index] for token in sentence]


def command(
    architecture: str, folder: Path, *, processes: int = 1, settings: dict | None = None, **engine
) -> list[str]:
    """What trains in processes of their own and writes the result to `folder`/result and result.safetensors."""
    described = {"architecture": architecture, "states": str(folder), "target": str(folder / "result")}
    described |= {"settings": settings or {}, "engine": engine}
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    return [sys.executable, *(launcher if processes > 1 else []), __file__, json.dumps(described)]


def environment() -> dict[str, str]:
    tests = Path(__file__).parent
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(tests.parent), str(tests)]), "OMP_NUM_THREADS": "1"}


def sharded(given_documents: list[dict], tokenizer, given: Pretraining, folder: Path) -> arms.Corpus:
    """The documents as the stages read them: written as a corpus, tokenised into memory-mapped files."""
    path = folder / "general.jsonl"
    write_jsonl(path, given_documents)
    return texts.tokenised_all({"general": path}, tokenizer, given, folder, leads=leads())["general"]


def trained(
    architecture: str,
    given: Pretraining,
    states: Path,
    engine: Engine = ENGINE,
    observer: Observer | None = None,
    corpus_of=sharded,
    dropout: float = ENCODER.dropout,
    code: dict[str, str] | None = None,
    **branching,
) -> tuple[dict[str, torch.Tensor], dict]:
    """Weights and card values after one training, from the newest state below `states`; `branching` as in
    `arms.train_arm`."""
    torch.set_num_threads(1)
    tokenizer = tokenizers.build(architecture, TEXTS, ENCODER.vocabulary)
    torch.manual_seed(3)
    encoder = dataclasses.replace(ENCODER, layers=1, dropout=dropout)
    model = families.new_masked_lm(architecture, encoder, tokenizer, "sdpa")
    corpora = {"general": corpus_of(documents(), tokenizer, given, states / "corpus")}
    with joined(engine, "test") as world:
        result = arms.train_arm(
            model, tokenizer, architecture, corpora, corpora["general"], given, engine, world,
            steps=arms.updates_of(corpora["general"], tokenizer, model.config, given),
            states=states, inputs={}, code=code or {}, observer=observer or Observer(), name="test",
            **branching,
        )  # fmt: skip
    return {name: value.detach().clone() for name, value in model.state_dict().items()}, result


if __name__ == "__main__":
    # One process of one or several: a JSON object with architecture, states, target, settings and engine.
    from safetensors.torch import save_file

    given = json.loads(sys.argv[1])
    engine = dataclasses.replace(ENGINE, **given["engine"])
    recipe = settings(given["architecture"], **given["settings"])
    weights, result = trained(given["architecture"], recipe, Path(given["states"]), engine)
    if int(os.environ.get("RANK", 0)) == 0:
        save_file({k: v.contiguous().clone() for k, v in weights.items()}, given["target"] + ".safetensors")
        Path(given["target"]).write_text(json.dumps(result, sort_keys=True), encoding="utf-8")
