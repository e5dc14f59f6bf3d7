"""What stands first in the report: the answer for each family, how sure it is, and what it is about."""

from dataclasses import replace

import fakes
import pytest

from harness.metrics import METRICS
from harness.params.config import Statistics
from harness.report.disclosure import loading, released
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
    found = answer.sentence([summary(), summary("norbert3"), summary(against="baseline", primary=False)], STATISTICS)
    assert found == (
        "Yes: pre-training on clinical text is better than as much pre-training on general text for "
        "NB-BERT (+12.3 points, 95 % interval +8.0 to +16.6) and NorBERT3 (+12.3 points, 95 % interval +8.0 to +16.6). "
        "Numbers are means over 2 tasks. " + answer.ONCE.format(of="")
    )


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("worse", "No: pre-training on clinical text is worse than as much pre-training on general text for NB-BERT"),
        ("equivalent", "There is no difference that matters (2 points or more) between pre-training on clinical text"),
        ("inconclusive", "We cannot tell whether pre-training on clinical text is better than as much pre-training"),
    ],
)
def test_other_answers_are_said_as_plainly(verdict, said):
    assert answer.sentence([summary(verdict=verdict)], STATISTICS).startswith(said)


def test_yes_is_said_only_where_it_holds_of_every_family():
    mixed = [summary(), summary("norbert3", verdict="inconclusive"), summary("modernbert", verdict="worse")]
    found = answer.sentence(mixed, STATISTICS)
    assert found.startswith("For 1 of 3 families: pre-training on clinical text is better than") and "Yes" not in found
    assert "For 1 of 3 families: pre-training on clinical text is worse than" in found and "No:" not in found


def test_a_single_task_is_named():
    one = replace(summary(), tasks=("nor_deid",))
    assert "All of this is on one task, `nor_deid`." in answer.sentence([one], STATISTICS)
    (_, notes), (_, both) = (answer.blocks([s], STATISTICS, {}) for s in (one, summary()))
    assert "better on this task. It is not a verdict" in " ".join(notes.items)
    assert "better on a task picked from these at random" in " ".join(both.items)


def test_a_gain_over_a_control_that_lost_is_not_left_as_a_gain():
    alone = summary(
        against="baseline", verdict="inconclusive", primary=False, delta=-0.004, ci_low=-0.022, ci_high=0.014
    )
    found = answer.sentence([summary(), alone], STATISTICS)
    assert (
        "But pre-training on clinical text is not known to be better than none for NB-BERT (−2.2 to +1.4 points fit"
        in found
    )
    assert "worse mean than its baseline" in found and found.startswith("In part: pre-training")
    wider = summary(against="baseline", verdict="inconclusive", primary=False, delta=0.2, ci_low=-0.1, ci_high=0.5)
    found = answer.sentence([summary(), wider], STATISTICS)
    assert "not known to be better" in found and "worse mean" not in found
    better = summary(against="baseline", primary=False)
    assert "But" not in answer.sentence([summary(), better], STATISTICS)
    assert "But" not in answer.sentence([summary(verdict="inconclusive"), alone], STATISTICS)


def test_a_finding_on_generated_texts_says_so_itself():
    made = replace(summary(), data_kinds=("synthetic",))
    found = answer.sentence([made], STATISTICS)
    assert found.startswith("Yes: on generated texts pre-training on clinical text is better than as much")
    assert "generated" not in answer.sentence([summary(), made], STATISTICS)


def test_where_nothing_is_known_no_difference_is_shown_but_what_fits_the_data():
    """A number before the verdict is what a reader takes home."""
    wide = summary(verdict="inconclusive", delta=-0.079, ci_low=-1.0, ci_high=1.0)
    found = answer.sentence([wide], STATISTICS)
    assert "NB-BERT (−100.0 to +100.0 points fit the data)" in found and "7.9" not in found
    assert "does not mean that there is no difference" in found


def test_several_answers_are_sentences_and_a_family_without_a_control_asks_about_its_baseline():
    mixed = [summary(), summary("norbert3", "baseline", "inconclusive", delta=-0.001, ci_low=-0.05, ci_high=0.048)]
    found = answer.sentence(mixed, STATISTICS)
    assert "We cannot tell whether pre-training on clinical text is better than no further pre-training for" in found
    assert "NorBERT3 (−5.0 to +4.8 points fit the data)" in found
    nothing = summary(verdict="inconclusive", delta=None)
    assert "NB-BERT (nothing could be compared)" in answer.sentence([nothing], STATISTICS)
    one_seed = summary(verdict="inconclusive", ci_low=None, ci_high=None)
    assert "NB-BERT (no interval)" in answer.sentence([one_seed], STATISTICS)
    assert "NB-BERT (no number released)" in answer.sentence([summary(delta=None)], STATISTICS)
    assert answer.sentence([], STATISTICS) == ""


def test_what_was_pre_trained_several_times_is_about_the_procedure():
    several = summary(replicates=3)
    found = answer.sentence([several], STATISTICS)
    assert answer.ONCE.format(of="") not in found and "pre-trained 3 times with other seeds" in found
    table, notes = answer.blocks([several], STATISTICS, {})
    assert table.rows[0][2] == "▲\u00a0better (the procedure)"
    assert any("pre-trained 3 times with other seeds" in item for item in notes.items)
    once = answer.blocks([summary()], STATISTICS, {})
    assert once[0].rows[0][2] == "▲\u00a0better (these checkpoints)"
    assert any("pre-trained once" in item for item in once[1].items)


