"""The shape of the project, held by reading its imports: one direction, few heavy modules, honest deps."""

import ast
import graphlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from harness.heads import HEADS
from harness.objectives import OBJECTIVES
from harness.pipeline import code, code_lists

ROOT = Path(__file__).resolve().parent.parent

# The rooms from the ground up, a line a floor: a module imports from lower floors, or from its own room.
FLOORS = [
    {"errors"},
    {"system", "task"},
    {"text", "metrics"},
    {"heads", "objectives"},
    {"privacy", "params"},
    {"artifacts"},
    {"statistics", "pipeline"},
    {"data", "report"},
    {"encoders", "plugins"},
    {"training"},
    {"tracking"},
    {"stages", "grid", "audit", "export"},
    {"commands"},
    {"cli"},
    {"__main__"},
    {"testing"},
]
TORCH_ROOMS = {"encoders", "training"}
# What objectives are made of; the objectives themselves are read with `params.yaml`, without torch.
TORCH_PACKAGES = ("harness.objectives.common.",)


def modules() -> dict[str, Path]:
    """Dotted name to file, for everything below harness/."""
    found = {}
    for path in sorted((ROOT / "harness").rglob("*.py")):
        parts = list(path.relative_to(ROOT).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        found[".".join(parts)] = path
    return found


MODULES = modules()


def imported(path: Path, *, only_at_start: bool = False, for_types: bool = True) -> set[str]:
    """Dotted names that a file imports, anywhere or only when it is itself imported; with those that only a type
    checker imports, or without."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if only_at_start or not for_types:
        tree.body = [node for node in tree.body if not code.is_for_types(node)]
    nodes = list(ast.walk(tree))
    if only_at_start:
        inside = {
            id(n)
            for f in nodes
            if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for n in ast.walk(f)
        }
        nodes = [node for node in nodes if id(node) not in inside]
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    if "importlib" in names and not only_at_start:
        # A module that is imported by its name stands in the text as that name.
        names |= {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return names


def first_party(path: Path, **options) -> set[str]:
    return {name for name in imported(path, **options) if name in MODULES and name != "harness"}


def room(name: str) -> str:
    return name.split(".")[1] if "." in name else "__main__"


def floor(name: str) -> int:
    return next(i for i, rooms in enumerate(FLOORS) if room(name) in rooms)


@pytest.mark.parametrize("name", [name for name in MODULES if name != "harness"])
def test_imports_go_down(name):
    for other in first_party(MODULES[name]):
        if room(other) == room(name):
            continue
        assert floor(other) < floor(name), f"{name} imports {other}"


def test_a_stranger_finds_fewer_than_25_rooms():
    rooms = {room(name) for name in MODULES} - {"__main__"}
    assert rooms == set().union(*FLOORS) - {"__main__"}
    # What only tests use is none of those through which a command goes.
    assert len(rooms - {"testing"}) < 25


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_no_packages_and_no_modules_import_each_other_in_a_circle(depth):
    """Names are cut after so many parts: rooms, rooms inside rooms, modules."""

    def cut(name: str) -> str:
        folder = name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]
        whole = depth == 4 or len(folder.split(".")) < depth
        return ".".join(name.split(".")[:depth]) if not whole else name

    imports: dict[str, set[str]] = {}
    for name, path in MODULES.items():
        imports.setdefault(cut(name), set()).update({cut(other) for other in first_party(path)} - {cut(name)})
    circle: list[str] = []
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as error:
        circle = error.args[1]
    assert not circle, " imports ".join(reversed(circle))


def test_stages_never_import_one_another():
    for name, path in MODULES.items():
        if name.startswith("harness.stages."):
            assert not {other for other in first_party(path) if other.startswith("harness.stages.")}, name


# "tokens" and "pair" are also columns and amounts, "span" and "dynamic" are other things too: alone they name a head or
# an objective where one is asked.
@pytest.mark.parametrize(
    ("own", "known", "asked"),
    [("heads", HEADS, ("head",)), ("objectives", OBJECTIVES, ("recipe", "objective"))],
    ids=["heads", "objectives"],
)
def test_what_depends_on_an_object_is_asked_of_it(own, known, asked):
    """No comparison with a head's or an objective's name, and no dictionary keyed by them, outside its room."""
    for name, path in MODULES.items():
        if room(name) == own:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            parts = ()
            if isinstance(node, ast.Compare):
                parts = [node.left, *node.comparators]
            elif isinstance(node, ast.Dict):
                parts = [key for key in node.keys if key]
            elif isinstance(node, ast.MatchValue):
                parts = [node.value]
            constants = (c.value for part in parts for c in ast.walk(part) if isinstance(c, ast.Constant))
            named = known.keys() & set(constants)
            several = isinstance(node, ast.Dict) and len(named) > 1
            about = several or any(word in ast.unparse(part) for part in parts for word in asked)
            assert not (named and about), f"{name}, line {node.lineno}: ask one of harness/{own}/"


def test_only_tracking_knows_mlflow():
    knowing = {name for name, path in MODULES.items() if any(n.split(".")[0] == "mlflow" for n in imported(path))}
    assert knowing == {"harness.tracking.backend"}


def test_torch_and_transformers_live_in_few_rooms():
    for name, path in MODULES.items():
        heavy = {n.split(".")[0] for n in imported(path, only_at_start=True)} & {"torch", "transformers"}
        assert not heavy or room(name) in TORCH_ROOMS or name.startswith(TORCH_PACKAGES), (
            f"{name} imports {heavy} when it is loaded"
        )


def test_task_files_know_only_the_contract():
    allowed = {"harness.task", "harness.data", *code_lists.FOR_TASKS}
    for path in sorted((ROOT / "tasks").glob("*.py")):
        assert first_party(path) <= allowed, path.name
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= 120, f"{path.name} has {lines} lines; a task is a declaration"


def closure(stage: str) -> set[str]:
    """Modules that a stage imports, directly or through others, but what is written for a reader alone; `validate` also
    runs the readers, and which of them a task that is added tomorrow takes must not need a line in dvc.yaml."""
    seen, waiting = set(), [f"harness.stages.{stage}"]
    if stage == "validate":
        waiting += sorted(code_lists.FOR_TASKS)
    while waiting:
        name = waiting.pop()
        if name in seen or name in code.PAGES:
            continue
        seen.add(name)
        # Importing a module runs its packages' __init__ too; one that finds its files computes nothing by that.
        parents = {".".join(name.split(".")[:i]) for i in range(2, name.count(".") + 1)}
        parents -= {other for other in parents if "harness.system.members" in imported(MODULES[other])}
        # What a method of a head imports counts where the stage calls that method: no plain walk says so.
        waiting += [
            other
            for other in first_party(MODULES[name], only_at_start=room(name) == "heads", for_types=False) | parents
            if other in MODULES
        ]
        if MODULES[name].name == "__init__.py" and "harness.system.members" in imported(MODULES[name]):
            waiting += [other for other, path in MODULES.items() if path.parent == MODULES[name].parent]
    return seen


def pipeline() -> dict:
    return YAML(typ="safe", pure=True).load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


def test_each_stage_depends_on_the_list_of_its_code_and_the_lists_are_those_of_the_code():
    """A code file that DVC looked at itself would make a stage stale by a comment."""
    assert sorted(name.replace("-", "_") for name in pipeline()) == code_lists.stages()
    for name, stage in pipeline().items():
        deps = stage.get("do", stage)["deps"]
        listed = [dep for dep in deps if dep.split("/")[0] in ("harness", "tasks", code_lists.LISTS)]
        matrix = "matrix" in stage
        item = "${item.task}" if matrix else "${item}"
        of_item = code_lists.of_stage(name.replace("-", "_"), item, item)
        wanted = of_item if "do" in stage or matrix else of_item[:1]
        if name in ("report", "track"):
            # Both say of each number which code it was made by, that of the splits for one.
            wanted = [code_lists.LISTS]
        assert sorted(listed) == sorted(path for path in wanted if "None" not in path), name
    assert code_lists.outdated(ROOT) == [], "run `harness pipeline`"


HEAVY = (
    "torch",
    "transformers",
    "mlflow",
    "pandas",
    "dvc",
    "datasets",
    "sklearn",
    "pandera",
    "pydantic",
    "numpy",
    "matplotlib",
    "submitit",
)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["tasks"], ["profile", "list"], ["finetune", "--help"], ["grid", "--help"]], ids=" ".join
)
def test_light_commands_load_nothing_heavy(arguments):
    program = (
        "import sys; from harness.cli import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        f"print('LOADED', sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "LOADED []" in result.stderr


def test_no_module_grows_past_what_one_can_read_at_a_sitting():
    for name, path in MODULES.items():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= 400, f"{name} has {lines} lines"


def test_every_module_says_what_it_is_for():
    for name, path in MODULES.items():
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), name


def test_nothing_reads_a_clock_or_a_host_on_the_way_to_an_output():
    """Only tracking may know when and where (its store is local and rebuilt, never an output), the guard against
    connections who this machine is, to let it find itself, and scratch copies whose they are while they last."""
    forbidden = re.compile(r"\b(time\.time|datetime\.now|gethostname|getuser|uuid4|platform\.node)\b")
    for name, path in MODULES.items():
        if name not in ("harness.tracking.backend", "harness.system.offline", "harness.system.scratch"):
            assert not forbidden.search(path.read_text(encoding="utf-8")), name
