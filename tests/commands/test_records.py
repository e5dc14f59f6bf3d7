"""Commands for recorded results, where something is missing."""

import fakes

from harness.commands import records


def test_a_comparison_that_was_trained_again_waits_for_the_results_of_the_others(tmp_path, capsys):
    records._say_in_mlflow(tmp_path, fakes.settings(("aismec",), ("nb_bert",)))
    said = capsys.readouterr().err
    assert "MLflow was not updated" in said and "Known tasks: none." in said
    assert "Run `harness track` when every comparison has results" in said
