"""The settings of fine-tuning, as they were."""

from dataclasses import replace

import fakes

from harness.report.disclosure import loading
from harness.report.text import environment


def test_a_setting_that_differs_between_families_is_shown_for_each(tmp_path):
    families = ("nb_bert", "norbert3", "modernbert")
    fakes.build(tmp_path, ("synergi", "aismec"), families)
    fakes.score(tmp_path, ("synergi", "aismec"), families)
    read = loading.load(tmp_path, fakes.settings(("synergi", "aismec"), families).run, fakes.TASKS)
    rates = {"nb_bert": 0.003, "norbert3": 0.8 * 0.003, "modernbert": 0.003}
    found = [
        replace(c, provenance=c.provenance | {"recipe": {"batch": 8, "learning_rate": rates[c.family]}})
        if c.task == "synergi"
        else c
        for c in read
    ]
    (recipes,) = (block for block in environment.training(found) if hasattr(block, "blocks"))
    (table,) = recipes.blocks
    assert table.header == ("Setting", "synergi", "aismec")
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["learning rate"] == ("0.003 (NB-BERT and ModernBERT), 0.0024 (NorBERT3)", "0.001")
    assert rows["batch"] == ("8", "8") and rows["steps"] == ("–", "100")
