"""A hospital in miniature: every field of every data set holds a canary, and nothing else of it may sing.

`build` makes a repository and, beside it, the site's files; `run` calls commands there, one process for all of
them and, where the machine allows it, without any network interface; `sightings` searches every byte that was
written where no data belong.
"""

import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.params import profiles
from harness.testing.parameters import changing

CANARY = b"qzxcan"
NUMBER = b"774109338"  # the canary of fields that hold numbers
TASKS = ("medmcqa", "medmqp", "nor_deid", "aismec", "synergi", "notes")
FILES = {
    "medmcqa": "test.jsonl",
    "medmqp": "mqp.csv",
    "nor_deid": "",
    "aismec": "calls.jsonl",
    "synergi": "incidents.jsonl",
    "notes": "",
}
STAGES = (
    *(["validate", task] for task in TASKS), *(["split", task] for task in TASKS), ["corpus"],
    ["checkpoint", "norbert3"], ["pretrain", "norbert3"], *(["finetune", task, "norbert3"] for task in TASKS),
    *(["linear", task] for task in TASKS), *(["score", task] for task in TASKS), ["report"], ["track"],
)  # fmt: skip
# Where data belong, and what stays inside with them.
INSIDE = ("data", "artifacts", ".dvc/cache")
ROWS = 120  # so that every part has the five rows of each label, and the groups, that figures need
_SYLLABLES = [c + v for c in "bdfghjklmnprstv" for v in "aeiouyæøå"]
_DRIVER = """
import json, pathlib, shutil, sys
from harness import cli
commands, go_on = json.loads(sys.argv[1]), sys.argv[2:] == ["go on"]
codes = []
for arguments in commands:
    if arguments[0] == "put":
        target = pathlib.Path(arguments[2])
        shutil.rmtree(target, ignore_errors=True) if target.is_dir() else target.unlink(missing_ok=True)
        (shutil.copytree if pathlib.Path(arguments[1]).is_dir() else shutil.copyfile)(arguments[1], target)
        continue
    print("$ harness", *arguments, flush=True)
    print("$ harness", *arguments, file=sys.stderr, flush=True)
    try:
        codes.append(cli.main(arguments))
    except Exception as error:
        sys.excepthook(type(error), error, error.__traceback__)
        codes.append(1)
    print("=", codes[-1], flush=True)
    if codes[-1] and not go_on:
        break
sys.exit(max(codes))
"""


class Writer:
    """Texts of random words, each with a canary of its own."""

    def __init__(self, seed: int):
        self._random, self._count = random.Random(seed), 0

    def words(self, n: int) -> str:
        return " ".join("".join(self._random.choices(_SYLLABLES, k=self._random.randint(2, 4))) for _ in range(n))

    def canary(self, field: str) -> str:
        self._count += 1
        return f"Qzxcan{field}{self._count}"

    def text(self, field: str) -> str:
        return f"{self.words(6)} og {self.canary(field)} til {self.words(6)}."


