"""Invented people, places and health-care units, with identity numbers that nobody can have.

Names, places and units are divided into two disjoint sets, pool and holdout. So the holdout is about people and
hospitals that the rest of the data never mentions.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from harness.data.synthetic.language import read_words

_NAMES = read_words("people.toml")
_MONTHS = read_words("calendar.toml")["months"]


@dataclass(frozen=True)
class Names:
    """The names that generated texts may contain: those of the pool, of the holdout, or all. `places` are towns,
    `units` are health-care units with the name of a place ("… sykehus"), and `houses` are institutions with a name of
    their own."""

    women: tuple[str, ...]
    men: tuple[str, ...]
    surnames: tuple[str, ...]
    places: tuple[str, ...]
    units: tuple[str, ...]
    houses: tuple[str, ...]
    words: tuple[str, ...]  # surnames that are everyday words, and towns as well

    def first(self, rng: random.Random, sex: str) -> str:
        return rng.choice(self.women if sex == "woman" else self.men)


@dataclass(frozen=True)
class Person:
    first: str
    last: str
    sex: str
    born: date
    number: str
    phone: str
    home: str
    street: str


def _half(items: tuple[str, ...], half: str) -> tuple[str, ...]:
    """The items of the pool or of the holdout. Every fourth item belongs to the holdout."""
    return tuple(item for rank, item in enumerate(items) if (rank % 4 == 3) == (half == "holdout"))


def names(half: str) -> Names:
    """The names of `half`, which is "pool", "holdout" or "all". The pool and the holdout have no name in common."""
    if half == "all":
        pool, holdout = names("pool"), names("holdout")
        return Names(*(getattr(pool, f) + getattr(holdout, f) for f in Names.__dataclass_fields__))
    heads, tails = _half(_NAMES["heads"], half), _NAMES["tails"]
    # Surnames, places and houses come from one stock of strings, so that the form of a name does not tell its kind.
    stock = [(first + second, head + tail) for first, head in enumerate(heads) for second, tail in enumerate(tails)]
    surnames, places, houses = (tuple(name for rank, name in stock if rank % 3 == kind) for kind in range(3))
    units = tuple(kind.format(place=place) for place in places for kind in _NAMES["units"])
    return Names(
        _half(_NAMES["women"], half),
        _half(_NAMES["men"], half),
        _half(_NAMES["everyday_words"], half) + surnames,
        places,
        units,
        houses,
        _half(_NAMES["everyday_words"], half),
    )


def person(rng: random.Random, known: Names, today: date) -> Person:
    sex = rng.choice(("woman", "man"))
    born = today - timedelta(days=rng.randint(18 * 366, 92 * 365))
    return Person(
        first=known.first(rng, sex),
        last=rng.choice(known.surnames),
        sex=sex,
        born=born,
        number=identity_number(rng, born, sex),
        phone=phone_number(rng),
        home=rng.choice(known.places),
        street=f"{rng.choice(_NAMES['streets'])} {rng.randint(1, 98)}",
    )


def age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def identity_number(rng: random.Random, born: date, sex: str) -> str:
    """A synthetic national identity number with valid check digits.

    The Norwegian Tax Administration reserves numbers with month + 80 for synthetic persons, so no living person has
    one. Individual numbers 000–499 belong to births before 2000 and 500–999 to later births. The ninth digit is even
    for women.
    """
    while True:
        serial = rng.randint(0, 249) * 2 + (0 if sex == "woman" else 1) + (500 if born.year >= 2000 else 0)
        digits = f"{born.day:02d}{born.month + 80:02d}{born.year % 100:02d}{serial:03d}"
        checks = check_digits(digits)
        if checks is not None:
            return digits + checks


def check_digits(nine: str) -> str | None:
    """The two modulo-11 control digits after the first nine digits of an identity number. Returns None if no number
    starts with these nine digits."""
    first = -sum(w * int(d) for w, d in zip((3, 7, 6, 1, 8, 9, 4, 5, 2), nine, strict=True)) % 11
    if first == 10:
        return None
    ten = f"{nine}{first}"
    second = -sum(w * int(d) for w, d in zip((5, 4, 3, 2, 7, 6, 5, 4, 3, 2), ten, strict=True)) % 11
    return None if second == 10 else f"{first}{second}"


def phone_number(rng: random.Random) -> str:
    """An invented telephone number in one of four notations: eight digits, the first of them 1. Only short service
    numbers start with 1, no subscriber's number does."""
    number = f"1{rng.randint(0, 9_999_999):07d}"
    form = rng.randrange(4)
    if form == 0:
        return number
    if form == 1:
        return f"{number[:2]} {number[2:4]} {number[4:6]} {number[6:]}"
    if form == 2:
        return f"{number[:3]} {number[3:5]} {number[5:]}"
    return f"+47 {number}"


def random_date(rng: random.Random) -> date:
    """A random day from 2019 to 2023."""
    return date(2019, 1, 1) + timedelta(days=rng.randrange(365 * 5))


def written_date(rng: random.Random, day: date) -> str:
    """The date `day` in one of the four forms that notes use, drawn at random."""
    form = rng.randrange(4)
    if form == 0:
        return f"{day.day:02d}.{day.month:02d}.{day.year}"
    if form == 1:
        return f"{day.day}. {_MONTHS[day.month - 1]} {day.year}"
    if form == 2:
        return f"{day.day}.{day.month}.{day.year % 100:02d}"
    return f"{day.day}. {_MONTHS[day.month - 1]}"
