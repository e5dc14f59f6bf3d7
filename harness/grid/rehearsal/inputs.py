"""Prepare the scratch copy of the repository in which `harness rehearse` tries a run.

The copy has every task's data, validated and split, and a part of the corpus. Existing files are linked and only read,
and the stages write to the scratch copy. If a task has no data, generated rows replace the data.
"""

import contextlib
import dataclasses
import itertools
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from harness import heads
from harness.artifacts import validated
from harness.artifacts.parts import by_part
from harness.artifacts.prediction_lines import perturbed_part
from harness.data import sources
from harness.data.corpus_files import chunks, corpus_files
from harness.data.synthetic import write
from harness.data.translating import fields, memory
from harness.errors import HarnessError
from harness.grid.rehearsal.finding import Finding
from harness.heads.head import Whole
from harness.params.config import Build, CorpusSettings, Split
from harness.params.reading import ParamsFile
from harness.plugins import registry
from harness.statistics import measurable
from harness.system.files import read_json, sha256, write_json, write_jsonl
from harness.task import Task

# A part of the corpus is read whole up to WHOLE bytes. Of a larger part, PART bytes of text are read.
WHOLE, PART = 24 << 20, 4 << 20
JOINED = 40  # generated documents that together are as long as a real one
_LINKED = ("harness", "tasks", "pipeline", "params.yaml")


@dataclass(frozen=True)
class Stages:
    """The functions of the three stages that train nothing.

    Each function gets the folder of the repository. `validate` and `split` also get the name of a task. The caller
    passes these functions, because the package `stages` imports `grid` and `grid` must not import `stages`.
    """

    validate: Callable[[Path, str], object]
    split: Callable[[Path, str, Split], object]
    corpus: Callable[[Path, CorpusSettings], object]


@dataclass
class Prepared:
    """What the scratch copy in the folder `root` contains, and what was found while it was made.

    `rows` is the number of rows by task and part. `seconds` is the time of each stage, scaled to the whole corpus.
    `stand_ins` are the tasks with generated rows in place of their data, and `corpus_stands_in` says the same of the
    corpus. `read` is the share of the corpus's bytes that is in the scratch copy. `texts` is the number of texts in a
    row, by task.
    """

    root: Path
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    stand_ins: list[str] = field(default_factory=list)
    read: float = 1.0
    corpus_stands_in: bool = False
    texts: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def prepare(root: Path, scratch: Path, params: ParamsFile, stages: Stages) -> Prepared:
    """Run the stages that come before any training in the folder `scratch`. Returns what they made and found."""
    made, everything = Prepared(scratch), params.everything()
    for name in _LINKED:
        (scratch / name).symlink_to((root / name).resolve())
    if (root / "reports" / "splits").is_dir():
        # A copy, because the stage extends a frozen split, and the original must not change.
        shutil.copytree(root / "reports" / "splits", scratch / "reports" / "splits")
    generated = _Generated(scratch, params.generate().seed)
    builds = all(isinstance(everything.families[name].baseline, Build) for name in everything.run.families)
    for task in everything.run.tasks:
        with _finding(made, f"split {task}"):
            _task(root, made, task, params, stages, generated, stand_in_for_real=not builds)
    with _finding(made, "corpus"):
        _corpus(root, made, params.corpus(), stages, generated, stand_in_for_real=not builds)
    return made


class _Generated:
    """The data set that the harness generates. It is written when a folder of it is first asked for."""

    def __init__(self, scratch: Path, seed: int):
        self._folder, self._seed = scratch / "generated", seed

    def folder(self, name: str) -> Path | None:
        if name not in (*write.TASKS, write.CORPUS):
            return None
        if not self._folder.is_dir():
            write.generate(self._folder, self._seed)
        return self._folder / name

    def stand_in(self, root: Path, task: Task) -> Path | None:
        """The folder of generated rows for a task without data, or None. A translation gets its original's rows, which
        are Norwegian already."""
        if task.translation_of is None:
            return self.folder(task.name)
        if (original := self.folder(task.translation_of)) is None:
            return None
        place, texts, labels = self._folder / task.name, heads.of(task).texts, task.labels
        records = registry.get(root, task.translation_of).reader(original).records
        same = {(record["id"], name): text for record in records for name, text in fields.of(record, texts, labels)}
        memory.write(place, records, texts, labels, same)
        written = {name: sha256(place / name) for name in (memory.ORIGINALS, memory.MEMORY)}
        sources.write_source(place, sources.read_source(original) | {"files": written})
        return place


@contextlib.contextmanager
def _finding(made: Prepared, where: str) -> Iterator[None]:
    """Record an error that the block raises as a finding about `where`, and go on after the block."""
    try:
        yield
    except HarnessError as error:
        made.findings.append(Finding(where, error.message.replace(f"{made.root}/", ""), error.remedy))


