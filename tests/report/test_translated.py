"""What a report says of a set that is a translation: in every table that has its rows, and nothing where none is."""

import csv
import io
import json

import fakes
import pytest

from harness.artifacts import validated
from harness.report.disclosure import loading
from harness.report.model import judging
from harness.report.model.document import Details, Table
from harness.report.render import tables
from harness.report.text import content, formats
from harness.stages import report as stage

TOLD = "machine-translated by owner/model at 0123456789ab…"
TASKS = ("medmqp", "synergi")
CHECKS = {"empty translation": 2, "negation lost": 7}


def translated(root) -> None:
    place = validated.folder_of(root, "medmqp") / "card.json"
    card = json.loads(place.read_text())
    card["source"]["translation"] = {"of": "x", "to": "nb", "told": TOLD, "checks": CHECKS}
    card["dropped"] = {"empty translation": 2}
    place.write_text(json.dumps(card))


def made(root):
    settings = fakes.settings(TASKS, ("nb_bert",))
    comparisons = loading.load(root, settings.run, fakes.TASKS)
    summaries = judging.summaries(comparisons, settings.statistics)
    judgements = judging.judged(comparisons, settings.statistics)
    known = stage.read_background(root, settings)
    read = judging.judged_readings(comparisons, settings.statistics)
    text = content.report(comparisons, known, "lab", summaries, judgements, read, settings.statistics)
    csvs = {
        "results": tables.results_csv(comparisons),
        "comparison": tables.comparison_csv(comparisons, judgements),
        "linear": tables.simple_baselines_csv(comparisons),
        "summary": tables.summary_csv(summaries),
        "readings": tables.readings_csv(comparisons, read),
        "robustness": tables.robustness_csv(comparisons),
    }
    return text, {name: list(csv.DictReader(io.StringIO(one))) for name, one in csvs.items()}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("translated")
    fakes.build(root, TASKS, ("nb_bert",), kind="public")
    fakes.score(root, TASKS, ("nb_bert",))
    return root


@pytest.fixture(scope="module")
def both(root):
    before = made(root)
    translated(root)
    return before, made(root)


def blocks(found):
    for block in found:
        if isinstance(block, Details):
            yield from blocks(block.blocks)
        elif isinstance(block, Table):
            yield block


def tables_of(report):
    return [table for section in (*report.sections, *report.appendix) for table in blocks(section.blocks)]


def test_every_table_with_rows_of_a_translated_task_says_so(both):
    _, (report, _) = both
    about = [table for table in tables_of(report) if "`medmqp`" in table.caption + str(table.rows)]
    assert len(about) > 5
    assert [table.caption for table in about if TOLD not in table.caption] == []
    joint = [table for table in tables_of(report) if table.caption.startswith("Mean difference")]
    assert joint and all(f"`medmqp` {TOLD}" in table.caption for table in joint)
    assert TOLD in report.notice
    only = [table for table in about if table.caption.startswith("Medical question pairs")]
    assert only and all(f"public data, {TOLD}" in table.caption for table in only)
    rest = [t for t in tables_of(report) if "`synergi`" in t.caption and "`medmqp`" not in t.caption + str(t.rows)]
    assert rest and not any(TOLD in table.caption for table in rest)


def test_the_checks_of_a_translation_stand_in_a_table(both):
    _, (report, _) = both
    (checks,) = [table for table in tables_of(report) if table.caption.startswith("Items in which rules")]
    assert [row[1:] for row in checks.rows] == [
        ("empty translation", "dropped", "2"),
        ("negation lost", "counted", "7"),
    ]


def test_the_csvs_have_a_column_for_it_where_something_is_translated(both):
    (_, before), (_, after) = both
    for name, rows in after.items():
        assert all("translation" not in row for row in before[name]), name
        for row in rows:
            said = {"medmqp": TOLD, "synergi": ""}.get(row.get("task"), f"medmqp: {TOLD}")
            assert row["translation"] == said and row["data_kind"] == "public", name
    assert all(after[name] for name in ("results", "comparison", "linear", "summary"))


def test_nothing_is_said_where_nothing_is_translated(both):
    (report, _), _ = both
    assert "translat" not in tables.markdown(report)


def test_two_translations_are_named():
    pairs = [("a", "by X"), ("b", "by X"), ("c", "by Y"), ("d", "")]
    assert formats.translations(pairs) == "; `a` and `b` by X; `c` by Y"
    assert formats.translations(pairs[:1]) == ", by X" and formats.translations(pairs[3:]) == ""
