"""Import an existing checkpoint as an arm, and check that it predicts better than token frequencies.

A checkpoint can load completely, with every name and shape right, and still be wrong: a projection is split in the
other way, the tokenizer has another vocabulary order, or the weights are of another variant of the architecture. Such a
checkpoint predicts no better than token frequencies. So every imported masked LM predicts masked tokens of held-out
general text. Its loss is compared with the loss of a prediction from token frequencies alone. These frequencies are
counted in the general training text, with the checkpoint's own tokenizer.
"""

import dataclasses
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

from harness.artifacts import checkpoint
from harness.encoders.architectures import architecture_named
from harness.encoders.checkpoints import import_arm
from harness.encoders.readme import gate_in_words
from harness.errors import CheckpointError
from harness.objectives.common.windows import Vocabulary, windows
from harness.params.config import Engine, Folder, Hub
from harness.system.determinism import derived_seed, prepare_torch
from harness.system.files import jsonl_rows, sha256
from harness.text.printable import terminal
from harness.training.pretrain import held_out, shards

# Nats per masked token. A model that sees only the token before is more than two nats better than token counts, on
# real and on generated text. A public encoder is four to five nats better. The standard error over the tokens is
# under 0.1.
MARGIN = 0.5
# Fewest masked tokens. With fewer, the standard error is about as large as the margin.
FEWEST = 50
ROWS, LENGTH = 160, 128
# If there are fewer rows than ROWS, each is repeated with other masks, at most this often.
TIMES = 8
# Text that is counted. A million tokens give exact enough counts.
COUNTED_BYTES = 4 << 20


@dataclass(frozen=True)
class Gate:
    """Compares the masked LM imported from `source` with token frequencies, on the general text of the corpus in
    `folder`.

    The text may be in a language that is foreign to the encoder. A wrong import is as likely then. A right encoder
    reads pieces of words in context, and so is better than token frequencies in a foreign language, too. An encoder
    that is not better can be imported with a reason, `source.despite_gate`, which the card repeats.
    """

    folder: Path
    source: Hub | Folder
    engine: Engine

    def __call__(self, model: torch.nn.Module, tokenizer, architecture: str, missing: list[str]) -> dict:
        """Compare `model` with token frequencies. Returns the entry `gate` of the checkpoint's card: {"loss",
        "unigram_loss" (nats per masked token), "masked_tokens", "margin", "corpus" (SHA-256 of the general text),
        "despite" (the reason or None)}, or {"not_run": reason}.

        `missing` are the names of the parameters that the checkpoint lacks. Raises CheckpointError if the loss of
        `model` is not below that of the token frequencies by `MARGIN` and `source.despite_gate` is None, or if its loss
        is not finite.
        """
        measured = self._measured(model, tokenizer, architecture, missing)
        if "not_run" in measured:
            return measured
        lost, counted = measured["loss"], measured["unigram_loss"]
        despite = self.source.despite_gate
        if not counted - lost >= MARGIN and (despite is None or not math.isfinite(lost)):
            raise CheckpointError(
                f"{_named(self.source)} loads, but does not predict held-out general text well enough. Its loss must "
                f"be at least {MARGIN} nats per masked token below that of token counts, {counted:.2f}, and is "
                f"{lost:.2f} ({measured['masked_tokens']:,} masked tokens).",
                remedy="Check that architecture, config.json, weights and tokenizer belong together and are of one "
                "version. If this loss is expected (an encoder that does not read the corpus's language), give the "
                "reason below the arm in params.yaml: `despite_gate: REASON`.",
            )
        return measured | {"margin": MARGIN, "despite": despite, "corpus": sha256(self.folder / "general.jsonl")}

    def _measured(self, model, tokenizer, architecture: str, missing: list[str]) -> dict:
        kind = architecture_named(architecture)
        if any(name.startswith(kind.masked_lm_head) for name in missing):
            return {"not_run": "the folder has no masked-LM head"}
        text = self.folder / "general.jsonl"
        if not text.is_file() or not text.stat().st_size:
            return {"not_run": "there is no general text"}
        vocabulary = Vocabulary.of(tokenizer)
        length = min(LENGTH, kind.positions(model.config) or LENGTH)
        rows, counts = _read(text, tokenizer, length, vocabulary)
        # Always fp32, so that the same weights get the same verdict with every engine.
        engine = dataclasses.replace(self.engine, precision="fp32")

        def measured(model, head, device: str) -> dict:
            return held_out.measure(model, head, {"general": rows}, vocabulary, engine, device)["general"]

        counted = measured(*_counting(counts, vocabulary), "cpu")
        if counted["tokens"] < FEWEST:
            few = f"the held-out general text gives {counted['tokens']} masked tokens, fewer than {FEWEST}"
            return {"not_run": few}
        found = measured(model.to(engine.device), kind.predict(model), engine.device)
        return {"loss": found["loss"], "unigram_loss": counted["loss"], "masked_tokens": counted["tokens"]}


