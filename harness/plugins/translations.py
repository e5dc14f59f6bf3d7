"""Make a translation of a public task the data of another task: check it, record it and pin it.

The commands are `harness translate TASK --to LANGUAGE --model …` or `--from FILE`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness import heads
from harness.data import reading, sources
from harness.data.translating import examined, memory
from harness.errors import DataError, RegistryError
from harness.plugins import placing, registry
from harness.privacy import restricted
from harness.system.scratch import scratch_folder
from harness.system.together import Together
from harness.task import Task

LANGUAGES = {"nb": "Norwegian (bokmål)", "nn": "Norwegian (nynorsk)"}


def twin(root: Path, name: str, to: str) -> Task:
    """The task that is declared as the translation of the task `name` into the language `to` ("nb" or "nn").

    Raises RegistryError if there is no such task, or if its head, labels or groups differ from the original's.
    """
    original = registry.get(root, name)
    for path in registry.task_files(root):
        if path.stem.startswith(f"{name}_"):
            task = registry.load_file(path)
            if (task.translation_of, task.language) == (name, to):
                _hold_alike(original, task)
                return task
    raise RegistryError(
        f"No task is the translation of {name} to {to}.",
        remedy=f'Declare one: tasks/{name}_{to}.py with translation_of="{name}" and language="{to}"; '
        "tasks/medmqp_nb.py shows how.",
    )


def _hold_alike(original: Task, task: Task) -> None:
    for field in ("head", "labels", "groups"):
        if getattr(original, field) != getattr(task, field):
            raise RegistryError(
                f"tasks/{task.name}.py: TASK.{field} is not that of tasks/{original.name}.py.",
                remedy=f"Copy {field} from tasks/{original.name}.py to tasks/{task.name}.py: a translation has the "
                "items, answers and groups of its original.",
            )


def originals(root: Path, task: Task) -> tuple[list[dict], dict]:
    """The English records of a public task, and its source record (`source.json`). Raises DataError for other data."""
    folder = Path(root) / "data" / task.name
    source = sources.read_source(folder)
    if source["kind"] != "public" or not sources.is_english(source):
        told = source["kind"] != restricted.KIND
        what = f"{source['kind']} and {source['language'] or 'in no stated language'}" if told else source["kind"]
        fetched = f"`harness data fetch {task.name}` puts the original in place." if task.public else ""
        raise DataError(
            f"data/{task.name} is {what}: only public sets in English are translated.",
            remedy=fetched or "Restricted data are never translated here; give a public set.",
        )
    sources.verify(folder, source)
    names = ", ".join(sorted(source["files"]))
    records = reading.checked(task, folder, source["kind"], f"{folder}/{names}", source["files"]).records
    return records, source


def put(
    root: Path,
    task: Task,
    records: Sequence[Mapping],
    source: Mapping,
    said: memory.Said,
    by: Mapping,
    within: Together | None = None,
) -> list[examined.Found]:
    """Make a translation of `records` the data of `task`.

    Returns the suspicions that the checks found in the translation. `said` has the translated text by (record id,
    field). `source` is the source record of the originals. `by` says who translated, as a sentence in by["told"] and in
    further texts.
    """
    texts = heads.of(task).texts
    found = examined.examine(records, texts, task.labels, said)
    about = {"of": str(task.translation_of), "to": str(task.language), **by, "checks": examined.counts(found)}
    told = about["told"]
    record = {
        **{key: source[key] for key in ("kind", "address", "revision", "licence", "citation")},
        "language": LANGUAGES[str(task.language)],
        "note": f"{told[:1].upper()}{told[1:]}. {source['note']}".strip(),
        "translation": about | {"originals": dict(source["files"])},
    }
    with scratch_folder(Path(root) / "artifacts" / "translations" / task.name) as copy:
        memory.write(copy, records, texts, task.labels, said)
        placing.put(root, task.name, copy, record, within)
    return found
