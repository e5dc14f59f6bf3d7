"""README, CONTRIBUTING and docs/: short enough, every link leads somewhere, every command is one."""

import contextlib
import csv
import re
import shlex
from pathlib import Path

import pytest

from harness import cli
from harness.metrics.decided.rows import Decisions
from harness.plugins import examples

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\((?!https?://)([^)#]+)")
FENCE = re.compile(r"```[a-z]*\n(.*?)```", re.DOTALL)
MADE_HERE = re.compile(r"`((?:harness|tests|docs|benchmarks|pipeline)/[\w./-]*\w\.\w+)(?:::\w+)?`")


def ids(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_readme_is_read_in_five_minutes():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 700


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_links_and_files_that_are_named_are_there(page):
    text = page.read_text(encoding="utf-8")
    missing = [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    missing += [name for name in MADE_HERE.findall(text) if not (ROOT / name).exists()]
    assert not missing


def test_every_page_is_linked_from_the_readme():
    linked = {(ROOT / link).resolve() for link in LINK.findall((ROOT / "README.md").read_text(encoding="utf-8"))}
    assert set(PAGES[1:]) <= linked


def test_the_figures_of_the_readme_are_those_of_the_pages_and_reports():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    measured = (ROOT / "docs" / "real-data.md").read_text(encoding="utf-8")
    table = text.split("## The result so far")[1].split("## Quick start")[0]
    figures = [figure for row in table.splitlines() if row.startswith("|") for figure in re.findall(r"\d+\.\d", row)]
    assert len(figures) > 15 and all(figure in measured for figure in figures)
    with open(ROOT / "reports" / "readings.csv", encoding="utf-8", newline="") as content:
        rows = [r for r in csv.DictReader(content) if (r["arm"], r["against"]) == ("clinical", "control")]
    gains = [100 * float(row["delta"]) for row in rows if row["decided_by"] == "clinical"]
    (said,) = re.findall(r"the clinical arm gains (\d+) points over the control", text.replace("\n", " "))
    assert int(said) == round(sum(gains) / len(gains))


def commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for block in FENCE.findall(page.read_text(encoding="utf-8")):
            lines = (line.partition("#")[0].strip() for line in block.splitlines())
            found += [(ids(page), line) for line in lines if line.startswith("harness ")]
    return found


@pytest.mark.parametrize(("page", "command"), commands())
def test_commands_are_those_of_the_parser(page, command, capsys):
    parsed = None
    with contextlib.suppress(SystemExit):
        parsed = cli._parser().parse_args(shlex.split(command)[1:])
    assert parsed is not None, f"{page}: {capsys.readouterr().err}"


def test_the_parts_that_a_page_adds_are_parts():
    page = (ROOT / "docs" / "add-a-part.md").read_text(encoding="utf-8")
    made: dict = {}
    for block in re.findall(r'```python\n(""".*?)```', page, re.DOTALL):
        exec(block, made)
    rows = Decisions(("no", "yes"), ("no", "no", "yes", "yes", "yes", "yes"), ("no", "yes", "yes", "yes", "yes", "no"))
    assert made["youden_j"](rows) == 3 / 4 + 1 / 2 - 1
    head = made["titled"]
    record = head.sample(examples.Words("Kari", "Bergen", "hoste", "reiste hjem"), 1, head.template.labels)
    assert {*record} == {*head.texts, head.answer} and head.labels_of(record) == ["yes"]
    assert made["mlm_30"].published["mask_rate"] == 0.3 and made["mlm_30"].trains("bert")
