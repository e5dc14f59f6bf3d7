"""How long a stage took stands beside its outputs, where it ended."""

import pytest

from harness.system import durations


def test_a_stage_that_ended_is_recorded_and_one_that_failed_or_was_never_run_is_not(tmp_path):
    with durations.timed(tmp_path, "finetune", "medmqp", "nb_bert"):
        sum(range(1000))
    assert durations.seconds(tmp_path, "finetune", "medmqp", "nb_bert") >= 0
    with pytest.raises(RuntimeError), durations.timed(tmp_path, "finetune", "aismec", "nb_bert"):
        raise RuntimeError
    assert durations.seconds(tmp_path, "finetune", "aismec", "nb_bert") is None


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"seconds": null}'])
def test_a_damaged_record_is_none(content, tmp_path):
    with durations.timed(tmp_path, "score", "aismec"):
        pass
    (path,) = tmp_path.rglob("*.json")
    path.write_text(content)
    assert durations.seconds(tmp_path, "score", "aismec") is None
