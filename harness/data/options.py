"""Convert the answers in raw rows to answers of a record: the options of a multiple-choice question, or several labels.

Options in a list or in several columns keep the order of the file. Options in an object are ordered by their keys. The
order of the object itself means nothing: JSON leaves it open, and a Parquet struct has the order of the file's first
row.
"""

from collections.abc import Callable, Iterable
from typing import Any, Literal

from harness.data.reader import one_of
from harness.data.readers import fold
from harness.data.rows import Dropped, Refused, plain

Answer = Literal["letter", "number from 0", "number from 1", "text"]
_KEYS = ("label", "key")


def choice(labels: Iterable[str], *, answer: Answer = "letter", told: str = "") -> Callable[[dict], dict]:
    """A function for the argument `shape` of `tabular.table`, for multiple-choice questions.

    The function gets a record and returns it with "options" as a list in the order of `labels`, and with "label" as one
    of `labels`. `answer` says how the file names the right option: by label ("letter"), "number from 0", "number from
    1" or "text". Options in an object are ordered by their keys: `labels`, or numbers. If `answer` is a number, the
    keys must count from the same start. `told` names a column that must repeat the text of the right option, and this
    column is left out. An item with equal options has no single right answer and is dropped. Options that differ only
    in punctuation are not equal (p<0.05, p>0.05).
    """
    one_of("answer", answer, Answer)
    labels = tuple(labels)
    named: dict[str, list[str]] = {}
    for label in labels:
        named.setdefault(fold(label), []).append(label)

    def shape(record: dict) -> dict:
        options = [plain(option) for option in in_order(record["options"], labels, answer)]
        if not all(isinstance(option, str) for option in options):
            raise Refused("options", "an option that is not text")
        folded = [fold(option) for option in options]
        label = right(record["label"], folded)
        if told and options[labels.index(label)] != record[told]:
            raise Refused(told, "not the text of the right option")
        if all(folded) and len(set(folded)) < len(folded):
            raise Dropped("repeated option")
        kept = {column: value for column, value in record.items() if column != told}
        return kept | {"options": options, "label": label}

    def right(label: str, folded: list[str]) -> str:
        if answer == "letter" and label in labels:
            return label
        if answer == "letter" and len(named.get(fold(label), ())) == 1:
            return named[fold(label)][0]
        if answer == "text" and fold(label) in folded:
            return labels[folded.index(fold(label))]
        if answer.startswith("number") and _is_number(label):
            number = int(label) - int(answer[-1])
            if 0 <= number < len(labels):
                return labels[number]
        what = f"number (from {answer[-1]})" if answer.startswith("number") else answer
        raise Refused("label", f"not the {what} of an option", label)

    carried: Any = shape
    carried.answer = answer
    return carried


def several(labels: Iterable[str], *, separator: str = ";") -> Callable[[dict], dict]:
    """A function for the argument `shape` of `tabular.table`, for rows with any number of labels.

    The function gets a record and returns it with "labels" as a list in the order of `labels`, without repetitions. The
    file has a list, or one text with a `separator` between labels. An empty list or text is a row without a label.
    """
    places = {label: place for place, label in enumerate(labels)}

    def shape(record: dict) -> dict:
        given = record["labels"]
        given = [part.strip() for part in given.split(separator) if part.strip()] if isinstance(given, str) else given
        if not isinstance(given, list) or not all(isinstance(label, str) for label in given):
            raise Refused("labels", "not a list of labels")
        if not set(given) <= places.keys():
            raise Refused("labels", "a label that is not the task's")
        return {**record, "labels": sorted(set(given), key=places.__getitem__)}

    return shape


def in_order(options, labels: tuple[str, ...], answer: Answer) -> list:
    """The options of a question, in the order of `labels`. Raises Refused if the number of options is wrong, or if the
    keys of the options decide no order. `answer` is that of `choice`."""
    keyed = _keyed(options)
    if isinstance(options, str):
        raise Refused("options", "one text: options are a list, an object with keys, or columns (columns= names each)")
    if keyed is None:
        if not isinstance(options, list | tuple) or len(options) != len(labels):
            raise Refused("options", f"not {len(labels)} options")
        return list(options)
    keys = [str(key).strip() for key, _ in keyed]
    order = _order(keys, labels, answer)
    if order is None:
        numbers = {"number from 0": "numbers from 0", "number from 1": "numbers from 1"}.get(answer, "numbers")
        shown = ", ".join(labels[:6]) + (", …" if len(labels) > 6 else "")
        raise Refused("options", f"keys that are neither {shown} nor {numbers}", ", ".join(keys))
    return [keyed[i][1] for i in order]


def _keyed(options) -> list[tuple] | None:
    """The (key, option) pairs of an object, a list of objects or of pairs, or two lists. None for other options.

    An option that is null is left out: a Parquet struct has a null field for each option that the row lacks.
    """
    pairs = None
    if isinstance(options, dict):
        pairs = list(options.items())
        for key in _KEYS:
            keys, texts = options.get(key), options.get("text")
            if set(options) == {key, "text"} and isinstance(keys, list) and isinstance(texts, list):
                if len(keys) != len(texts):
                    raise Refused("options", f"{len(texts)} texts and {len(keys)} {key}s")
                pairs = list(zip(keys, texts, strict=True))
    elif isinstance(options, list) and options:
        for key in _KEYS:
            if all(isinstance(option, dict) and set(option) == {key, "text"} for option in options):
                pairs = [(option[key], option["text"]) for option in options]
        if all(isinstance(option, tuple) and len(option) == 2 for option in options):
            pairs = options
    return None if pairs is None else [(key, option) for key, option in pairs if option is not None]


def _order(keys: list[str], labels: tuple[str, ...], answer: Answer) -> list[int] | None:
    """The position in `keys` of each option, in the order of `labels`. None if the keys do not decide the order."""
    numeric = all(map(_is_number, keys))
    for names in (list(labels), [fold(label) for label in labels]):
        folded = keys if names == list(labels) else [fold(key) for key in keys]
        by_label = sorted(folded) == sorted(names) and len(set(names)) == len(names)
        if by_label and not (numeric and answer.startswith("number")):
            return [folded.index(name) for name in names]
    # If labels are numbers, too, "1" could be the key of one option and the label of another.
    if not numeric or (answer == "letter" and any(map(_is_number, labels))):
        return None
    numbers = [int(key) for key in keys]
    firsts = (int(answer[-1]),) if answer.startswith("number") else (0, 1)
    if any(sorted(numbers) == list(range(first, first + len(labels))) for first in firsts):
        return sorted(range(len(numbers)), key=numbers.__getitem__)
    return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
