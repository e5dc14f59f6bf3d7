"""The words and templates of the generator: the `.toml` files beside its modules, as plain values."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def read_words(file: str) -> dict[str, Any]:
    """What a file holds, its lists as tuples. A module names its file whole: by that it counts as the module's code."""
    return _fixed(tomllib.loads(resources.files(__package__).joinpath(file).read_text("utf-8")))


def _fixed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _fixed(of) for key, of in value.items()}
    return tuple(map(_fixed, value)) if isinstance(value, list) else value