def contents(seed: int = 1) -> dict[str, dict[str, str]]:
    """File contents by task and file name, in the formats of the originals."""
    w = Writer(seed)
    mcqa, calls, incidents = [], [], []
    for i in range(ROWS):
        options = {letter: w.canary("option") for letter in "ABCD"}
        right = "ABCD"[i % 4]
        mcqa.append(
            {"realidx": w.canary("id"), "question": w.text("question"), "options": options, "answer_idx": right}
            | {"answer": options[right]}
        )
        standard = ("bokmål", "nynorsk")[i % 2]
        calls.append(
            {"call_id": w.canary("id"), "caller_id": w.canary("group"), "transcript": w.text("transcript")}
            | {"outcome": ("other", "stroke")[i % 2], "written_standard": standard}
        )
        incidents.append(
            {"report_id": w.canary("id"), "incident_id": w.canary("group"), "text": w.text("text")}
            | {"category": _incident(i), "unit_type": w.canary("unit"), "written_standard": standard}
        )
    pairs = []
    for _ in range(ROWS // 2):
        first, doctor = w.text("question"), w.canary("doctor")
        pairs += [[doctor, first, w.text("question"), "1"], [doctor, first, w.text("question"), "0"]]
    return {
        "medmcqa": {"test.jsonl": _lines(mcqa)},
        "medmqp": {"mqp.csv": "".join(",".join(f'"{cell}"' for cell in row) + "\r\n" for row in pairs)},
        "nor_deid": {name: _deid(w, n) for name, n in (("training", ROWS), ("validation", 6), ("holdout", 6))},
        "aismec": {"calls.jsonl": _lines(calls)},
        "synergi": {"incidents.jsonl": _lines(incidents)},
        "notes": {f"{w.canary('file')}.txt": _note(w) for _ in range(ROWS)},
        "corpus": {name: _lines(_documents(w)) for name in ("general.jsonl", "clinical.jsonl")},
    }


def _incident(i: int) -> str:
    labels = ("fall", "medication", "equipment", "infection", "documentation", "treatment_delay", "behaviour")
    return (*labels, "identification")[i % 8]


def _deid(w: Writer, n: int) -> str:
    documents = [
        f"Han heter <First_Name>{w.canary('Navn')}</First_Name> og var på "
        f"<Health_Care_Unit>{w.canary('Enhet')}</Health_Care_Unit> den <Date>{NUMBER.decode()}</Date>. {w.text('body')}"
        for _ in range(n)
    ]
    scenarios = [{"noteType": w.canary("type"), "name": w.canary("scenario")} for _ in range(n)]
    prompts = [w.text("prompt") for _ in range(n)]
    content = {"scenarios": scenarios, "prompts": prompts, "results": documents, "cleaned_results": documents}
    return json.dumps(content, ensure_ascii=False)


def _note(w: Writer) -> str:
    return f"<Name>{w.canary('Navn')}</Name> bor i <Place>{w.canary('Sted')}</Place>. {w.text('body')}\n"


def _documents(w: Writer) -> list[dict]:
    return [
        {"id": w.canary("id"), "document_type": w.canary("type"), "written_standard": "bokmål"}
        | {"date": NUMBER.decode(), "text": "\n".join(w.text("corpus") for _ in range(4))}
        for _ in range(80)
    ]


def _lines(rows: Iterable[dict]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def build(repository: Path, base: Path) -> Path:
    """A repository at `base/site`, and the site's own files at `base/qzxcangiven/TASK/`; nothing has run yet."""
    site, given = base / "site", base / "qzxcangiven"
    for name in (
        "harness",
        "pipeline",
        "tasks",
        ".dvc/config",
        "dvc.yaml",
        ".dvcignore",
        ".gitignore",
        "constraints.txt",
    ):
        source, target = repository / name, site / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    (site / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n", encoding="utf-8")
    (site / "data.dvc").write_text("deps:\n- path: artifacts/generated\nouts:\n- path: data\n", encoding="utf-8")
    _parameters(site)
    for task, files in contents().items():
        for name, text in files.items():
            path = given / task / (name if "." in name else f"{name}.json")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8"))
    shutil.copytree(given / "corpus", site / "data" / "corpus")
    record(site / "data" / "corpus")
    subprocess.run(["git", "init", "-q"], cwd=site, check=True)
    call(site, [["new-task", "notes", "--head", "tokens", "--format", "tags"]])
    shutil.rmtree(site / "data" / "notes")
    return site


def record(folder: Path) -> None:
    """The source record of a folder of restricted data."""
    files = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name != "source.json"
    }
    keys = ("address", "revision", "licence", "language", "citation", "note")
    content = dict.fromkeys(keys, "") | {"kind": "restricted", "files": files, "note": "Qzxcannote"}
    (folder / "source.json").write_text(json.dumps(content), encoding="utf-8")


def _parameters(site: Path) -> None:
    with changing(site, profiles.text("embedded")) as params:
        params["run"].update(profile="site", tasks=list(TASKS), families=["norbert3"], seeds=[1, 2])
        # Several commands share a process, so torch is there before the second one prepares its environment.
        params["engine"]["reproducible"] = "fast"
        params["robustness"]["kinds"] = ["misspelled", "lower_case"]
        params["corpus"]["training_texts_of"] = ["aismec", "nor_deid"]
        family = params["families"]["norbert3"]
        family["encoder"].update(hidden=32, intermediate=64, vocabulary=1000)
        family["control"] = False
        for phase in ("general", "adaptation"):
            family[phase].update(steps=4)
        params["tasks"]["notes"] = dict(params["tasks"]["nor_deid"])
        for recipe in params["tasks"].values():
            recipe.update(steps=4, evaluate_every=2)


def placing(site: Path, tasks: Iterable[str] = ("notes", "aismec")) -> list[list[str]]:
    """The commands that put the site's files in place: of the other tasks by hand, which is as good and faster."""
    given = site.parent / "qzxcangiven"
    for task in set(TASKS) - set(tasks):
        shutil.copytree(given / task, site / "data" / task)
        record(site / "data" / task)
    return [["data", "use", task, str(given / task / FILES[task]), "--note", "Qzxcannote"] for task in tasks]


def call(
    site: Path, commands: Sequence[Sequence[str]], go_on: bool = False, **environment: str
) -> subprocess.CompletedProcess:
    """Run `harness` commands in one process, until one fails or, where it is to `go_on`, all of them.

    `put A B` is a command, too: the file or folder A takes the place of B. All that is said is kept beside the site.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    temporary = site.parent / "tmp"
    temporary.mkdir(exist_ok=True)
    inherited = {key: value for key, value in os.environ.items() if key not in ("HARNESS_OFFLINE", "HF_HUB_OFFLINE")}
    environment = {**inherited, "PATH": path, "PYTHONPATH": str(site), "TMPDIR": str(temporary)} | environment
    command = [*isolation(), sys.executable, "-c", _DRIVER, json.dumps([list(c) for c in commands])]
    command += ["go on"] * go_on
    done = subprocess.run(command, cwd=site, env=environment, capture_output=True, text=True)
    with open(site.parent / "output.txt", "a", encoding="utf-8") as handle:
        # The first line is the command that was typed, which may name the user's files.
        typed = re.compile(r"^\$ harness data use .*$", re.MULTILINE)
        handle.write(typed.sub("$ harness data use", done.stdout + done.stderr))
    return done


def isolation() -> list[str]:
    """What puts a command into a network namespace without any interface; nothing where that is not allowed."""
    tried = subprocess.run(["unshare", "-rn", "true"], capture_output=True) if shutil.which("unshare") else None
    return ["unshare", "-rn"] if tried and tried.returncode == 0 else []


def sightings(site: Path) -> dict[str, list[str]]:
    """Canaries by file, over everything written by the commands but what is INSIDE."""
    found = {}
    places = [site, site.parent / "tmp", site.parent / "output.txt"]
    for path in (file for place in places for file in ([place] if place.is_file() else place.rglob("*"))):
        relative = path.relative_to(site) if path.is_relative_to(site) else path
        if any(relative.is_relative_to(inside) for inside in INSIDE):
            continue
        seen = set(_in(os.fsencode(str(path.relative_to(site.parent)))))
        if path.is_file() and not path.is_symlink():
            seen |= set(_in(path.read_bytes()))
        if seen:
            found[str(relative)] = sorted(seen)
    return found


def _in(content: bytes) -> list[str]:
    pattern = re.compile(rb"(?:%s\w*|%s)" % (CANARY, NUMBER), re.IGNORECASE)
    return [match.decode("utf-8", "replace") for match in pattern.findall(content)]
