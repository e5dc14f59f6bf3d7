"""Make folds for cross-validation: every pooled row is tested once per repeat, and groups stay whole.

The splitter (`harness.data.splitting`) makes the folds, as parts with equal shares of the strata. scikit-learn's
StratifiedGroupKFold is not used, because it moves two rows in five when groups are merely renamed. Then labels are
spread over the folds, and over the parts of each fold, as over those of a split.
"""

from collections.abc import Iterable, Mapping

from harness.data.splitting import EXCLUDED, HOLDOUT, Row, split
from harness.data.spreading import spread
from harness.errors import DataError
from harness.heads import Head
from harness.params.folds import Folds

Parts = dict[str, str]


def seed_of(repeat: int, fold: int) -> int:
    """The seed of one fold. A seed that all folds of a repeat share would make folds more alike than their rows do."""
    return 1000 * repeat + fold


def deal(rows: Iterable[Row], folds: Folds, repeat: int) -> list[Parts]:
    """The part (train, validation or test) of every id, for each fold of `repeat`, whose number is the seed.

    The result depends only on ids, groups, strata and labels, not on the order of rows or the names of groups. Raises
    DataError if a part of a fold would be empty.
    """
    pooled = list(rows)
    share = 1 / folds.number
    places = _spread(pooled, {str(fold): share for fold in range(1, folds.number + 1)}, repeat)
    dealt = []
    for fold in range(1, folds.number + 1):
        rest = [row for row in pooled if places[row.id] != str(fold)]
        inner = {"train": 1 - folds.validation, "validation": folds.validation}
        parts = _spread(rest, inner, seed_of(repeat, fold)) if rest else {}
        parts |= {row.id: "test" for row in pooled if places[row.id] == str(fold)}
        if lacking := sorted({"train", "validation", "test"} - set(parts.values())):
            raise DataError(
                f"{len({row.group for row in pooled})} groups are too few for {folds.number} folds: "
                f"{' and '.join(lacking)} would be empty.",
                remedy="Ask for fewer folds or another validation share under cross_validation.folds in params.yaml.",
            )
        dealt.append(dict(sorted(parts.items())))
    return dealt


def _spread(rows: list[Row], shares: Mapping[str, float], seed: int) -> Parts:
    return spread(split(rows, shares, seed), rows, {row.id: row.labels for row in rows}, shares, seed)


def rows_of(records: Iterable[dict], splits: Mapping[str, str], groups: Mapping[str, str], head: Head) -> list[Row]:
    """The rows of a task for the folds: those of the fixed split, except excluded and holdout rows.

    `splits` is the manifest (id to part). `groups` is the group of each id, records linked by texts included.
    """
    records = list(records)
    strata = head.strata(records)
    return [
        Row(record["id"], groups[record["id"]], strata[record["id"]], labels=frozenset(head.labels_of(record)))
        for record in records
        if splits[record["id"]] not in (EXCLUDED, HOLDOUT)
    ]
