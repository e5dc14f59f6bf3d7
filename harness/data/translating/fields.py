"""Name the texts of a record that are translated, and put translations in their place."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Field = tuple[str, str]  # its name, and its text


def of(record: Mapping[str, Any], texts: Sequence[str], labels: Sequence[str]) -> Iterator[Field]:
    """The fields of a record: its columns `texts`, and for options one field per label, named like options.A."""
    for column in texts:
        value = record[column]
        if isinstance(value, str):
            yield column, value
        else:
            yield from zip(_several(column, labels), value, strict=True)


def put(record: Mapping[str, Any], texts: Sequence[str], labels: Sequence[str], said: Mapping[str, str]) -> dict:
    """A copy of a record with its texts replaced. `said` has the new text of each field."""
    found = dict(record)
    for column in texts:
        one = isinstance(record[column], str)
        found[column] = said[column] if one else [said[name] for name in _several(column, labels)]
    return found


def _several(column: str, labels: Sequence[str]) -> list[str]:
    return [f"{column}.{label}" for label in labels]
