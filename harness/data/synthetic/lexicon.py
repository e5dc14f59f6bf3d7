"""The vocabulary as typed values: terms with their class, frequency and nynorsk form.

A term's frequency falls with its rank as in Zipf's law, but with a floor: the tail is rare in a task
of a thousand rows and still common enough in the clinical corpus to be learned from it.
"""

import random
from bisect import bisect
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from harness.data.synthetic.domains import DOMAINS, KINDS
from harness.data.synthetic.nynorsk import to_nynorsk


@dataclass(frozen=True)
class Term:
    """One concept's surface form in bokmål; `lay` is the patient's own word, or empty."""

    clinical: str
    lay: str = ""

    def said(self, standard: str, *, lay: bool = False) -> str:
        return _said(self.lay if lay and self.lay else self.clinical, standard)


@cache
def _said(words: str, standard: str) -> str:
    return to_nynorsk(words) if standard == "nynorsk" else words


class TermClass:
    """Terms of one class in falling frequency, drawn with weight 1 / (rank + flatness)."""

    def __init__(self, name: str, terms: tuple[Term, ...], flatness: float = 8.0):
        self.name = name
        self.terms = terms
        self._zipf = list(accumulate(1.0 / (rank + flatness) for rank in range(len(terms))))

    def draw(self, rng: random.Random) -> Term:
        """A term by its frequency, as running text has it."""
        return self.terms[bisect(self._zipf, rng.random() * self._zipf[-1])]


def _terms(text: str) -> tuple[Term, ...]:
    pieces = [" ".join(piece.split()) for piece in text.split(",")]
    return tuple(Term(*(half.strip() for half in piece.split("="))) for piece in pieces if piece)


DOMAIN_NAMES = tuple(domain.name for domain in DOMAINS)
BY_NAME = {domain.name: domain for domain in DOMAINS}

# (domain, kind) → its terms.
CLINICAL = {
    (domain.name, kind): TermClass(f"{domain.name}.{kind}", _terms(getattr(domain, kind)))
    for domain in DOMAINS
    for kind in KINDS
}


def clinical_terms() -> tuple[str, ...]:
    """Every clinical term in bokmål and nynorsk, sorted: what the general corpus must not hold."""
    forms = {
        form
        for terms in CLINICAL.values()
        for term in terms.terms
        for standard in ("bokmål", "nynorsk")
        for form in (term.said(standard), term.said(standard, lay=True))
    }
    return tuple(sorted(forms))
