"""Disclosure: what a report of restricted data may say, over every file it writes."""

import csv
import io
import json

import fakes
import pytest

from harness import files
from harness.errors import DataError
from harness.evaluation.suppression import MINIMUM
from harness.reporting import disclosed_cards, results
from harness.stages import report

TASKS, FAMILIES, SEEDS = ("aismec", "synergi", "nor_deid"), ("nb_bert", "norbert3"), (1, 2)


def small(n):
    return n is not None and 0 < n < MINIMUM


def make(root, kind):
    fakes.build(root, TASKS, FAMILIES, SEEDS, kind=kind, rows=30)
    card = root / "artifacts" / "corpus" / "card.json"
    files.write_json(card, files.read_json(card))
    fakes.score(root, TASKS, FAMILIES, SEEDS)
    report.run(root, fakes.settings(TASKS, FAMILIES, SEEDS), fakes.TASKS)
    return root


@pytest.fixture(scope="module")
def restricted(tmp_path_factory):
    return make(tmp_path_factory.mktemp("restricted"), "restricted")


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    return make(tmp_path_factory.mktemp("synthetic"), "synthetic")


def loaded(root):
    found = results.load(root, fakes.settings(TASKS, FAMILIES, SEEDS).run, fakes.TASKS)
    return {c.task: c for c in found if c.family == "nb_bert"}


def test_no_small_cell_of_a_matrix_and_nothing_it_follows_from(restricted, synthetic):
    whole, kept = loaded(synthetic)["synergi"], loaded(restricted)["synergi"]
    assert any(small(n) for row in whole.summed_matrix("clinical") for n in row), "there is something to hide"
    for (arm, seed, part), matrix in kept.matrices.items():
        for i, row in enumerate(matrix):
            assert not any(map(small, row))
            if row[i] is None:
                shown = kept.tables[arm, seed, part][i]
                assert shown["recall"] is shown["precision"] is shown["f1"] is None
    assert kept.values.keys() == whole.values.keys(), "scores of the whole test set stay"


def test_of_two_labels_only_the_primary_score_is_left_where_the_matrix_is_hidden(restricted, synthetic):
    whole, kept = loaded(synthetic)["aismec"], loaded(restricted)["aismec"]
    assert any(small(n) for row in whole.matrices["clinical", 1, "test"] for n in row)
    assert kept.metrics == ("binary_f1",) and "sensitivity" in whole.metrics
    assert all(row["support"] is None for row in kept.tables["clinical", 1, "test"]) and not kept.constants_shown
    assert kept.floor == whole.floor, "the verdict still knows what a constant answer scores"
    written = {row["metric"] for row in read_csv(restricted) if row["task"] == "aismec"}
    assert written == {"binary_f1"}


def read_csv(root):
    return list(csv.DictReader(io.StringIO((root / "reports" / "results.csv").read_text())))


def test_counts_of_leaking_documents_are_no_small_ones(restricted):
    c = loaded(restricted)["nor_deid"]
    for run in c.privacy:
        assert not small(run["leaking"]) and not small(run["documents"])
        for row in run["by_label"]:
            if "documents" in row:
                assert not small(round(row["document_leak_rate"] * row["documents"]))


def tables(root):
    """Every whole number in a cell of the page's tables on restricted data, with its table's caption."""
    from html.parser import HTMLParser

    found, state = [], {"in": None, "caption": ""}

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            state["in"] = tag if tag in ("caption", "td") else state["in"]
            if tag == "caption":
                state["caption"] = ""

        def handle_data(self, data):
            if state["in"] == "caption":
                state["caption"] += data
            elif state["in"] == "td" and data.strip().isdigit():
                found.append((state["caption"], int(data)))

        def handle_endtag(self, tag):
            state["in"] = None if tag in ("caption", "td") else state["in"]

    Reader().feed((root / "reports" / "index.html").read_text())
    return found


