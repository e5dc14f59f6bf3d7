"""One description of the arms, which every page that shows them follows."""

import itertools

from harness.encoders import readme
from harness.params.arms import ARMS, OPTIONAL, PARTS, SHARED, chosen, parts_of, replayed
from harness.report.render import plotting
from harness.report.text import formats


def test_every_arm_has_its_words_and_its_own_look():
    assert set(readme.ARMS) == set(plotting.ARM_STYLE) == set(plotting.LINE_COLOR) == set(ARMS)
    for key in ("color", "hatch", "marker", "line"):
        assert len({str(look[key]) for look in plotting.ARM_STYLE.values()}) == len(ARMS), key
    assert len({formats.arm_title(arm, ARMS) for arm in ARMS}) == len(ARMS)


def test_an_arm_is_measured_on_what_it_reads_and_on_what_every_arm_is():
    assert {arm: parts_of(arm) for arm in ARMS} == dict.fromkeys(ARMS, SHARED) | {"task": PARTS}
    assert {arm: replayed(arm, 0.5) for arm in ARMS} == {"baseline": 0, "clinical": 0.5, "control": 0, "task": 0.5}


def test_optional_arms_are_switched_on_one_by_one_and_keep_their_order():
    for on in itertools.product((True, False), repeat=len(OPTIONAL)):
        switched = {arm for arm, yes in zip(OPTIONAL, on, strict=True) if yes}
        assert chosen(switched.__contains__) == tuple(arm for arm in ARMS if arm not in OPTIONAL or arm in switched)


def test_titles_say_what_was_read_only_where_two_arms_read_clinical_text():
    assert formats.arm_title("clinical", ("baseline", "clinical", "control")) == "Clinical"
    titles = [formats.arm_title(encoder, ARMS) for encoder in ("clinical", "clinical-2", "task", "control")]
    assert titles == [
        "Clinical (notes only)", "Clinical (notes only), replicate 2", "Task (with task texts)", "Control"
    ]  # fmt: skip
    assert formats.arm_title("logistic_regression", ARMS) == "Regression" and formats.arm_title("other") == "other"
