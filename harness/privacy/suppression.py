"""The suppression rule: which small counts must not be shown.

A count of 1 to 4 is not shown (primary suppression). Zero is shown, because it is about nobody. Further cells are
hidden until no hidden cell follows from the rest (secondary suppression: Hundepool et al. 2024, *Handbook on
Statistical Disclosure Control*, 2nd edition, section 4.2). The limit is a choice. For the handbook, a count under 3 is
commonly small, and it warns that zeros, too, can reveal something about a group (5.2). Offices that check the output of
researchers ask for 3 to 10 (`harness.export.manifest` names some). The handbook refers checkers of such output to the
guidelines of ESSnet and Data without Boundaries (6.6.1). These guidelines, and the *SDC Handbook* of the Safe Data
Access Professionals, are not followed here rule by rule.

The rule assumes a reader who subtracts, knows this rule and every total that is shown, and guesses that a hidden cell
is not zero. Hidden cells look alike, whatever the reason: a sign for "under 5" would reveal the others. For scores, and
the counts from which they are computed, zero counts as small (`harness.statistics.disclosure.twins`).
"""

from collections.abc import Collection, Mapping

MINIMUM = 5


def is_small(count: int) -> bool:
    return 0 < count < MINIMUM


def crowded(rows: int, labels: int) -> bool:
    """True if a part has so few `rows` that one of its labels must have a small count, if every label has a row. If
    each other label has one row, fewer than `MINIMUM` rows are left for the last label."""
    return rows - (labels - 1) < MINIMUM


def protected(hidden: Collection[int]) -> bool:
    """True if the `hidden` counts of one known total reveal neither a single count nor a small sum.

    A reader can compute the sum of the hidden counts. So the sum must not be small itself, and there must be more than
    one way to divide it into the hidden counts.
    """
    return not hidden or (len(hidden) > 1 and sum(hidden) >= max(MINIMUM, len(hidden) + 1))


def suppressed(counts: Mapping[str, int], shown: Collection[str] = ()) -> set[str]:
    """The keys of the `counts` that must be hidden, if their total is known: the small ones, and the next smallest
    until all are protected (see `protected`).

    Keys in `shown` are shown elsewhere and cannot be hidden to protect others. If even hiding all other counts does not
    protect the small ones, all others are returned, and the total must not be shown either.
    """
    order = sorted((v for v in counts if counts[v]), key=lambda value: (counts[value], value))
    hidden = {value for value in order if is_small(counts[value])}
    free = [value for value in order if value not in hidden and value not in shown]
    while free and not protected([counts[v] for v in hidden]):
        hidden.add(free.pop(0))
    return hidden
