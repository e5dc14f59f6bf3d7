"""The clinical vocabulary of the synthetic notes: fields of medicine, and their terms.

A term's frequency falls with its rank as in Zipf's law, but more slowly: the last terms are rare in a task of a
thousand rows, and still frequent enough in the clinical corpus to be learned from it.
"""

import random
from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate

from harness.data.synthetic.language import read_words, written


@dataclass(frozen=True)
class Term:
    """A clinical term in bokmål. `lay` is the patient's own word for the same concept, or empty."""

    clinical: str
    lay: str = ""

    def written(self, standard: str, *, lay: bool = False) -> str:
        return written(self.lay if lay and self.lay else self.clinical, standard)


class TermClass:
    """The terms of one kind, such as diseases or drugs, most frequent first. A term is drawn with weight 1 / (rank +
    8), with ranks from 0."""

    def __init__(self, terms: tuple[Term, ...]):
        self.terms = terms
        self._zipf = list(accumulate(1.0 / (rank + 8) for rank in range(len(terms))))

    def draw(self, rng: random.Random) -> Term:
        """A random term, drawn in proportion to its weight."""
        return self.terms[bisect(self._zipf, rng.random() * self._zipf[-1])]


@dataclass(frozen=True)
class Domain:
    """One field of medicine. `department` is its ward, and `cues` are its typical sentences. `surgical` is true for a
    surgical field. `terms` maps the kind of a term ("disease", "drug", …) to the terms."""

    department: str
    surgical: bool
    cues: tuple[str, ...]
    terms: dict[str, TermClass]


def _domain(disease: dict[str, str], department: str, surgical: bool, cues: tuple[str, ...], **others) -> Domain:
    terms = {"disease": tuple(Term(*pair) for pair in disease.items())}
    terms |= {kind: tuple(map(Term, of)) for kind, of in others.items()}
    return Domain(department, surgical, cues, {kind: TermClass(of) for kind, of in terms.items()})


DOMAINS = tuple(_domain(**given) for given in read_words("medicine.toml").values())