def _task(
    root: Path,
    made: Prepared,
    name: str,
    params: ParamsFile,
    stages: Stages,
    generated: _Generated,
    *,
    stand_in_for_real: bool,
) -> None:
    scratch, task = made.root, registry.get(root, name)
    given = root / "data" / name
    source = given if given.is_dir() else generated.stand_in(root, task)
    if source is None:
        message = f"There are no data in data/{name}, and the harness generates data only for its own tasks."
        made.findings.append(Finding(f"validate {name}", message, f"Put them there: `harness data use {name} PATH`."))
        return
    if _is_current(root, name):
        _link(root / "artifacts" / "validated" / name, validated.folder_of(scratch, name))
    else:
        _link(source, scratch / "data" / name)
        made.seconds[f"validate {name}"] = _timed(lambda: stages.validate(scratch, name))
    made.seconds[f"split {name}"] = _timed(lambda: stages.split(scratch, name, params.split()))
    parts, _ = by_part(scratch, name)
    if validated.card(scratch, name).kind == "synthetic" and stand_in_for_real:
        made.stand_ins.append(name)
    lacking = {part: measurable.absent(task, records) for part, records in parts.items() if part in measurable.PARTS}
    for reasons in measurable.faults(task, lacking).values():
        for metric, why in reasons.items():
            remedy = f"Add rows with the missing label to data/{name}, or remove {name} from run.tasks."
            made.findings.append(Finding(f"split {name}", f"{name}: {metric} cannot be measured: {why}.", remedy))
    rows = {part: len(records) for part, records in parts.items()}
    head, first = heads.of(task), next(iter(parts.values()))[:1]
    made.texts[name] = head.rows(first)[2][0] if isinstance(head, Whole) else 1
    kinds = params.everything().robustness.kinds
    made.rows[name] = rows | {perturbed_part(kind): rows.get("test", 0) for kind in kinds}


def _is_current(root: Path, name: str) -> bool:
    """Whether the validated records in `artifacts/` were made from the present data of the task `name`."""
    try:
        return validated.card(root, name).source == read_json(root / "data" / name / "source.json")
    except HarnessError:
        return False


def _link(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(source.resolve())


def _timed(run: Callable[[], object]) -> float:
    """The CPU seconds that `run()` takes. What `run()` prints is hidden, because the real run will print it again."""
    begun = time.process_time()
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        run()
    return time.process_time() - begun


def _corpus(
    root: Path,
    made: Prepared,
    settings: CorpusSettings,
    stages: Stages,
    generated: _Generated,
    *,
    stand_in_for_real: bool,
) -> None:
    """Clean a part of the corpus with the stage `corpus`, and scale the stage's time to the whole corpus."""
    folder, chosen = root / "data" / "corpus", settings.corpus
    cut = dataclasses.replace(chosen, general=("general.jsonl",), clinical=("clinical.jsonl",))
    if not folder.is_dir():
        given = generated.folder(write.CORPUS)
        assert given is not None, "the corpus is among what is generated"
        folder, chosen = given, cut
    target = made.root / "data" / "corpus"
    target.mkdir(parents=True)
    source = read_json(folder / "source.json", made_by="harness data generate data")
    write_json(target / "source.json", source)
    made.corpus_stands_in = source.get("kind") == "synthetic" and stand_in_for_real
    whole, read = 0, 0
    for part, names in (("general", chosen.general), ("clinical", chosen.clinical)):
        files = [file for name in names for file in corpus_files(folder, name)]
        size = sum(file.stat().st_size for file in files)
        most = None if size <= WHOLE and not made.corpus_stands_in else PART
        taken: Counter[str] = Counter()
        documents = _documents(folder, files, most, taken)
        write_jsonl(target / f"{part}.jsonl", _joined(documents) if made.corpus_stands_in else documents)
        whole, read = whole + size, read + taken["bytes"]
    made.read = read / max(1, whole)
    tasks = tuple(name for name in settings.tasks if name in made.rows)
    # If the stage refuses personal details, that is a finding, and the rehearsal goes on. Generated ones are invented.
    lenient = dataclasses.replace(cut, allow_phi=True)
    for corpus in [lenient] if made.corpus_stands_in else [cut, lenient]:
        with _finding(made, "corpus"):
            seconds = _timed(partial(stages.corpus, made.root, CorpusSettings(tasks, corpus)))
            made.seconds["corpus"] = seconds / made.read
            return


def _documents(folder: Path, files: list[Path], most: int | None, taken: Counter[str]) -> Iterator[dict]:
    """Documents until `most` bytes of text (None: all). `taken` counts the bytes of the files that were read."""
    text = 0
    for chunk in chunks(folder, files):
        if most is not None and text >= most:
            return
        taken["bytes"] += chunk.size
        for document in chunk.documents():
            text += len(document["text"].encode())
            yield document


def _joined(documents: Iterator[dict]) -> Iterator[dict]:
    """Join generated documents, because these are sentences and real ones are pages."""
    while some := list(itertools.islice(documents, JOINED)):
        yield some[0] | {"text": "\n".join(document["text"] for document in some)}
