"""The base class of heads. A head is a kind of task, such as token classification. The class declares all methods that
the stages call, and implements those that most heads share."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from harness.errors import ConfigError
from harness.task import Task
from harness.text.bio import Tags
from harness.text.edited import Edited

if TYPE_CHECKING:
    from harness.metrics import Decided

Record = Mapping[str, Any]
Line = Mapping[str, Any]


@dataclass(frozen=True)
class Template:
    """The contents of a new task with this head, for the command `harness new-task`.

    `labels`, `positive`, `metrics`: the labels, the positive label and the metrics that the new task declares.
    `formats`: file formats of the sample data, the usual one first.
    `recipe`: (updates, rows per batch, tokens per row, overlap of windows in tokens), small for the encoders of the
    profile `embedded`.
    `shape`: Python code for the task's file that makes records from the rows of a table, or an empty text.
    """

    labels: tuple[str, ...]
    formats: tuple[str, ...]
    metrics: tuple[str, ...]
    recipe: tuple[int, int, int, int]
    positive: str = ""
    shape: str = ""


@dataclass(frozen=True)
class Rule:
    """A check of a column's value, or of a whole record. `holds(value or record)` is True if the check passes. `name`
    is the name of the check in a table of failures."""

    name: str
    holds: Callable[[object], bool]


@dataclass(frozen=True)
class Head(ABC):
    """A kind of task: its records, its prediction lines and its models.

    `windowed`: True if the head's class is `Windowed`, False if it is `Whole`.
    `place`: position of the head in lists of heads.
    `texts`: columns of a record with its texts.
    `answer`: column with the gold answer. Columns other than texts and answer are metadata.
    `decides`: kind of the decisions, "rows", "sets" or "spans" (see `harness.metrics.decided`). The kind determines
    which metrics fit.
    `skill`: name of a metric that scores 0 for every constant answer. The metric shows whether an arm has learnt
    anything.
    `model`: end of the name of the model class in transformers, such as "TokenClassification".
    `hub`: name of this kind of task in model cards.
    `template`: contents of a new task.
    `fields`: fields of a prediction line besides id, group, part, gold and prediction.
    `shows`: what a report shows besides scores: "matrix" (a confusion matrix), "curves" (scores over all thresholds),
    "masking" (the entities that masked documents would leave readable), "labels" (a picture by label).
    `nothing`: message about a part in which no record has a label, with "{}" in place of the part's name. The message
    is empty if every record has exactly one label.
    `unreleased`: reason why no figure of restricted data may be released. If the reason is empty,
    `harness.statistics.disclosure.disclosing` decides.
    """

    windowed: ClassVar[bool]

    name: str
    place: int
    texts: tuple[str, ...]
    answer: str
    decides: str
    model: str
    hub: str
    template: Template
    skill: str = "mcc"
    fields: tuple[str, ...] = ("scores",)
    shows: frozenset[str] = field(default=frozenset())
    nothing: str = ""
    unreleased: str = ""

    # Records

    def texts_of(self, record: Record) -> list[str]:
        """All texts of a record. Each option of a question is one text."""
        found = (record[column] for column in self.texts)
        return [text for value in found for text in ([value] if isinstance(value, str) else value)]

    def compared_texts(self, record: Record, fold: Callable[[str], str]) -> tuple[str, ...]:
        """The texts of a record that are compared with those of other records to find duplicates. The texts are not
        normalised. `fold` normalises a text, for heads that sort texts."""
        return tuple(self.texts_of(record))

    def rewritten(self, record: Record, edit: Callable[[str, str], Edited]) -> dict[str, Any]:
        """A copy of a record with edited texts. The gold answer of the copy is still right.

        `edit(text, name)` returns the text with its edits. `name` is unique within the record, such as "options 1".
        """
        found = dict(record)
        for column in self.texts:
            value = record[column]
            one = isinstance(value, str)
            texts = [edit(text, f"{column} {at}").text for at, text in enumerate([value] if one else value)]
            found[column] = texts[0] if one else texts
        return found

    def changed(self, records: Sequence[Record], others: Sequence[Record]) -> int:
        """The number of records that have another text in `others`. Both sequences have the same records in the same
        order."""
        pairs = zip(records, others, strict=True)
        return sum(self.texts_of(one) != self.texts_of(other) for one, other in pairs)

    @abstractmethod
    def columns(self, labels: Sequence[str], clean: Callable[[object], bool]) -> dict[str, list[Rule]]:
        """The rules for values, by column: for the answer, and for text columns that contain no plain text (such as
        lists).

        `labels` are the labels of the task. `clean(value)` is True if the value is a readable text.
        """

    def across(self, labels: Sequence[str]) -> list[Rule]:
        """The rules that need several columns of a record. A rule passes if a value already breaks the rules of its own
        column, so that one fault is reported once."""
        return []

    @abstractmethod
    def labels_of(self, record: Record) -> list[str]:
        """The labels of a record, with repetitions: for example, one label per span."""

    @abstractmethod
    def right_answer(self, record: Record, labels: Sequence[str], fold: Callable[[str], str]) -> object:
        """The right answer of a record, in a form that can be compared with the right answer of another record.

        `labels` are the labels of the task. `fold` makes texts comparable (`harness.data.readers.fold`).
        """

    def strata(self, records: Iterable[Record]) -> dict[str, str]:
        """The stratum of each record, by record id. The stratum is the label of the record, or the document type of a
        record without a label. A split gives every part its share of each stratum."""
        return {record["id"]: str(record.get("label", record.get("document_type", ""))) for record in records}

    # Prediction lines

    @abstractmethod
    def gold(self, record: Record) -> object:
        """The gold answer of a record, in the form of the field `gold` of a prediction line."""

    @abstractmethod
    def line_fault(self, line: Line, labels: Mapping[str, int]) -> str | None:
        """The fault of a prediction line as words for a message, or None if the line can be an answer. The line has all
        fields. `labels` maps labels to indices from 0."""

    def faults_beside(
        self, part: str, lines: Sequence[Line], records: Mapping[str, Record]
    ) -> Iterator[tuple[str, list[str]]]:
        """Yield the results of checks of prediction lines against the texts of their records, as pairs (message, ids of
        the lines with the fault). The list of ids is empty if the check passes.

        `part` is the name of the lines' part. `records` maps ids to validated records.
        """
        yield from ()

    @abstractmethod
    def decisions(self, task: Task, lines: Sequence[Line], records: Mapping[str, Record] | None) -> "Decided":
        """The gold answers and predictions of the prediction `lines`, in the form that metrics take. `records` maps ids
        to validated records, for heads that need texts."""

    @abstractmethod
    def constants(self, task: Task, decisions: "Decided", training: Sequence[Record]) -> dict[str, "Decided"]:
        """The decisions of systems that give the same answer to every row of `decisions`, by the name of the system.
        `training` are the training records, from which a system may count labels."""

    @abstractmethod
    def coded(self, line: Line, side: str, labels: Mapping[str, int], records: Mapping[str, Record] | None):
        """One side of a prediction line ("gold" or "prediction") as numbers. `harness.statistics.selection` compares
        these numbers to select the weights of a run.

        The result is [decisions]: one number per row, or per character. `labels` maps each label to its number, from 1.
        The number 0 means no label. If each label is a decision of its own, the result is [1, labels], with 1 for yes
        and 0 for no. `records` maps ids to validated records, for heads that need texts.
        """

    # Models

    @abstractmethod
    def linear_baseline(self) -> Callable:
        """The function that makes the linear `Baseline` of a task. Its arguments are the head, the labels, the training
        records, and the records to answer by part."""

    def outputs(self, labels: Sequence[str]) -> tuple[str, ...]:
        """The names of a model's outputs, in order. The tuple is empty if a model gives one score to each of several
        texts, such as options."""
        return tuple(labels)

    def class_weights(self, records: Sequence[Record], labels: Sequence[str]) -> list[float]:
        """The weights of the labels in a balanced loss, [labels]: rows / (labels × rows of the label). So every label
        has the same total weight. A label without rows has weight 1.

        Raises ConfigError if the records of this head do not have one label each.
        """
        if self.windowed or not self.outputs(labels):
            raise ConfigError(
                f"class_weights: balanced needs one label per row, which the head {self.name} does not have.",
                remedy="Set class_weights: none for this task in params.yaml.",
            )
        found = Counter(label for record in records for label in self.labels_of(record))
        return [len(records) / (len(labels) * found[label]) if found[label] else 1.0 for label in labels]

    def loss(self, logits, targets, weights=None):
        """The loss of a batch, summed over its targets (cross-entropy). `logits` is [..., outputs] and `targets` [...].
        Targets of −100 are left out. `weights` are those of `class_weights`, or None."""
        import torch

        return torch.nn.functional.cross_entropy(
            logits.float().flatten(0, -2), targets.flatten(), weight=weights, ignore_index=-100, reduction="sum"
        )

    @abstractmethod
    def answers(self, records: Sequence[Record], examples, logits, labels: Sequence[str]) -> list[dict]:
        """The answer to each record: a dict with `prediction` and the `fields` of this head.

        `examples` are the encoded inputs made from the records (`harness.training.finetune.examples`), several per
        record if a text is read in windows. `logits` has a tensor for each example, as
        `harness.training.finetune.predicting.logits` returns it.
        """

    # A new task

    @abstractmethod
    def sample(self, words, number: int, labels: Sequence[str]) -> dict:
        """The columns of an invented record for the sample data of a new task. `number` counts the records from 0.

        `words` are the words to make texts of (see `harness.plugins.examples.Words`). The first few records together
        have all `labels`.
        """


class Whole(Head):
    """A head whose model reads a whole record at once. Text that is too long is cut at its end."""

    windowed = False

    def rows(self, records: Sequence[Record]) -> tuple[list[str], list[str] | None, list[int]]:
        """The input of a tokenizer for these records: the texts, the second texts of pairs (None if the head has no
        pairs), and the number of texts of each record."""
        return [record["text"] for record in records], None, [1] * len(records)

    def linear_baseline(self):
        from harness.heads.linear.linear import regression

        return regression

    def weighed(self, weights: Callable, records: Sequence[Record]):
        """The features of the records for a linear model, a sparse matrix [rows, features]. `weights(texts)` returns
        the features of texts, [texts, features]."""
        return weights([record["text"] for record in records])

    @abstractmethod
    def regressed(self, strength: float, labels: Sequence[str], encoded, training: list[dict], features) -> list[dict]:
        """The answers of a logistic regression to the records with these `features`, as dicts with `prediction` and
        `scores`.

        The regression is fitted on the `training` records, which have the features `encoded`. `strength` is the inverse
        of the regularisation (scikit-learn's C).
        """

    @abstractmethod
    def target(self, record: Record, labels: Mapping[str, int]) -> int | tuple[int, ...]:
        """The target of a record for training: a label index, or a 0 or 1 for each label."""


class Windowed(Head):
    """A head whose model reads the text of a record in overlapping windows."""

    windowed = True

    @abstractmethod
    def tags(self, record: Record, labels: Sequence[str]) -> Tags:
        """The BIO tags of a record's text, from which the target of each token is computed. `labels` are the labels of
        the task."""
