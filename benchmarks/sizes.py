"""Measure the cost of every stage as the data grow: wall time, CPU time and peak memory.

Usage: python benchmarks/sizes.py [--kind rows labels document corpus] [--rows 20000 60000 200000]
                                  [--labels 10 100 1000] [--document 0.3 1 3] [--corpus 3 30 300] [--folder DIR]

Two or three sizes of each kind of growth are measured. Every size is a repository of its own in a scratch folder, with
generated data, one task, one family of a one-layer encoder, two seeds and ten updates of training. Every stage is run
by the command that `dvc.yaml` calls, in a process of its own. The operating system counts the time of the process and
its workers, and the memory of the largest process. The last column is the exponent of growth between the two largest
sizes: time ~ size ** exponent (1 means that time grows as the data do). A stage that takes under two CPU seconds spends
most of them on its start, so it has no exponent. Prints Markdown.
"""

import argparse
import csv
import itertools
import json
import math
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FAMILY, SEEDS, UPDATES, STARTING = "nb_bert", [1, 2], 10, 2.0
WORDS, WORDS_PER_MB = 25, 100_000  # words of a row, and about as many in a million bytes
FIRST_LABEL = 100  # the rank of the word that tells the first label
ROW = '''"""Generated rows of one label each."""

from harness.data import schema, tabular
from harness.task import Groups, Task

LABELS = tuple(f"label{{i:04d}}" for i in range({labels}))

TASK = Task(
    name="sizes",
    version="1",
    title="Generated rows",
    head="sequence",
    reader=tabular.table("rows.csv", columns={{name: name for name in ("id", "group", "text", "label")}}),
    schema=lambda: schema.sequence(LABELS),
    labels=LABELS,
    groups=Groups(column="group"),
    metrics=("macro_f1", "micro_f1", "weighted_f1"),
    licence="CC0-1.0",
    citation="generated",
)
'''
DOCUMENT = '''"""Generated documents, one of them long."""

from harness.data import schema, tagged
from harness.task import Groups, Task

LABELS = ("Name", "Place")

TASK = Task(
    name="sizes",
    version="1",
    title="Generated documents",
    head="tokens",
    reader=tagged.tagged("*.txt", tagged.rules(LABELS), max_characters=10_000_000),
    schema=lambda: schema.tokens(LABELS),
    labels=LABELS,
    groups=Groups(),
    metrics=("strict_f1", "relaxed_f1", "macro_f1", "document_leak_rate"),
    licence="CC0-1.0",
    citation="generated",
)
'''


@dataclass(frozen=True)
class Kind:
    """A kind of growth: its unit, the function that writes the task and data of one size, and the measured stages."""

    unit: str
    make: Callable[[Path, float], None]
    stages: tuple[str, ...]


@dataclass(frozen=True)
class Cost:
    wall: float
    cpu: float
    memory: int


class Language:
    """Invented words, drawn by their rank. There are as many different words as a text of `tokens` words has.

    The vocabulary grows as in real text: 44 * tokens ** 0.49 words (Heaps' law, as fitted to Reuters-RCV1 by Manning,
    Raghavan and Schütze 2008, Introduction to Information Retrieval, 5.1.1). The word at rank r has a frequency in
    proportion to 1 / r (Zipf's law, 5.1.2). Frequent words are short.
    """

    def __init__(self, tokens: float):
        chance, letters = random.Random("vocabulary"), "aeiouåøbdfghjklmnprstv"
        known: dict[str, None] = {}
        number = round(44 * tokens**0.49)
        while len(known) < number:
            known.setdefault("".join(chance.choices(letters, k=2 + round(0.7 * math.log2(len(known) + 1)))))
        self.words = list(known)
        self._sums = list(itertools.accumulate(1 / rank for rank in range(1, number + 1)))

    def text(self, chance: random.Random, number: int) -> str:
        return " ".join(chance.choices(self.words, cum_weights=self._sums, k=number))


def rows(root: Path, number: int, labels: int) -> None:
    (root / "tasks" / "sizes.py").write_text(ROW.format(labels=labels), encoding="utf-8")
    chance, language = random.Random(f"{number} {labels}"), Language(WORDS * number)
    (root / "data" / "sizes").mkdir(parents=True)
    with open(root / "data" / "sizes" / "rows.csv", "w", encoding="utf-8", newline="") as handle:
        out = csv.writer(handle)
        out.writerow(["id", "group", "text", "label"])
        for i in range(number):
            label = i % labels
            text = language.text(chance, WORDS) + " " + language.words[FIRST_LABEL + label]
            out.writerow([f"r{i}", f"g{i // 2}", text, f"label{label:04d}"])


def document(root: Path, megabytes: float) -> None:
    """Write the task and the data: a hundred short documents, and one document of `megabytes` million bytes."""
    (root / "tasks" / "sizes.py").write_text(DOCUMENT, encoding="utf-8")
    chance, language = random.Random(f"document {megabytes}"), Language(megabytes * WORDS_PER_MB)
    folder = root / "data" / "sizes"
    folder.mkdir(parents=True)
    for i in range(101):
        length, parts, size = (megabytes * 1e6 if i == 0 else 600), [], 0
        while size < length:
            part = language.text(chance, 12) + f" <Name>{chance.choice(language.words).capitalize()}</Name>.\n"
            parts.append(part)
            size += len(part.encode())
        (folder / f"d{i:03d}.txt").write_text("".join(parts), encoding="utf-8")


def corpus(root: Path, megabytes: float, part: str = "clinical") -> None:
    chance, language = random.Random(f"corpus {megabytes} {part}"), Language(megabytes * WORDS_PER_MB)
    folder = root / "data" / "corpus"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{part}.jsonl", "w", encoding="utf-8") as handle:
        size, number = 0, 0
        while size < megabytes * 1e6:
            row = {"id": f"{part}{number}", "text": language.text(chance, chance.randint(50, 400)), "kind": "note"}
            line = json.dumps(row, ensure_ascii=False) + "\n"
            handle.write(line)
            size, number = size + len(line.encode()), number + 1


