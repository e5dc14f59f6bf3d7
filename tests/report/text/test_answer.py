"""What stands first in the report: the answer for each family, how sure it is, and what it is about."""

from dataclasses import replace

import pytest

from harness.metrics import METRICS
from harness.params.config import Statistics
from harness.report.model.judging import Summary
from harness.report.text import answer
from harness.statistics.families import Joint
from harness.statistics.paired import Estimate
from harness.statistics.verdicts import Judgement

STATISTICS = Statistics(0.95, 0.02, "control")


def summary(family="nb_bert", against="control", verdict="better", primary=True, replicates=1, **known) -> Summary:
    fields = dict.fromkeys(Estimate.__dataclass_fields__) | {
        "delta": 0.123, "ci_low": 0.08, "ci_high": 0.166, "se": 0.02, "df": 9.0, "mde": 0.06, "n_seeds": 5,
        "n_replicates": replicates,
    }  # fmt: skip
    joint = Joint(Estimate(**fields | known), METRICS["macro_f1"], (0, 1), 0.998)
    judged = Judgement(0.01, verdict, mde_holm=0.08)
    return Summary(family, against, primary, ("aismec", "synergi"), (), ("public",), joint, judged)


def test_the_first_sentence_says_what_was_found_with_whom_and_how_sure():
    found = answer.sentence([summary(), summary("norbert3"), summary(against="baseline", primary=False)], 0.95)
    assert found == (
        "In the mean over tasks, pre-training on clinical text is better than the same amount on general text with "
        "NB-BERT (+12.3 points, 95 % interval +8.0 to +16.6) and NorBERT3 (+12.3 points, 95 % interval +8.0 to +16.6). "
        + answer.ONCE
    )


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("worse", "is worse than the same amount on general text with NB-BERT"),
        ("equivalent", "differ by less than what was declared to matter"),
        ("inconclusive", "it is open whether pre-training on clinical text is better than the same"),
    ],
)
def test_other_answers_are_said_as_plainly(verdict, said):
    assert said in answer.sentence([summary(verdict=verdict)], 0.95)


def test_several_answers_are_parts_of_one_sentence_and_a_family_without_a_control_asks_about_its_baseline():
    mixed = [summary(), summary("norbert3", "baseline", "inconclusive", delta=-0.001, ci_low=-0.05, ci_high=0.048)]
    found = answer.sentence(mixed, 0.95)
    assert "; it is open whether pre-training on clinical text is better than no further pre-training" in found
    assert "with NorBERT3 (−0.1 points" in found
    nothing = summary(verdict="inconclusive", delta=None)
    assert "NB-BERT (nothing that could be compared)" in answer.sentence([nothing], 0.95)
    one_seed = summary(verdict="inconclusive", ci_low=None, ci_high=None)
    assert "NB-BERT (+12.3 points, no interval)" in answer.sentence([one_seed], 0.95)


def test_what_was_pre_trained_several_times_is_about_the_procedure():
    several = summary(replicates=3)
    assert answer.ONCE not in answer.sentence([several], 0.95)
    table, notes = answer.blocks([several], STATISTICS, {})
    assert table.rows[0][2] == "▲\u00a0better (procedure)" and "pre-trained 3 times with other seeds" in notes.text
    once = answer.blocks([summary()], STATISTICS, {})
    assert once[0].rows[0][2] == "▲\u00a0better (checkpoints)" and "pre-trained once" in once[1].text


def test_ends_of_one_training_are_said_to_give_a_lower_bound_and_only_where_a_card_says_so():
    several = [summary(replicates=3), summary("norbert3", replicates=3)]
    cards = {("nb_bert", "clinical"): {}, ("nb_bert", "clinical-2"): {"branched": {"share": 0.75, "seed": 2}}}
    notes = answer.blocks(several, STATISTICS, cards)[1].text
    assert "they share the first 75 % (NB-BERT), so that" in notes and "lower bound" in notes
    cards["norbert3", "control-3"] = {"branched": {"share": 0.75, "seed": 2}}
    assert "the first 75 % (NB-BERT, NorBERT3), so" in answer.blocks(several, STATISTICS, cards)[1].text
    cards["norbert3", "control-3"] = {"branched": {"share": 0.8, "seed": 2}}
    assert "75 % (NB-BERT) and 80 % (NorBERT3), so" in answer.blocks(several, STATISTICS, cards)[1].text
    whole = {key: {} for key in cards}
    for summaries, of in ((several, whole), ([summary()], cards), ([summary("modernbert", replicates=3)], cards)):
        assert "lower bound" not in answer.blocks(summaries, STATISTICS, of)[1].text


def test_the_declared_question_stands_first_and_what_is_left_out_is_named():
    second = replace(summary(against="baseline", primary=False), left_out=("medmqp",))
    table, notes = answer.blocks([second, summary()], STATISTICS, {})
    assert [row[0] for row in table.rows] == ["Against control", "Against baseline"] and "`medmqp`" in notes.text
    assert table.rows[0][3:] == ("2", "+12.3", "+8.0 to +16.6", ".010", "> 99 %", "8.0")
    unknown = answer.table([replace(summary(), joint=replace(summary().joint, probability=None))], 0.95)
    assert unknown.rows[0][7] == "–"
