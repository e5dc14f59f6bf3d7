"""A reader that is told something it does not know is refused when its declaration is loaded."""

import pytest

from harness.data import brat, conll, tabular, word_lists
from harness.errors import RegistryError
from harness.plugins import registry

LABELS = ("A", "B")


@pytest.mark.parametrize(
    ("reader", "arguments", "nearest"),
    [
        (tabular.choice, {"answer": "number from O"}, "number from 0"),
        (tabular.table, {"file": "a.csv", "columns": {"text": "t"}, "others": "ignored"}, "ignore"),
        (tabular.dataset, {"columns": {"text": "t"}, "others": "refused"}, "refuse"),
        (conll.conll, {"files": "*.conll", "scheme": "iob"}, "iob1"),
        (conll.conll, {"files": "*.conll", "unit": "documents"}, "document"),
        (word_lists.word_lists, {"files": "*.jsonl", "scheme": "IOBES"}, "iobes"),
        (brat.brat, {"overlaps": "keep the longest"}, "keep longest"),
        (brat.brat, {"fragments": "joined"}, "join"),
    ],
)
def test_another_word_is_refused_with_those_that_are_known(reader, arguments, nearest):
    labels = {} if reader in (tabular.table, tabular.dataset) else {"labels": LABELS}
    ((argument, given),) = ((k, v) for k, v in arguments.items() if k not in ("file", "files", "columns"))
    with pytest.raises(ValueError) as caught:
        reader(**labels, **arguments)
    assert f"{argument}={given!r} is not one of" in str(caught.value) and repr(nearest) in str(caught.value)


def test_the_registry_says_which_file_it_stands_in(tmp_path):
    path = tmp_path / "quiz.py"
    path.write_text("from harness.data import tabular\n\ntabular.choice('AB', answer='from 0')\n", encoding="utf-8")
    with pytest.raises(RegistryError) as caught:
        registry.load_file(path)
    for told in ("quiz.py", "answer='from 0' is not one of 'letter', 'number from 0'"):
        assert told in str(caught.value)