# Numbers of tables that count settings, not rows or people.
OTHER = ("checklist", "Fine-tuning", "recipe", "Verdict", "Training")


def test_no_count_under_five_stands_in_the_page(restricted, synthetic):
    def counted(root):
        return [(c, n) for c, n in tables(root) if small(n) and not any(word in c for word in OTHER)]

    assert counted(synthetic), "there is something to hide"
    assert not counted(restricted)


def test_other_data_are_shown_whole(synthetic):
    c = loaded(synthetic)["synergi"]
    assert c.constants_shown and None not in c.summed_matrix("clinical")[0]


@pytest.mark.parametrize("part", ["test", "validation"])
def test_a_set_too_small_for_any_figure_is_refused(restricted, tmp_path, part):
    scores = files.read_json(restricted / "artifacts" / "scores" / "synergi" / "nb_bert.json")
    scores["n"][part] = 3
    with pytest.raises(DataError, match=f"the {part} part has fewer than 5 rows") as caught:
        from harness.reporting.disclosure import disclosed

        disclosed([results.read(scores, "t", SEEDS)])
    assert "run.tasks" in caught.value.remedy


CARD = {"kind": "restricted", "rows_in": 53, "rows": 50, "dropped": {"a": 2, "b": 1}, "repaired": {"x": 3, "y": 30},
        "labels": {"p": 46, "q": 4}, "parts": {"pool": 50, "holdout": 0}}  # fmt: skip


def test_rows_read_are_hidden_where_they_tell_how_many_were_dropped():
    made = disclosed_cards.data(CARD)
    assert made["rows_in"] is None and made["rows"] == 50 and set(made["dropped"].values()) == {None}
    assert made["repaired"] == {"x": None, "y": 30} and set(made["labels"].values()) == {None}
    many = disclosed_cards.data(CARD | {"rows_in": 90, "dropped": {"a": 2, "b": 8, "c": 30}})
    assert many["rows_in"] == 90 and many["dropped"] == {"a": None, "b": None, "c": 30}


def test_a_small_part_takes_no_scored_part_with_it():
    rows = {"train": 80, "validation": 12, "test": 9, "excluded": 2}
    found = {
        "splits": {part: {"rows": n, "groups": n, "labels": {"p": 1}} for part, n in rows.items()},
        "largest_group": 3, "excluded": 2, "near_duplicate_links": 7,
        "checks": [{"check": "c", "count": 4, "ids": ["r1"], "level": "note"}],
    }  # fmt: skip
    made = disclosed_cards.split(found)
    assert {part: made["splits"][part]["rows"] for part in rows} == {
        "train": 80, "validation": None, "test": 9, "excluded": None,
    }  # fmt: skip
    assert made["largest_group"] is None and made["excluded"] is None and made["near_duplicate_links"] == 7
    assert made["checks"][0]["count"] is None and "r1" not in json.dumps(made)


def test_types_of_few_documents_are_gone_from_a_checkpoint_s_card():
    types = {"note": 400, "letter": 9, "verdict": 3}
    measured = {"loss": 2.0, "by_document_type": {kind: {"loss": 1.0, "tokens": 9} for kind in types}}
    card = {
        "corpus": {"clinical": {"document_types": types, "written_standards": {}, "documents": 412}},
        "held_out": {"after": {"clinical": measured}, "during": [{"step": 5, "clinical": measured}]},
    }
    made = disclosed_cards.checkpoint(card)
    assert made["corpus"]["clinical"]["document_types"] == {"note": 400, "letter": None, "verdict": None}
    assert list(made["held_out"]["after"]["clinical"]["by_document_type"]) == ["note"]
    (moment,) = made["held_out"]["during"]
    assert moment["step"] == 5 and list(moment["clinical"]["by_document_type"]) == ["note"]
    assert disclosed_cards.checkpoint({"arm": "clinical"}) == {"arm": "clinical"}
