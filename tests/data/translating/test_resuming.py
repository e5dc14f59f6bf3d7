"""Translation goes on where it was stopped, to the same bytes, and does not depend on the order of items."""

import random

import pytest

from harness.data.translating import resuming, segments

TEXTS = [f"Is number {n} a question? It is number {n % 7}.\nAnd a line" for n in range(25)] + ["…", "One. Two."]
IDENTITY = {"model": "m", "to": "nb"}


class Stopped(Exception):
    pass


class Model:
    """What it says of a text depends on the texts beside it, as a padded batch may."""

    def __init__(self, batches: int | None = None):
        self.batches, self.asked = batches, 0

    def __call__(self, texts):
        if self.asked == self.batches:
            raise Stopped
        self.asked += 1
        return [f"{text.upper()}/{len(texts)}/{max(map(len, texts))}" for text in texts]


def made(folder, texts=TEXTS, size=4, model=None):
    model = model or Model()
    return resuming.translated(folder, IDENTITY, texts, size, lambda: model), model


@pytest.mark.parametrize("at", [0, 1, 3])
@pytest.mark.parametrize("left", [b"", b'["cut sh', b'["no list of batch"\n'])
def test_an_interrupted_translation_goes_on_to_the_same_bytes(tmp_path, at, left):
    whole, _ = made(tmp_path / "whole")
    with pytest.raises(Stopped):
        made(tmp_path / "part", model=Model(at))
    (work,) = (tmp_path / "part").iterdir()
    with open(work, "ab") as handle:
        handle.write(left)
    again, model = made(tmp_path / "part")
    assert again == whole
    assert work.read_bytes() == (tmp_path / "whole" / work.name).read_bytes()
    assert model.asked == len(resuming.batches(resuming.pieces(TEXTS), 4)) - at


def test_what_is_whole_loads_no_model(tmp_path):
    first, _ = made(tmp_path)
    assert first == resuming.translated(tmp_path, IDENTITY, TEXTS, 4, lambda: pytest.fail("loaded"))


def test_the_order_of_items_changes_nothing(tmp_path):
    shuffled = random.Random(1).sample(TEXTS, len(TEXTS))
    assert made(tmp_path / "a")[0] == made(tmp_path / "b", shuffled)[0]


def test_another_model_search_or_batch_begins_anew(tmp_path):
    made(tmp_path)
    other = Model()
    resuming.translated(tmp_path, IDENTITY | {"to": "nn"}, TEXTS, 4, lambda: other)
    assert other.asked and made(tmp_path, size=5)[1].asked


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("One. Two? Three", ["One.", "Two?", "Three"]),
        ("Dr. Smith took 0.5 mg.", ["Dr. Smith took 0.5 mg."]),
        ("a\n\n b", ["a", "b"]),
        ("word " * 200, None),
    ],
)
def test_texts_are_cut_at_sentences_and_joined_again(text, pieces):
    cut = segments.cut(text)
    assert "".join(piece + behind for piece, behind in cut) == text
    assert all(len(piece) <= segments.LONGEST for piece, _ in cut)
    assert pieces is None or [piece for piece, _ in cut] == pieces
    assert segments.joined(text, str.upper) == text.upper().strip()


def test_what_holds_no_letter_is_not_asked():
    assert segments.joined("…\nyes", lambda piece: f"<{piece}>") == "…\n<yes>"
