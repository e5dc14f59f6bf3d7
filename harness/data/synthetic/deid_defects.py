"""How the tags of a language model go wrong."""

import html
import random

from harness.data.synthetic.words import read_words

LABELS = (
    "Date",
    "First_Name",
    "Health_Care_Unit",
    "Age",
    "Location",
    "Last_Name",
    "Phone_Number",
    "Social_Security_Number",
)
_ALIASES = read_words("tasks.toml")["deid"]["aliases"]


def damage(rng: random.Random, tagged: str, turn: int) -> str:
    """The note with one of the defects of real language-model output; `turn` walks through them."""
    present = [label for label in LABELS if f"<{label}>" in tagged]
    label = rng.choice(present)
    start, end = f"<{label}>", f"</{label}>"
    if turn == 0:
        return html.escape(tagged, quote=False)
    kind = turn % 7
    if kind == 0:
        return tagged.replace(end, "", 1)
    if kind == 1:
        return tagged.replace(start, "", 1)
    aliased = [name for name in present if name in _ALIASES]
    if kind in (2, 3) and aliased:
        name = rng.choice(aliased)
        alias = rng.choice(_ALIASES[name])
        return tagged.replace(f"<{name}>", f"<{alias}>").replace(f"</{name}>", f"</{alias}>")
    if kind == 4:
        at = tagged.index(start)
        close = tagged.index(end, at) + len(end)
        outer = "Location" if label != "Location" else "Date"
        return f"{tagged[:at]}<{outer}>{tagged[at:close]}</{outer}>{tagged[close:]}"
    if kind == 5:
        return rng.choice(
            (tagged + "\n\nLeukocytter < 3,5 og CRP > 5.", tagged.replace(". ", ". < ", 1), tagged + " >")
        )
    return tagged.replace(end, end.replace("</", "</ "), 1)
