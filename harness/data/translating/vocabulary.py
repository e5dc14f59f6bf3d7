"""The words that the checks of translations look for (`words.toml`)."""

import re
import tomllib
from pathlib import Path
from typing import Any

WORDS: dict[str, Any] = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))


def cut(text: str) -> list[str]:
    """The case-folded words of a text. A hyphen joins words, and apostrophes are removed."""
    return re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", re.sub("['’]", "", text).casefold())
