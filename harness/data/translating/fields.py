"""Name the texts of a record that are translated (its fields), and put translations in their place."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Field = tuple[str, str]  # name and text of the field


def of(record: Mapping[str, Any], texts: Sequence[str], labels: Sequence[str]) -> Iterator[Field]:
    """Yield the fields of a record, as (name, text). Each column in `texts` is one field. A column with a list of
    options is one field per label, with names such as "options.A"."""
    for column in texts:
        value = record[column]
        if isinstance(value, str):
            yield column, value
        else:
            yield from zip(_several(column, labels), value, strict=True)


def put(record: Mapping[str, Any], texts: Sequence[str], labels: Sequence[str], said: Mapping[str, str]) -> dict:
    """A copy of a record with translated texts. `said` maps the name of each field to its new text."""
    found = dict(record)
    for column in texts:
        one = isinstance(record[column], str)
        found[column] = said[column] if one else [said[name] for name in _several(column, labels)]
    return found


def _several(column: str, labels: Sequence[str]) -> list[str]:
    return [f"{column}.{label}" for label in labels]
