"""Measure what it costs to build the corpus at 1, 10 and 100 times a base size: CPU time, wall time and memory.

Usage: python benchmarks/corpus.py [--corpus FILE] [--base 2000] [--workers N] [--folder DIR]

The first `--base` documents of a JSONL(.gz) corpus are taken (by default, the NoReC extract of the profile `lab`). They
are copied 10 and 100 times. In each copy, a quarter of the words is drawn anew. So copies share words and style but are
not near duplicates. The last thousand documents of the corpus serve as held-out texts. Each size is cleaned,
deduplicated and searched for these texts in a process of its own. Prints a Markdown table and, extrapolated from the
largest size, the cost of five billion tokens. The time to make the copies is not counted.
"""

import argparse
import json
import os
import random
import resource
import tempfile
import time
from collections import deque
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MIRROR = Path(os.environ.get("HARNESS_MIRROR", ROOT.parent / "shared" / "datasets"))
FACTORS = (1, 10, 100)
CHANGED = 0.25
HELD_OUT = 1000
TOKENS = 5e9
TOKENS_PER_WORD = 1.35  # pieces per word, about as with a Norwegian vocabulary of 50,000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, default=MIRROR.parent / "corpora" / "norec_train_12k.jsonl.gz")
    parser.add_argument("--base", type=int, default=2000, help="documents at size 1")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--folder", type=Path, help="where the copies go for a while (default: a temporary folder)")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.corpus, options.workers)))
        return
    from measuring import in_process  # not above: the measured process would need the memory of torch

    print("| size | documents | MB | words | CPU s | CPU s per GB | wall s | peak memory, MB | kept |")
    print("|---|---|---|---|---|---|---|---|---|")
    for factor in FACTORS:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            path = Path(folder) / "corpus.jsonl"
            write_copies(options.corpus, path, options.base, factor)
            given = ("--corpus", options.corpus, "--workers", options.workers)
            found = in_process(__file__, *given, "--one", path)
        print(
            f"| {factor}× | {found['documents']:,} | {found['size'] / 1e6:,.1f} | {found['words']:,} "
            f"| {found['cpu']:.1f} | {found['cpu'] / found['size'] * 1e9:.0f} | {found['wall']:.1f} "
            f"| {found['memory'] / 1e6:.0f} | {found['kept']:,} |",
            flush=True,
        )
    share = TOKENS / TOKENS_PER_WORD / found["words"]
    print(
        f"\n{TOKENS:.0e} tokens at {TOKENS_PER_WORD} a word: {share * found['size'] / 1e9:.0f} GB of JSONL, "
        f"{share * found['documents'] / 1e6:.1f} M such documents, {share * found['cpu'] / 3600:.1f} CPU hours, "
        f"{share * found['scratch'] / 1e9:.0f} GB of scratch files beside the output."
    )


def write_copies(corpus: Path, path: Path, base: int, factor: int) -> None:
    """Write `base` documents, `factor` times. In all copies except the first, a quarter of the words is drawn anew."""
    from harness.data.corpus_files import read_documents

    documents = list(islice(read_documents(corpus), base))
    vocabulary = [word for document in documents for word in document["text"].split()]
    rng = random.Random(f"copies {factor}")
    with open(path, "w", encoding="utf-8") as lines:
        for copy in range(factor):
            for document in documents:
                text = document["text"] if copy == 0 else changed(document["text"], vocabulary, rng)
                row = document | {"id": f"{document['id']}-{copy}", "text": text}
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")


def changed(text: str, vocabulary: list[str], rng: random.Random) -> str:
    words = text.split(" ")
    for place in rng.sample(range(len(words)), int(CHANGED * len(words))):
        words[place] = rng.choice(vocabulary)
    return " ".join(words)


def measure(path: Path, corpus: Path, workers: int) -> dict:
    """Measures of one size, in this process and its workers. `memory` is the largest peak of a process, in bytes."""
    from harness.data.corpus import build
    from harness.data.corpus_files import chunks, read_documents
    from harness.data.held_out import Coverage, HeldOutIndex
    from harness.data.inspecting import Inspector
    from harness.system.durations import cpu_seconds
    from harness.system.progress import amounts_progress

    last = deque(read_documents(corpus), maxlen=HELD_OUT)
    index = HeldOutIndex([("held out", document["text"]) for document in last], 13, 0.5)
    inspector = Inspector(index, Coverage(index.words), 0.8)
    size = path.stat().st_size
    scratch = path.parent / "scratch"
    scratch.mkdir()
    start, before = time.perf_counter(), cpu_seconds()
    with amounts_progress(path.name, size) as progress:
        stream = chunks(path.parent, [path])
        parts = {path.parent / "out.jsonl": stream}
        (built,) = build(parts, inspector, scratch, workers=workers, progress=progress)
    wall, after = time.perf_counter() - start, cpu_seconds()
    peaks = (resource.getrusage(who).ru_maxrss * 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    card = built.tally.as_card()
    return {
        "documents": card["documents"]["in"],
        "kept": card["documents"]["kept"],
        "words": card["words"],
        "size": size,
        "cpu": after - before,
        "wall": wall,
        "memory": max(peaks),
        "scratch": sum(file.stat().st_size for file in scratch.iterdir()),
    }


if __name__ == "__main__":
    main()
