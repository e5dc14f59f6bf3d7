"""The words below a description, and that they take the place of earlier ones."""

from harness.tracking.status import described


def test_a_run_that_was_only_recorded_has_no_word_more():
    assert described("Two sentences.", {"verdict": "better"}) == "Two sentences."


def test_words_follow_the_tags_and_do_not_pile_up():
    once = described("Text.", {"superseded": "abcdef" * 10})
    assert once.startswith("Text.") and "**Superseded**" in once and "`abcdefabcdef`" in once
    killed = described(once, {"superseded": "killed"})
    assert "**Killed**" in killed and "Superseded" not in killed and killed.count("---") == 1
    assert described(killed, {}) == "Text."


def test_a_superseded_run_links_to_the_one_that_took_its_place():
    said = described("Text.", {"superseded": "abcdef" * 10, "successor": "7/abc"})
    assert "[those of this run](#/experiments/7/runs/abc)" in said and "fingerprint" not in said


def test_a_reproduction_says_whether_it_succeeded():
    assert "**Reproduced** by training again: same bytes in 4 of 4 runs." in described(
        "Text.", {"reproduced": "yes: same bytes in 4 of 4 runs"}
    )
    assert "**Not reproduced**" in described("Text.", {"reproduced": "no: different in 1 of 4 runs"})
    assert "**Interrupted** 2 times" in described("Text.", {"interrupted": "2"})
