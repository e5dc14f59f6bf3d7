"""A small template language for Norwegian sentences, in bokmål and nynorsk.

`(a|b|c)` is a choice, `{name}` is a slot, and `[…]` becomes round brackets. Templates are written in bokmål. They are
converted to nynorsk word by word before slots are filled, so that the conversion never changes names and terms.
"""

import random
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import Any


@cache
def read_words(file: str) -> dict[str, Any]:
    """The content of a TOML file in this folder, with tuples for lists. A module must write the file's full name,
    because the lists in `pipeline/` find by this name that the module depends on the file."""
    return _fixed(tomllib.loads(resources.files(__package__).joinpath(file).read_text("utf-8")))


def _fixed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _fixed(of) for key, of in value.items()}
    return tuple(map(_fixed, value)) if isinstance(value, list) else value


_WORD = re.compile(r"[A-Za-zÆØÅæøåéÉ]+")


@cache
def written(text: str, standard: str) -> str:
    """A bokmål text in the written standard `standard` ("bokmål" or "nynorsk"). For nynorsk, words are replaced by
    their forms in `nynorsk.toml`."""
    return _WORD.sub(_convert, text) if standard == "nynorsk" else text


def _convert(match: re.Match) -> str:
    """The nynorsk form of a word. A first capital is kept."""
    word = match.group()
    new = read_words("nynorsk.toml").get(word.lower(), word)
    return new[:1].upper() + new[1:] if word[:1].isupper() else new


NYNORSK = 0.2  # share of the texts
Slots = Mapping[str, str | Callable[[], str]]

_TOKEN = re.compile(r"[(|)]|\{\w+\}|[^(|){]+")


def say(template: str, rng: random.Random, standard: str, slots: Slots) -> str:
    """A sentence made from a template in bokmål: choices are made, slots are filled, and the first letter is a capital.

    `standard` is the written standard of the sentence. `slots` maps the name of a slot to its text, or to a function
    without arguments that draws a text. Raises KeyError for an unknown slot.
    """
    out: list[str] = []
    _render(_compiled(template, standard), rng, slots, out)
    text = "".join(out)
    return text[:1].upper() + text[1:]


def pick_standard(rng: random.Random) -> str:
    return "nynorsk" if rng.random() < NYNORSK else "bokmål"


def child(seed: int, *names: str | int) -> random.Random:
    """A random generator for `seed` and `names`. Its draws do not depend on how much is drawn for other names."""
    return random.Random("/".join(map(str, (seed, *names))))


def weighted(rng: random.Random, weights: Mapping[str, float]) -> str:
    """A random key of `weights`, drawn in proportion to its weight. Another order of the mapping gives other draws."""
    point = rng.random() * sum(weights.values())
    for name, weight in weights.items():
        point -= weight
        if point < 0:
            return name
    return name


def pronouns(sex: str, standard: str) -> dict[str, str]:
    if sex == "woman":
        he, him, person = "ho" if standard == "nynorsk" else "hun", "henne", "kvinne"
    else:
        he, him, person = "han", "han" if standard == "nynorsk" else "ham", "mann"
    return {"han": he, "Han": he.capitalize(), "ham": him, "person": person}


def _render(parts, rng, slots, out) -> None:
    for part in parts:
        if type(part) is str:
            out.append(part)
        elif type(part) is tuple:
            value = slots[part[0]]
            out.append(value if type(value) is str else value())
        else:
            _render(part[int(rng.random() * len(part))], rng, slots, out)


@cache
def _compiled(template: str, standard: str):
    pieces = re.split(r"(\{\w+\})", template)
    tokens = _TOKEN.findall("".join(one if one.startswith("{") else written(one, standard) for one in pieces))
    parts, rest = _sequence(tokens)
    if rest:
        raise ValueError(f"unbalanced brackets in the template {template!r}")
    return parts


def _sequence(tokens: list[str]) -> tuple[list, list[str]]:
    """The parts up to an unmatched `|` or `)`, as text (str), slot (1-tuple) or choice (list), and the other tokens."""
    parts: list = []
    while tokens and tokens[0] not in "|)":
        token, tokens = tokens[0], tokens[1:]
        if token == "(":
            options = []
            while True:
                option, tokens = _sequence(tokens)
                options.append(option)
                mark, tokens = tokens[0], tokens[1:]
                if mark == ")":
                    break
            parts.append(options)
        elif token.startswith("{"):
            parts.append((token[1:-1],))
        else:
            parts.append(token.replace("[", "(").replace("]", ")"))
    return parts, tokens
