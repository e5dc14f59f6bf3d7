"""Make folds for cross-validation: in each repeat every row outside the holdout is tested once, and groups stay whole.

The splitter (`harness.data.splitting`) makes the folds, as parts with equal shares of each stratum. Then
`harness.data.spreading` spreads rare labels over the folds, and over the parts of each fold. scikit-learn's
StratifiedGroupKFold is not used, because it moves two rows in five when groups are merely renamed.
"""

from collections.abc import Iterable, Mapping

from harness.data.splitting import EXCLUDED, HOLDOUT, Row, split
from harness.data.spreading import spread
from harness.errors import DataError
from harness.heads import Head
from harness.params.folds import Folds

Parts = dict[str, str]


def seed_of(repeat: int, fold: int) -> int:
    """The seed of one fold, for dividing the rows outside the fold into training and validation, and for the training
    runs. A seed that all folds of a repeat share would make the results of the folds more alike than their rows do."""
    return 1000 * repeat + fold


def deal(rows: Iterable[Row], folds: Folds, repeat: int) -> list[Parts]:
    """Divide the rows into folds. Returns for each fold a dict from id to part (train, validation or test).

    The test part of a fold is the fold itself. `folds` has the number of folds, and the share of the other rows that is
    the validation part. `repeat` is the number of the repetition, and the seed by which the folds are drawn. The result
    depends only on ids, groups, strata and labels, not on the order of rows or the names of groups. Raises DataError if
    a part of a fold would be empty.
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
    """The rows of a task that are divided into folds: all records except the excluded and the holdout records of the
    fixed split.

    `splits` maps each id to its part in the fixed split. `groups` maps each id to its group (see
    `grouping.components`). `head` is the kind of task.
    """
    records = list(records)
    strata = head.strata(records)
    return [
        Row(record["id"], groups[record["id"]], strata[record["id"]], labels=frozenset(head.labels_of(record)))
        for record in records
        if splits[record["id"]] not in (EXCLUDED, HOLDOUT)
    ]
