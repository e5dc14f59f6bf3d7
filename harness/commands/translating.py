"""The command `translate`: make a Norwegian version of a public data set, by a translation model or from a file."""

import contextlib
import sys
from pathlib import Path

from harness.commands.common import declare, parameters, pinned, repository
from harness.text.printable import terminal


def add(commands) -> None:
    text = "a Norwegian version of a public English set, by a pinned translation model or from a file, checked"
    example = "translate medmqp --to nb --model models/opus-mt-en-nb"
    command = declare(commands, "translate", _translate, text, example, "task")
    command.add_argument("--to", required=True, choices=("nb", "nn"), help="bokmål or nynorsk")
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("--model", help="a Marian or NLLB checkpoint: a folder, or OWNER/NAME@COMMIT of the hub")
    which.add_argument("--from", dest="given", type=Path, metavar="FILE", help="a translation: CSV, TSV or JSONL by id")
    command.add_argument("--beams", type=int, default=4, help="width of the beam search (default: 4)")
    command.add_argument(
        "--batch", type=int, default=32, help="texts at a time; another value may give other results (default: 32)"
    )
    command.add_argument(
        "--threads", type=int, help="another value may give other results; default: engine.pretraining_threads"
    )
    command.add_argument("--device", choices=("cpu", "cuda"), help="default: engine.device of params.yaml")


def _translate(options) -> None:
    from harness.data.pinning import replacing
    from harness.pipeline import code_lists
    from harness.plugins import placing, registry, translations

    root, params = repository(), parameters(())
    original = registry.get(root, options.task)
    task = translations.twin(root, original.name, options.to)
    records, source = translations.originals(root, original)
    if options.given:
        said, by = _given(options, task, original, records)
    else:
        said, by = _made(options, root, params.everything().engine, task, records)
    with replacing(root) as within:
        found = translations.put(root, task, records, source, said, by, within)
        whole = placing.pin(root, within)
    code_lists.write_task(root, task.name)
    from harness.data.translating import examined

    print(f"data/{task.name} has {len(records)} items of {original.name}, {by['told']}. {pinned(whole)}.")
    print(*map(terminal, examined.lines(found, len(records))), sep="\n")
    print(f"Next: add {task.name} to run.tasks in params.yaml, then run `dvc repro`.")


def _given(options, task, original, records) -> tuple[dict, dict]:
    from harness import heads
    from harness.data import reader
    from harness.data.translating import given
    from harness.system.files import sha256

    called = reader.columns_of(original)
    said = given.read(options.given, records, heads.of(task).texts, task.labels, called)
    digest = sha256(options.given)
    told = f"translated, from {options.given.name} (sha256 {digest[:12]}…)"
    return said, {"told": told, "file": options.given.name, "sha256": digest}


def _made(options, root, engine, task, records) -> tuple[dict, dict]:
    from harness import heads
    from harness.data.translating import fields, resuming
    from harness.encoders import translators
    from harness.errors import ConfigError

    threads = engine.pretraining_threads if options.threads is None else options.threads
    if min(options.beams, options.batch, threads) < 1:
        raise ConfigError(
            "--beams, --batch and --threads must be 1 or more.", remedy="Correct them, or leave them out."
        )
    device = options.device or engine.device
    search = translators.Search(options.beams, options.batch, device, threads)
    model = translators.found(options.model)
    texts = heads.of(task).texts
    wanted = {(record["id"], name): text for record in records for name, text in fields.of(record, texts, task.labels)}
    about = {"search": vars(search), "libraries": translators.libraries()}
    identity = {"model": model.sha256, "to": options.to, **about}
    sources = sorted(set(wanted.values()))
    with _progress(task.name, len(resuming.pieces(sources))) as done:
        said = resuming.translated(
            root / "artifacts" / "translations" / "work", identity, sources, search.batch,
            lambda: translators.Translator(model, options.to, search), done,
        )  # fmt: skip
    told = f"machine-translated by {model.name} at {_short(model.at)}"
    by = {"told": told, "model": model.name, "at": model.at, "files": model.files, **about}
    return {key: said[text] for key, text in wanted.items()}, by


def _short(at: str) -> str:
    """A commit or hash, shortened for tables. The source record has it in full."""
    kind, _, digest = at.rpartition(" ")
    return f"{kind} {digest[:12]}…".strip()


@contextlib.contextmanager
def _progress(title: str, total: int):
    """Show progress through `total` pieces of text. The block gets a function that takes how many were just done."""
    from harness.system import progress

    if not sys.stderr.isatty():
        done, say = [0], progress.tenths(title)

        def more(n: int) -> None:
            done[0] += n
            say(done[0], total, f"{total:,} texts done")

        yield more
        return
    with progress.bar("MofNCompleteColumn", "texts,", "TimeRemainingColumn") as drawn:
        task = drawn.add_task(title, total=total)
        yield lambda n: drawn.update(task, advance=n)
