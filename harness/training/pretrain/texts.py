"""Read the corpora for a pre-training: texts to make a tokenizer, and token ids to train the model."""

import importlib.metadata
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness import objectives
from harness.objectives.common.windows import Vocabulary, windows
from harness.params.config import Pretraining
from harness.pipeline.code import code_hash
from harness.system.determinism import derived_seed
from harness.system.files import jsonl_rows, sha256, sha256_value
from harness.system.parallel import usable_workers
from harness.training.common.distributed import await_file
from harness.training.pretrain import shards
from harness.training.pretrain.arms import Corpus

# A tokenizer is made from all training texts, or of a larger corpus from a sample of about this many bytes (some ten
# million words). It takes one CPU second per million bytes, and memory for every different word.
TOKENIZER_BYTES = 1 << 26
# Below this many bytes, starting workers takes longer than they save.
WORKERS_FROM = 64 << 20


def training_texts(files: Mapping[str, Path], most: int = TOKENIZER_BYTES) -> Iterator[str]:
    """Yield the training texts of all corpora, for making a tokenizer. `files` maps the name of a corpus to its file.
    If the files have more than about `most` bytes, a sample of the texts is taken. Held-out documents are left out."""
    share = most / max(1, sum(path.stat().st_size for path in files.values() if path.exists()))
    for _, path in sorted(files.items()):
        for document, held in shards.divided(jsonl_rows(path, made_by="harness corpus")):
            if not held and (share >= 1 or derived_seed("tokenizer", document["id"]) / 2**63 < share):
                yield document["text"]


def tokenised_all(
    files: Mapping[str, Path], tokenizer, settings: Pretraining, folder: Path, *, leads: bool
) -> dict[str, Corpus]:
    """Tokenise the corpora in `files` (a corpus's name → its file), divided into training and held-out text, below
    `folder`. Returns the `Corpus` by name.

    Existing results are used if they were made from the same inputs, and older results are removed. Only the leading
    process (`leads` is True) writes, and the other processes wait.
    """
    vocabulary, by_sentence = Vocabulary.of(tokenizer), objectives.of(settings).by_sentence
    made_of = {
        "tokenizer": json.loads(tokenizer.backend_tokenizer.to_str()),
        "by_sentence": by_sentence,
        "code": code_hash(shards.__name__),
        "tokenizers": importlib.metadata.version("tokenizers"),
    }
    found = {}
    for name, path in files.items():
        digest = sha256(path)
        target = Path(folder) / name / sha256_value({**made_of, "corpus": digest})[:16]
        if leads and not (target / shards.INDEX).is_file():
            shutil.rmtree(target.parent, ignore_errors=True)
            workers = usable_workers() if path.exists() and path.stat().st_size >= WORKERS_FROM else 1
            shards.write(jsonl_rows(path, made_by="harness corpus"), tokenizer, by_sentence, target, workers=workers)
        await_file(target / shards.INDEX)
        held = shards.held_out(target)
        rows = [(kind, row) for kind, ids in held for row in windows(ids, settings.length, vocabulary)]
        found[name] = Corpus(shards.Shards(target), rows, target, digest)
    return found