def test_ends_of_one_training_are_said_to_give_a_lower_bound_and_only_where_a_card_says_so():
    def notes(summaries, of):
        return " ".join(answer.blocks(summaries, STATISTICS, of)[1].items)

    several = [summary(replicates=3), summary("norbert3", replicates=3)]
    cards = {("nb_bert", "clinical"): {}, ("nb_bert", "clinical-2"): {"branched": {"share": 0.75, "seed": 2}}}
    assert "share its first 75 % (NB-BERT)." in notes(several, cards) and "lower bound" in notes(several, cards)
    cards["norbert3", "control-3"] = {"branched": {"share": 0.75, "seed": 2}}
    assert "share its first 75 % (NB-BERT, NorBERT3)." in notes(several, cards)
    cards["norbert3", "control-3"] = {"branched": {"share": 0.8, "seed": 2}}
    assert "75 % (NB-BERT) and 80 % (NorBERT3)." in notes(several, cards)
    whole = {key: {} for key in cards}
    for summaries, of in ((several, whole), ([summary()], cards), ([summary("modernbert", replicates=3)], cards)):
        assert "lower bound" not in notes(summaries, of)


def test_the_declared_question_stands_first_and_what_is_left_out_is_named():
    second = replace(summary(against="baseline", primary=False), left_out=("medmqp",))
    table, notes = answer.blocks([second, summary()], STATISTICS, {})
    assert [row[0] for row in table.rows] == ["Against control", "Against baseline"]
    assert any("`medmqp`" in item for item in notes.items)
    assert table.rows[0][3:] == ("2", "+12.3", "+8.0 to +16.6", ".010", "> 99 %", "8.0")
    unknown = answer.table([replace(summary(), joint=replace(summary().joint, probability=None))], 0.95)
    assert unknown.rows[0][7] == "–"


def test_notes_explain_what_the_table_shows_and_nothing_else():
    _, notes = answer.blocks([summary()], STATISTICS, {})
    said = " ".join(notes.items)
    assert "*task*" not in said and "single tasks are called" not in said and "*The procedure*" not in said
    _, notes = answer.blocks(
        [summary(), summary(against="task", verdict="inconclusive", primary=False)], STATISTICS, {}
    )
    said = " ".join(notes.items)
    assert "Against *task*, a difference below 0 means" in said and "single tasks are called *inconclusive*" in said


def test_pairs_in_which_nothing_was_learnt_are_named(tmp_path):
    fakes.build(tmp_path, ("synergi",), ("nb_bert",))
    fakes.score(tmp_path, ("synergi",), ("nb_bert",))
    (c,) = loading.load(tmp_path, fakes.settings(("synergi",), ("nb_bert",)).run, fakes.TASKS)
    judged = {("synergi", "nb_bert", "baseline"): Judgement(1.0, "inconclusive", mde_holm=None, collapsed=True)}
    found = answer.unlearnt([c], judged)
    assert "In 1 of 1 pairs of task and family" in found and "(`synergi`) with NB-BERT" in found
    seen = {key: replace(judgement, collapsed=False) for key, judgement in judged.items()}
    assert answer.unlearnt([c], seen) == ""
    told = answer.arms([c], "lab").items
    assert [item.split(":")[0] for item in told[:2]] == ["*Baseline*", "*Clinical*"] and "profile `lab`" in told[-1]
    assert "fine-tuned 3 times for each task" in told[2] and "with the same recipe" in told[2]
    # Of restricted data the results of a search are not shown, but it is no secret that there was one.
    searched = released._closed(replace(c, provenance=c.provenance | {"tuned": {"baseline": {"steps": 20}}}))
    assert searched.tuned is None and "found in the same number of tries" in answer.arms([searched], "lab").items[2]


def test_families_that_were_pre_trained_differently_are_named_with_what_holds_of_them():
    mixed = [summary(), summary("norbert3", replicates=3), summary("modernbert", replicates=2)]
    found = answer.sentence(mixed, STATISTICS)
    assert "Each encoder was pre-trained once for NB-BERT, so this is about these encoders only" in found
    assert "pre-trained 2 times with other seeds for ModernBERT, so" in found
    assert "pre-trained 3 times with other seeds for NorBERT3, so" in found
    assert "pre-trained 2 or 3 times" in " ".join(answer.blocks(mixed, STATISTICS, {})[1].items)
    fewer = replace(summary("norbert3"), tasks=("aismec",))
    assert "means over 1 and 2 tasks" in answer.sentence([summary(), fewer], STATISTICS)


def test_a_mean_on_another_scale_has_no_points():
    of_mcc = replace(summary(verdict="inconclusive"), joint=replace(summary().joint, metric=METRICS["mcc"]))
    found = answer.sentence([of_mcc], STATISTICS)
    assert "NB-BERT (+0.080 to +0.166 fit the data)" in found and "points" not in found
    same = replace(of_mcc, judgement=replace(of_mcc.judgement, verdict="equivalent"))
    assert "no difference that matters (0.02 or more) between" in answer.sentence([same], STATISTICS)
    assert "points of 100 (MCC on its own scale)" in answer.table([of_mcc], 0.95).caption


def test_reversed_and_unlearnt_tasks_are_named():
    _, notes = answer.blocks([replace(summary(), reversed=("nor_deid",), unlearnt=("synergi",))], STATISTICS, {})
    said = " ".join(notes.items)
    assert "On `nor_deid` a lower score is better. In the mean, such a score is reversed" in said
    assert "not learnt: `synergi`. Neither arm was shown" in said
    plain = " ".join(answer.blocks([summary()], STATISTICS, {})[1].items)
    assert "reversed" not in plain and "not learnt" not in plain
