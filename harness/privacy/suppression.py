"""The suppression rule: which small counts must not be shown.

A count of 1 to 4 is not shown (primary suppression). Zero is shown, because it is about nobody. Further cells are
hidden until no hidden one follows from the rest (secondary suppression: Hundepool et al. 2024, *Handbook on Statistical
Disclosure Control*, 2nd edition, section 4.2). The limit is a choice. For the handbook, a count under 3 is commonly
small, and it warns that zeros, too, can reveal something about a group (5.2). Offices that check the output of
researchers ask for 3 to 10 (`harness.export.manifest` names some). The handbook refers checkers of such output to the
guidelines of ESSnet and Data without Boundaries (6.6.1). These, and the *SDC Handbook* of the Safe Data Access
Professionals, are not followed here rule by rule. The rule assumes a reader who subtracts, knows this rule and every
total that is shown, and guesses that a hidden cell is not zero. Hidden cells look alike, whatever the reason: a sign
for "under 5" would reveal the others. For scores, and the counts of which they are ratios, zero counts as small
(`harness.statistics.disclosure.twins`).
"""

from collections.abc import Collection, Mapping

MINIMUM = 5


def is_small(count: int) -> bool:
    return 0 < count < MINIMUM


def crowded(rows: int, labels: int) -> bool:
    """True if a small count follows from this number of rows and from each label having a row. Then fewer than
    `MINIMUM` rows are left for one label, however few the other labels have."""
    return rows - (labels - 1) < MINIMUM


def protected(hidden: Collection[int]) -> bool:
    """True if neither a single hidden count of one total nor a small sum follows from these hidden counts.

    Their sum is known. It must not be small itself, and must leave more than one way to divide it.
    """
    return not hidden or (len(hidden) > 1 and sum(hidden) >= max(MINIMUM, len(hidden) + 1))


def suppressed(counts: Mapping[str, int], shown: Collection[str] = ()) -> set[str]:
    """The cells of one known total that are not shown: the small ones, and the next smallest until they are protected.

    Cells in `shown` are shown elsewhere and cannot be hidden as complements. If even all others do not protect the
    small ones, all others are returned, and the total must not be shown either (see `protected`).
    """
    order = sorted((v for v in counts if counts[v]), key=lambda value: (counts[value], value))
    hidden = {value for value in order if is_small(counts[value])}
    free = [value for value in order if value not in hidden and value not in shown]
    while free and not protected([counts[v] for v in hidden]):
        hidden.add(free.pop(0))
    return hidden
