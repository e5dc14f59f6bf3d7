"""A text with places replaced: what becomes of it, and where its other places are then."""

from hypothesis import given
from hypothesis import strategies as st

from harness.text.edited import Edit, Edited


@st.composite
def edited(draw):
    text = draw(st.text("ab ", max_size=12))
    ends = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    edits = [Edit(a, b, draw(st.text("XY", max_size=3))) for a, b in zip(ends[::2], ends[1::2], strict=False)]
    return Edited(text, tuple(edits))


@given(edited())
def test_each_piece_that_is_kept_is_found_where_it_moved(found):
    for at, letter in enumerate(found.before):
        if not any(edit.start <= at < edit.end for edit in found.edits):
            assert found.text[found.moved(at)] == letter
    assert found.moved(len(found.before)) == len(found.text)


@given(edited(), st.sets(st.integers(0, 12)))
def test_nothing_stays_that_has_one_of_the_places_inside(found, places):
    kept = found.around(places)
    gone = set(found.edits) - set(kept.edits)
    assert all(any(e.start < p < e.end for p in places) == (e in gone) for e in found.edits)
    assert kept.before == found.before
