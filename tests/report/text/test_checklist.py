"""The checklists: complete, honest about what only people know, and answered from what was run."""

import dataclasses

import fakes
import pytest

from harness.report.disclosure import loading
from harness.report.text import checklist
from harness.stages import report as stage


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    tasks = ("nor_deid", "aismec")
    root = fakes.build(tmp_path_factory.mktemp("grid"), tasks, ("nb_bert",))
    fakes.score(root, tasks, ("nb_bert",))
    settings = fakes.settings(tasks, ("nb_bert",))
    return loading.load(root, settings.run, fakes.TASKS), stage.read_background(root, settings), settings.statistics


def answers(items):
    return {(part, item): answer for part, item, answer in items}


def test_reforms_has_its_32_items_in_eight_modules(given):
    items = checklist.reforms(checklist.gather(*given))
    assert len(items) == len(answers(items)) == 32 and len({part for part, _, _ in items}) == 8


def test_what_only_people_know_is_not_provided(given):
    facts = checklist.gather(*given)
    reforms, tripod = answers(checklist.reforms(facts)), answers(checklist.tripod_llm(facts))
    assert reforms["Study goals", "population the claim is about"] == checklist.NOT_PROVIDED
    for item in ("ethics approval and consent", "funding", "conflicts of interest"):
        assert tripod["Ethics and openness", item] == checklist.NOT_PROVIDED
    assert all(answers(checklist.tripod_llm(facts)).values())


def test_answers_come_from_the_run(given):
    comparisons, known, statistics = given
    facts = checklist.gather(comparisons, known, statistics)
    assert "`nor_deid` 135" in facts.rows and "nor_deid" in facts.holdout and "nothing found" in facts.leakage
    assert "all 2 comparisons" in facts.tests and "± 2 points" in facts.tests and "6 rows dropped" in facts.dropped
    alone = checklist.gather(comparisons[1:], known, statistics)
    assert alone.holdout == checklist.NOT_PROVIDED
    leaky = {task: card | {"checks": [{"check": "x", "level": "warning", "count": 3}]} for task, card in
             known.leakage.items()}  # fmt: skip
    warned = checklist.gather(comparisons, dataclasses.replace(known, leakage=leaky, corpus={}), statistics)
    assert "2 warnings" in warned.leakage and warned.overlap == checklist.NOT_PROVIDED
