"""The base class of task heads: the interface that stages use, and its default implementation."""

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
    """The contents of a new task that `harness new-task` writes for a head.

    `formats` are those of its sample, the usual one first. `recipe` is (updates, rows per batch, tokens per row,
    overlap of windows), small for the encoders of the profile `embedded`. `positive` is the positive label, and `shape`
    the code that makes records of a table's rows.
    """

    labels: tuple[str, ...]
    formats: tuple[str, ...]
    metrics: tuple[str, ...]
    recipe: tuple[int, int, int, int]
    positive: str = ""
    shape: str = ""


@dataclass(frozen=True)
class Rule:
    """A check of a value of a column, or of a whole record, with its `name` in a table of failures."""

    name: str
    holds: Callable[[object], bool]


@dataclass(frozen=True)
class Head(ABC):
    """A kind of task: its records, its prediction lines and its models.

    `windowed`: True if the head is `Windowed`, False if it is `Whole`.
    `place`: position of the head in lists of heads.
    `texts`: columns of a record with its texts.
    `answer`: column with the gold answer. All other columns are metadata.
    `decides`: kind of the decisions (`harness.metrics.decided`). It determines which metrics fit.
    `skill`: metric that scores 0 for every constant answer. It measures whether an arm has learnt anything.
    `model`: end of the name of the transformers class.
    `hub`: name of this kind of task in model cards.
    `template`: contents of a new task.
    `fields`: fields of a prediction line besides gold and prediction.
    `shows`: what a report shows besides scores: "matrix" (a confusion matrix), "curves" (scores over all thresholds),
    "masking" (the entities that masked documents would leave readable), "labels" (a picture by label).
    `nothing`: text for a part "{}" in which no record has a label. It is empty if every record has exactly one label.
    `unreleased`: reason why no figure of restricted data may be released. If it is empty,
    `statistics.disclosure.disclosing` decides.
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
        """The texts by which two records are compared as duplicates, as written. `fold` normalises a text."""
        return tuple(self.texts_of(record))

    def rewritten(self, record: Record, edit: Callable[[str, str], Edited]) -> dict[str, Any]:
        """A copy of a record whose texts are edited, and whose gold is still right. `edit` gets each text, and a name
        that is unique within the record, such as "options 1"."""
        found = dict(record)
        for column in self.texts:
            value = record[column]
            one = isinstance(value, str)
            texts = [edit(text, f"{column} {at}").text for at, text in enumerate([value] if one else value)]
            found[column] = texts[0] if one else texts
        return found

    def changed(self, records: Sequence[Record], others: Sequence[Record]) -> int:
        """The number of records whose texts differ from those of the same record in `others`."""
        pairs = zip(records, others, strict=True)
        return sum(self.texts_of(one) != self.texts_of(other) for one, other in pairs)

    @abstractmethod
    def columns(self, labels: Sequence[str], clean: Callable[[object], bool]) -> dict[str, list[Rule]]:
        """The rules, by column, for the answer and for text columns that contain no plain text (such as lists). `clean`
        checks that a value is a readable text."""

    def across(self, labels: Sequence[str]) -> list[Rule]:
        """The rules for a record as a whole. They pass if a value breaks its own column's rules."""
        return []

    @abstractmethod
    def labels_of(self, record: Record) -> list[str]:
        """The labels of a record, with repetitions."""

    @abstractmethod
    def right_answer(self, record: Record, labels: Sequence[str], fold: Callable[[str], str]) -> object:
        """The right answer of a record, in a form that can be compared with the right answer of another record.

        `fold` makes texts comparable (`data.readers.fold`)."""

    def strata(self, records: Iterable[Record]) -> dict[str, str]:
        """The stratum of each record, by id: its label or document type. All parts of a split get their share of it."""
        return {record["id"]: str(record.get("label", record.get("document_type", ""))) for record in records}

    # Prediction lines

    @abstractmethod
    def gold(self, record: Record) -> object:
        """The `gold` of the record's prediction line."""

    @abstractmethod
    def line_fault(self, line: Line, labels: Mapping[str, int]) -> str | None:
        """The fault of a prediction line that has all fields, or None. `labels` maps labels to indices from 0."""

    def faults_beside(
        self, part: str, lines: Sequence[Line], records: Mapping[str, Record]
    ) -> Iterator[tuple[str, list[str]]]:
        """Checks of a part's answers against their texts: (message, ids of the lines with this fault, or none)."""
        yield from ()

    @abstractmethod
    def decisions(self, task: Task, lines: Sequence[Line], records: Mapping[str, Record] | None) -> "Decided":
        """The input of the metrics, made from prediction lines. `records` are the validated records by id, for heads
        that need texts."""

    @abstractmethod
    def constants(self, task: Task, decisions: "Decided", training: Sequence[Record]) -> dict[str, "Decided"]:
        """The decisions of systems that read no text, by name. These systems may count the `training` records."""

    @abstractmethod
    def coded(self, line: Line, side: str, labels: Mapping[str, int], records: Mapping[str, Record] | None):
        """One side of a prediction line ("gold" or "prediction") as numbers, for early stopping. `statistics.selection`
        scores them. The shape is [decisions], or [1, questions] if each question is scored by itself. 0 means no label,
        and `labels` number the labels from 1."""

    # Models

    @abstractmethod
    def linear_baseline(self) -> Callable:
        """The function that makes the linear `Baseline` from (head, labels, training records, records by part)."""

    def outputs(self, labels: Sequence[str]) -> tuple[str, ...]:
        """The names of a model's outputs, in order. Empty if it gives one score for each of several texts."""
        return tuple(labels)

    def class_weights(self, records: Sequence[Record], labels: Sequence[str]) -> list[float]:
        """The weights of the labels in a balanced loss, [labels]: rows / (labels × rows of the label). So every label
        has the same total weight. Raises ConfigError if the head does not give each row a label."""
        if self.windowed or not self.outputs(labels):
            raise ConfigError(
                f"class_weights: balanced needs one label per row, which the head {self.name} does not have.",
                remedy="Set class_weights: none for this task in params.yaml.",
            )
        found = Counter(label for record in records for label in self.labels_of(record))
        return [len(records) / (len(labels) * found[label]) if found[label] else 1.0 for label in labels]

    def loss(self, logits, targets, weights=None):
        """The summed loss of a batch. Targets of −100 are left out. `weights`, [labels], are of `class_weights`."""
        import torch

        return torch.nn.functional.cross_entropy(
            logits.float().flatten(0, -2), targets.flatten(), weight=weights, ignore_index=-100, reduction="sum"
        )

    @abstractmethod
    def answers(self, records: Sequence[Record], examples, logits, labels: Sequence[str]) -> list[dict]:
        """The `prediction` and the `fields` of each record, from the logits of its examples."""

    # A new task

    @abstractmethod
    def sample(self, words, number: int, labels: Sequence[str]) -> dict:
        """The columns of the invented record `number`, made of `words` (see `harness.plugins.examples`). The first few
        records have all `labels`."""


