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
    """What `harness new-task` begins a task with: labels, the formats of its sample (the usual one first), metrics, the
    recipe (updates, rows a batch, tokens a row, overlap of windows: small, for the encoders of `embedded`), which label
    is positive, and what makes records of a table's rows."""

    labels: tuple[str, ...]
    formats: tuple[str, ...]
    metrics: tuple[str, ...]
    recipe: tuple[int, int, int, int]
    positive: str = ""
    shape: str = ""


@dataclass(frozen=True)
class Rule:
    """What must hold of a value of a column, or of a whole record, and how that is called in a table of failures."""

    name: str
    holds: Callable[[object], bool]


@dataclass(frozen=True)
class Head(ABC):
    """A kind of task.

    `texts` are the columns of a record that carry its text, `answer` the one that carries gold; everything else is
    metadata. `decides` is the kind of its decisions (`harness.metrics.decided`), by which metrics fit it, and `skill`
    the metric by which every constant answer scores 0: what an arm knows is judged by it. `model` ends
    the name of the class that transformers has for it, and `hub` is what model cards call such a task. `place` orders
    the heads where they are listed. `shows` says what a report shows of it beside scores: "matrix" (what is taken for
    what), "curves" (over all thresholds), "masking" (what masked documents would leave readable), "labels" (a picture
    by label). `fields` stand in a prediction line beside gold and prediction. `windowed` says whether a head is
    `Windowed` or `Whole`. Where a record may have several labels, or none, `nothing` says of "{}", a part, that none
    of its records has any; of other heads it is empty. `unreleased` says why no figure of restricted data leaves
    (empty: `statistics.disclosure.disclosing` decides).
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
        """Every text of a record; options are a list of them."""
        found = (record[column] for column in self.texts)
        return [text for value in found for text in ([value] if isinstance(value, str) else value)]

    def compared_texts(self, record: Record, fold: Callable[[str], str]) -> tuple[str, ...]:
        """The texts in which two records can repeat each other, as written; `fold` is what a reader sees of one."""
        return tuple(self.texts_of(record))

    def rewritten(self, record: Record, edit: Callable[[str, str], Edited]) -> dict[str, Any]:
        """A copy of a record with other texts: `edit` is given each text, and what tells it from the others of its
        record. Gold stays right."""
        found = dict(record)
        for column in self.texts:
            value = record[column]
            one = isinstance(value, str)
            texts = [edit(text, f"{column} {at}").text for at, text in enumerate([value] if one else value)]
            found[column] = texts[0] if one else texts
        return found

    def changed(self, records: Sequence[Record], others: Sequence[Record]) -> int:
        """How many of the records have another text in `others`."""
        pairs = zip(records, others, strict=True)
        return sum(self.texts_of(one) != self.texts_of(other) for one, other in pairs)

    @abstractmethod
    def columns(self, labels: Sequence[str], clean: Callable[[object], bool]) -> dict[str, list[Rule]]:
        """What must hold of the answer, and of texts that are no plain ones, by column; `clean` is a text to read."""

    def across(self, labels: Sequence[str]) -> list[Rule]:
        """What must hold of a record as a whole; of a value that breaks its own column's rules nothing is said."""
        return []

    @abstractmethod
    def labels_of(self, record: Record) -> list[str]:
        """The labels that a record has, each as often as it has it."""

    @abstractmethod
    def right_answer(self, record: Record, labels: Sequence[str], fold: Callable[[str], str]) -> object:
        """The right answer, comparable with that of a record with the same text."""

    def strata(self, records: Iterable[Record]) -> dict[str, str]:
        """By id what the parts of a split should hold in equal shares: the label, or the document type."""
        return {record["id"]: str(record.get("label", record.get("document_type", ""))) for record in records}

    # Prediction lines

    @abstractmethod
    def gold(self, record: Record) -> object:
        """What the `gold` of a prediction line must be."""

    @abstractmethod
    def line_fault(self, line: Line, labels: Mapping[str, int]) -> str | None:
        """Why a line that has all fields can be no answer; `labels` by name their place."""

    def faults_beside(
        self, part: str, lines: Sequence[Line], records: Mapping[str, Record]
    ) -> Iterator[tuple[str, list[str]]]:
        """What of the answers to a part does not fit the texts they are about, and the ids of these."""
        yield from ()

    @abstractmethod
    def decisions(self, task: Task, lines: Sequence[Line], records: Mapping[str, Record] | None) -> "Decided":
        """Prediction lines as what metrics take. `records` are the validated ones by id, where texts are needed."""

    @abstractmethod
    def constants(self, task: Task, decisions: "Decided", training: Sequence[Record]) -> dict[str, "Decided"]:
        """The decisions of systems that read nothing, by name; `training` are the records they may count."""

    @abstractmethod
    def coded(self, line: Line, side: str, labels: Mapping[str, int], records: Mapping[str, Record] | None):
        """One side of a line as numbers [things decided] or [1, questions], each question judged by itself; 0 is what
        has no label, and `labels` number the others from 1. By them early stopping judges (`statistics.selection`)."""

    # Models

    @abstractmethod
    def linear_baseline(self) -> Callable:
        """The linear model of this head: (head, labels, training records, records by part) to a `Baseline`."""

    def outputs(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Names of a model's outputs in order; none where it gives one score for each of several texts."""
        return tuple(labels)

    def class_weights(self, records: Sequence[Record], labels: Sequence[str]) -> list[float]:
        """What a row of each label counts for in a balanced loss: rows / (labels × rows of the label), so that every
        label counts for as much in all. Raises ConfigError of a head that does not give each row a label."""
        if self.windowed or not self.outputs(labels):
            raise ConfigError(
                f"class_weights: balanced asks for a label a row; the head {self.name} has none.",
                remedy="Set class_weights: none for this task in params.yaml.",
            )
        found = Counter(label for record in records for label in self.labels_of(record))
        return [len(records) / (len(labels) * found[label]) if found[label] else 1.0 for label in labels]

    def loss(self, logits, targets, weights=None):
        """The summed loss of a batch; targets of −100 are left out. `weights`: [labels], of `class_weights`."""
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
        """The columns of an invented record, of the `words` of `harness.plugins.examples`; the records are numbered,
        and every label has one of the first."""


class Whole(Head):
    """A head whose model reads a record at once; what is too long is cut off at its end."""

    windowed = False

    def rows(self, records: Sequence[Record]) -> tuple[list[str], list[str] | None, list[int]]:
        """What a tokenizer is given: texts, what each of them is paired with, and how many texts every record has."""
        return [record["text"] for record in records], None, [1] * len(records)

    @abstractmethod
    def target(self, record: Record, labels: Mapping[str, int]) -> int | tuple[int, ...]:
        """What a model is trained to say of a record."""


class Windowed(Head):
    """A head whose model reads the text of a record in windows that overlap."""

    windowed = True

    @abstractmethod
    def tags(self, record: Record, labels: Sequence[str]) -> Tags:
        """What a model is trained to say of each token of a record's text."""
