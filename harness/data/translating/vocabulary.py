"""The words that the checks of translations look for (`words.toml`)."""

import re
import tomllib
from pathlib import Path
from typing import Any

WORDS: dict[str, Any] = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))


def cut(text: str) -> list[str]:
    """The words of a text, case-folded; a hyphen joins, an apostrophe is left out."""
    return re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", re.sub("['’]", "", text).casefold())