def bring_in(
    root: Path, source: Hub | Folder, family: str, arm: str, architecture: str, engine: Engine, code: str
) -> None:
    """Import `source` to `artifacts/checkpoints/<family>/<arm>/`, and print the result of the check against token
    frequencies and the notes of the checkpoint's card.

    `code` is the hash of the importing code. Raises CheckpointError if the checkpoint cannot be imported.
    """
    prepare_torch(engine.pretraining_threads, engine.device)
    target = checkpoint.place(root, family, arm)
    held = Gate(root / "artifacts" / "corpus", source, engine)
    card = import_arm(source, family, arm, architecture, target, code, held)
    for note in (gate_in_words(card["gate"], str), *card["notes"]):
        print(terminal(f"{family}/{arm}: {note}"), file=sys.stderr)


def _read(path: Path, tokenizer, length: int, vocabulary: Vocabulary) -> tuple[list, torch.Tensor]:
    """At most `ROWS` (document type, row) pairs spread over the held-out text, and the token counts [vocabulary] of the
    other text."""
    counts = torch.zeros(len(tokenizer), dtype=torch.float64)
    share = COUNTED_BYTES / max(1, path.stat().st_size)
    held_rows = []
    read = (
        (document, held)
        for document, held in shards.divided(jsonl_rows(path, made_by="harness corpus"))
        if held or share >= 1 or derived_seed("gate", document["id"]) / 2**63 < share
    )
    for batch in shards.batches(read):
        ids = tokenizer([document["text"] for document, _ in batch], add_special_tokens=False, verbose=False).input_ids
        for (document, held), tokens in zip(batch, ids, strict=True):
            if held:
                held_rows += [(document["document_type"], row) for row in windows(tokens, length, vocabulary)]
            else:
                counts += torch.bincount(torch.tensor(tokens, dtype=torch.long), minlength=len(counts))
    spread = held_rows[:: max(1, -(-len(held_rows) // ROWS))]
    return spread * min(TIMES, ROWS // max(1, len(spread))), counts


class _Blind(torch.nn.Module):
    """An encoder that reads nothing, so that a head on it gives every position the same answer."""

    @property
    def base_model(self) -> "_Blind":
        return self

    def forward(self, input_ids: torch.Tensor, **_):
        from transformers.modeling_outputs import BaseModelOutput

        return BaseModelOutput(last_hidden_state=torch.zeros(*input_ids.shape, 1))


def _counting(counts: torch.Tensor, vocabulary: Vocabulary) -> tuple[torch.nn.Module, object]:
    """A (model, head) that predict the token frequencies, with one added to each count (Laplace)."""
    added = torch.zeros_like(counts)
    added[vocabulary.replacements] = 1
    logarithms = (counts.index_fill(0, vocabulary.special, 0) + added).log().float()
    return _Blind(), lambda hidden: logarithms.expand(len(hidden), -1)


def _named(source: Hub | Folder) -> str:
    return f"{source.repository} at {source.revision}" if isinstance(source, Hub) else f"The checkpoint {source.path}"