class Whole(Head):
    """A head whose model reads a whole record at once. Text that is too long is cut at its end."""

    windowed = False

    def rows(self, records: Sequence[Record]) -> tuple[list[str], list[str] | None, list[int]]:
        """The input of a tokenizer: texts, the second texts of pairs (or None), and the number of texts per record."""
        return [record["text"] for record in records], None, [1] * len(records)

    def linear_baseline(self):
        from harness.heads.linear.linear import regression

        return regression

    def weighed(self, weights: Callable, records: Sequence[Record]):
        """The features of records for a linear model, [rows, features]. `weights` gives the features of texts."""
        return weights([record["text"] for record in records])

    @abstractmethod
    def regressed(self, strength: float, labels: Sequence[str], encoded, training: list[dict], features) -> list[dict]:
        """The answers of a logistic regression to records with `features`, as in a prediction line. It is fitted on the
        `training` records, which have the features `encoded`. `strength` is the inverse of the regularisation."""

    @abstractmethod
    def target(self, record: Record, labels: Mapping[str, int]) -> int | tuple[int, ...]:
        """The target of a record for training: a label index, or a 0 or 1 for each label."""


class Windowed(Head):
    """A head whose model reads the text of a record in overlapping windows."""

    windowed = True

    @abstractmethod
    def tags(self, record: Record, labels: Sequence[str]) -> Tags:
        """The targets of the tokens of a record's text."""