ALL = ("validate sizes", "split sizes", "corpus", f"checkpoint {FAMILY}", f"pretrain {FAMILY}", "linear sizes",
       f"finetune sizes {FAMILY}", "score sizes", "report")  # fmt: skip
KINDS = {
    "rows": Kind("rows", lambda root, size: rows(root, int(size), 4), ALL),
    "labels": Kind("labels, 20,000 rows", lambda root, size: rows(root, 20_000, int(size)), ALL),
    "document": Kind("MB in one document", document, ALL),
    "corpus": Kind(
        "MB of corpus", lambda root, size: (rows(root, 1000, 4), corpus(root, size)), ("validate sizes", "split sizes",
        "corpus", f"checkpoint {FAMILY}", f"pretrain {FAMILY}"),
    ),
}  # fmt: skip


def build(root: Path, kind: Kind, size: float) -> None:
    """Write a repository at `root` that has only this benchmark's task and data."""
    from harness.data.sources import write_source
    from harness.params import profiles
    from harness.system import files
    from harness.testing.parameters import changing

    (root / "tasks").mkdir()
    (root / "harness").symlink_to(ROOT / "harness")
    for name in ("dvc.yaml", "constraints.txt"):
        (root / name).symlink_to(ROOT / name)
    kind.make(root, size)
    for part in ("general", "clinical"):
        if not (root / "data" / "corpus" / f"{part}.jsonl").is_file():
            corpus(root, 1.0, part)
    for folder in (root / "data").iterdir():
        hashes = {path.name: files.sha256(path) for path in sorted(folder.iterdir())}
        source = {key: "" for key in ("address", "citation", "note")} | {"revision": "1", "licence": "CC0-1.0"}
        write_source(folder, source | {"kind": "synthetic", "language": "nb", "files": hashes})
    with changing(root, profiles.text("embedded")) as params:
        params["run"].update(profile="sizes", tasks=["sizes"], families=[FAMILY], seeds=SEEDS)
        params["engine"]["reproducible"] = "fast"
        for recipe in ("general", "adaptation"):
            params["families"][FAMILY][recipe]["steps"] = UPDATES
        recipe = dict(params["tasks"]["nor_deid"])
        recipe.update(steps=UPDATES, evaluate_every=UPDATES, evaluation_batch=64)
        params["tasks"] = {"sizes": recipe}


def cost(root: Path, stage: str) -> Cost:
    """The cost of one stage, run in a process of its own. The memory is that of the largest process, in bytes."""
    log, start = root / "log.txt", time.perf_counter()
    process = os.posix_spawn(
        sys.executable, [sys.executable, "-m", "harness", *stage.split()], os.environ | {"PYTHONPATH": str(ROOT)},
        file_actions=[(os.POSIX_SPAWN_OPEN, fd, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) for fd in (1, 2)],
    )  # fmt: skip
    _, status, used = os.wait4(process, 0)
    if status != 0:
        raise SystemExit(f"harness {stage} failed in {root}:\n{log.read_text(encoding='utf-8')[-2000:]}")
    return Cost(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def measured(name: str, sizes: list[float], above: Path | None) -> Iterator[str]:
    kind = KINDS[name]
    found: dict[str, list[Cost]] = {stage: [] for stage in kind.stages}
    here = Path.cwd()
    for size in sizes:
        with tempfile.TemporaryDirectory(dir=above, prefix=f"sizes-{name}-") as folder:
            root = Path(folder).resolve()
            build(root, kind, size)
            os.chdir(root)
            try:
                for stage in kind.stages:
                    found[stage].append(cost(root, stage))
                    one = found[stage][-1]
                    print(f"{name} {size:g}: {stage}: {one.cpu:.1f} CPU s, {one.memory / 1e6:.0f} MB", file=sys.stderr)
            finally:
                os.chdir(here)
    columns = " | ".join(f"{size:,g}" for size in sizes)
    yield f"\n**{kind.unit[0].upper()}{kind.unit[1:]}**: CPU seconds (wall seconds; peak MB)\n"
    yield f"| stage | {columns} | growth |"
    yield "|---|" + "---|" * (len(sizes) + 1)
    for stage, costs in found.items():
        cells = " | ".join(f"{one.cpu:.1f} ({one.wall:.1f}; {one.memory / 1e6:.0f})" for one in costs)
        yield f"| {stage.replace(' sizes', '')} | {cells} | {growth(sizes, costs)} |"


def growth(sizes: list[float], costs: list[Cost]) -> str:
    if len(sizes) < 2 or costs[-2].cpu < STARTING:
        return "–"
    return f"{math.log(costs[-1].cpu / costs[-2].cpu) / math.log(sizes[-1] / sizes[-2]):.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kind", nargs="+", choices=sorted(KINDS), default=list(KINDS))
    parser.add_argument("--rows", nargs="+", type=float, default=[20_000, 60_000, 200_000])
    parser.add_argument("--labels", nargs="+", type=float, default=[10, 100, 1000])
    parser.add_argument("--document", nargs="+", type=float, default=[0.3, 1, 3])
    parser.add_argument("--corpus", nargs="+", type=float, default=[3, 30, 300])
    parser.add_argument(
        "--folder", type=Path, help="where the repositories go for a while (default: a temporary folder)"
    )
    options = parser.parse_args()
    for name in options.kind:
        for line in measured(name, sorted(getattr(options, name)), options.folder):
            print(line, flush=True)


if __name__ == "__main__":
    main()
