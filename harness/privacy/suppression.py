"""The suppression rule: which small counts must not be shown.

A count of 1 to 4 is not shown (primary suppression). Zero is shown, since it is about nobody. Further cells are
hidden until no hidden one follows from the rest (secondary suppression: Hundepool et al. 2024, *Handbook on
Statistical Disclosure Control*, 2nd edition, section 4.2). That a count is small is a choice: the handbook's common
one is under 3, and it warns that zeros, too, can tell of a group (5.2); offices that check what researchers take out
ask for 3 to 10 (`harness.export.manifest` names some). The handbook sends checkers of such output to the
guidelines of ESSnet and Data without Boundaries (6.6.1); those, and the *SDC Handbook* of the Safe Data Access
Professionals, are not followed here rule by rule. A reader who subtracts is taken to know this rule and every total
that is shown; and to guess that a hidden cell is not zero. Hidden cells look alike, whichever reason they have: a sign
for "under 5" would tell the others apart. Of scores, and of what they are ratios of, nought counts as small
(`harness.statistics.disclosure.twins`).
"""

from collections.abc import Collection, Mapping

MINIMUM = 5


def is_small(count: int, minimum: int = MINIMUM) -> bool:
    return 0 < count < minimum


def crowded(rows: int, labels: int, minimum: int = MINIMUM) -> bool:
    """Would it tell a small count of so many rows that each label has one of them? What is left then for one label is
    fewer than `minimum`, however many the others leave it."""
    return rows - (labels - 1) < minimum


def protected(hidden: Collection[int], minimum: int = MINIMUM) -> bool:
    """Are these the counts of hidden cells of one total that none of them, and no small sum, follows from?

    Their sum is known. It must be no small count itself, and leave more than one way to share it out.
    """
    return not hidden or (len(hidden) > 1 and sum(hidden) >= max(minimum, len(hidden) + 1))


def suppressed(counts: Mapping[str, int], minimum: int = MINIMUM, shown: Collection[str] = ()) -> set[str]:
    """The cells of one known total that are not shown: the small ones, and the next smallest until they are protected.

    Cells in `shown` stand elsewhere and cannot be hidden as complements. Where even all others do not protect the
    small ones, all others are returned, and the total must not be shown either: see `protected`.
    """
    order = sorted((v for v in counts if counts[v]), key=lambda value: (counts[value], value))
    hidden = {value for value in order if is_small(counts[value], minimum)}
    free = [value for value in order if value not in hidden and value not in shown]
    while free and not protected([counts[v] for v in hidden], minimum):
        hidden.add(free.pop(0))
    return hidden
