"""What is kept of `harness reproduce`, and when it counts."""

from harness.tracking import reproductions

RUNS = [{"arm": "clinical", "seed": seed, "predictions": str(seed) * 64} for seed in (1, 2)]


def kept(root, outcome="same bytes", again=None) -> str | None:
    found = [{"arm": r["arm"], "seed": r["seed"], "outcome": outcome, "recorded": r["predictions"],
              "again": again or r["predictions"]} for r in RUNS]  # fmt: skip
    reproductions.write(root, "medmqp", "nb_bert", found)
    return reproductions.outcome(root, "medmqp", "nb_bert", RUNS)


def test_it_says_how_many_runs_came_out_how(tmp_path):
    assert reproductions.outcome(tmp_path, "medmqp", "nb_bert", RUNS) is None
    assert kept(tmp_path) == "yes: same bytes in 2 of 2 runs"
    assert kept(tmp_path, "same predictions", "x") == "yes: same predictions in 2 of 2 runs"
    assert kept(tmp_path, "different", "x") == "no: different in 2 of 2 runs"


def test_an_outcome_that_its_hashes_contradict_counts_as_different(tmp_path):
    assert kept(tmp_path, "same bytes", "x") == "no: different in 2 of 2 runs"


def test_what_was_held_against_other_predictions_does_not_count(tmp_path):
    kept(tmp_path)
    other = [run | {"predictions": "f" * 64} for run in RUNS]
    assert reproductions.outcome(tmp_path, "medmqp", "nb_bert", other) is None
    assert reproductions.outcome(tmp_path, "medmqp", "nb_bert", [*RUNS, RUNS[0] | {"seed": 3}]) is None
