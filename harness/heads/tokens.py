"""The head for token classification. A text has entities, which are spans of its characters with one label each."""

import itertools

from harness.heads.head import Rule, Template, Windowed
from harness.heads.labelled import listed
from harness.text.bio import Tags, decode_tags
from harness.text.letters import letter_end


class Tokens(Windowed):
    def rewritten(self, record, edit):
        """A copy of a record with an edited text, and with its spans at their new positions. An edit is not made if the
        start or the end of a span is inside the edited piece. `edit(text, name)` returns the text with its edits."""
        text, spans = record["text"], record["spans"]
        found = edit(text, "text").around([span[end] for span in spans for end in ("start", "end")])
        moved = [span | {end: found.moved(span[end]) for end in ("start", "end")} for span in spans]
        return dict(record) | {"text": found.text, "spans": moved}

    def columns(self, labels, clean):
        return {"spans": [Rule("spans: a list of {start, end, label}", _are_spans)]}

    def across(self, labels):
        allowed = frozenset(labels)
        rules = (
            ("span inside its text", lambda text, spans: all(s["start"] >= 0 and s["end"] <= len(text) for s in spans)),
            ("span not empty", lambda text, spans: all(s["start"] < s["end"] for s in spans)),
            ("spans in order, not overlapping", lambda text, spans: _are_apart(spans)),
            (listed("span label allowed", labels), lambda text, spans: all(s["label"] in allowed for s in spans)),
            ("span without edge whitespace", lambda text, spans: all(_is_trimmed(text, s) for s in spans)),
        )
        return [Rule(name, _of_whole(rule)) for name, rule in rules]

    def labels_of(self, record):
        return [span["label"] for span in record["spans"]]

    def right_answer(self, record, labels, fold):
        # Marked texts and not offsets, because two records with the same text may differ in white space.
        return tuple((fold(record["text"][s["start"] : s["end"]]), s["label"]) for s in record["spans"])

    def gold(self, record):
        return sorted([span["start"], span["end"], span["label"]] for span in record["spans"])

    def line_fault(self, line, labels):
        length = line["length"]
        if type(length) is not int or length < 0:
            return "the length of the text is not a number of characters"
        for side in ("gold", "prediction"):
            if not isinstance(line[side], list):
                return f"the {side} is not a list of spans"
            before = (0, 0, "")
            for span in line[side]:
                if not _is_span(span):
                    return f"a {side} span is not [start, end, label]"
                start, end, label = span
                if label not in labels:
                    return f"the label of a {side} span is not in the task's label list"
                if not 0 <= start < end <= length:
                    return f"the {side} span {start}–{end} is empty or outside the text's {length} characters"
                if tuple(span) == before:
                    return f"the {side} span {start}–{end} occurs twice"
                if start < before[0]:
                    return f"the {side} spans are not in the order of the text"
                before = (start, end, label)
        return None

    def faults_beside(self, part, lines, records):
        texts = {line["id"]: records[line["id"]]["text"] for line in lines}
        wrong = [line["id"] for line in lines if line["length"] != len(texts[line["id"]])]
        yield f"the length of {len(wrong)} {part} text(s) differs from the validated data", wrong
        wrong = [line["id"] for line in lines if _overlap(line["prediction"], texts[line["id"]])]
        yield f"predicted spans overlap in {len(wrong)} {part} text(s), but tokens have one tag", wrong

    def decisions(self, task, lines, records):
        from harness.metrics.decided.spans import Document, SpanDecisions, unseen

        return SpanDecisions(
            task.labels,
            tuple(
                Document(
                    line["id"],
                    tuple(map(tuple, line["gold"])),
                    tuple(map(tuple, line["prediction"])),
                    line["length"],
                    unseen(records[line["id"]]["text"], line["gold"]),
                )
                for line in lines
            ),
        )

    def constants(self, task, decisions, training):
        from harness.metrics.decided.spans import nothing_found

        return {"majority": nothing_found(decisions)}

    def coded(self, line, side, labels, records):
        """The label of every character of a text, as a number from 1, or 0 for no label. Characters of white space are
        left out.

        No token contains white space. So an answer with an entity of one label at every token counts as a constant
        answer, too, and gets no credit.
        """
        import numpy as np

        codes = np.zeros(line["length"], dtype=np.int64)
        for start, end, label in line[side]:
            codes[start:end] = labels[label]
        text = records[line["id"]]["text"]
        return codes[np.fromiter((not character.isspace() for character in text), bool, len(text))]

    def linear_baseline(self):
        from harness.heads.linear.tagging import tagger

        return tagger

    def outputs(self, labels):
        """The tags of BIO tagging: "O", then "B-" and "I-" of every label."""
        return ("O", *(f"{tag}-{label}" for label in labels for tag in "BI"))

    def tags(self, record, labels):
        return Tags(record["spans"], labels)

    def answers(self, records, examples, logits, labels):
        """The answer to each record: the spans (`prediction`) and the text length in characters (`length`).

        If windows overlap, the tag of a token is taken from the window in which the token is farthest from the nearer
        edge. So the edge of a window never decides what is inside an entity.
        """
        chosen: list[dict[tuple[int, int], tuple[int, int]]] = [{} for _ in records]
        for example, row in zip(examples, logits, strict=True):
            tags = row.argmax(-1).tolist()
            last = len(tags) - 1
            best = chosen[example.record]
            for t, (offset, tag) in enumerate(zip(example.offsets, tags, strict=True)):
                if offset[0] == offset[1]:
                    continue
                context = min(t, last - t)
                if offset not in best or context > best[offset][0]:
                    best[offset] = (context, tag)
        tagged = ([(offset, tag) for offset, (_, tag) in sorted(found.items())] for found in chosen)
        return [
            {"prediction": decode_tags(tags, labels), "length": len(record["text"])}
            for record, tags in zip(records, tagged, strict=True)
        ]

    def sample(self, words, number, labels):
        plain = [(word, "") for word in f"hadde {words.complaint} . Pasienten {words.act} .".split()]
        first, second = labels[2 * number % len(labels)], labels[(2 * number + 1) % len(labels)]
        return {"words": [(words.name, first), ("fra", ""), (words.place, second), *plain]}


def _of_whole(rule):
    """`rule` for a whole record. It passes if the text or the list of spans is malformed, which has its own rule."""
    return lambda record: (
        not isinstance(record["text"], str) or not _are_spans(record["spans"]) or rule(record["text"], record["spans"])
    )


def _are_spans(value) -> bool:
    return isinstance(value, list) and all(
        isinstance(span, dict)
        and sorted(span) == ["end", "label", "start"]
        and _is_span([span["start"], span["end"], span["label"]])
        for span in value
    )


def _is_span(span) -> bool:
    return (
        isinstance(span, list)
        and len(span) == 3
        and type(span[0]) is int
        and type(span[1]) is int
        and isinstance(span[2], str)
    )


def _are_apart(spans: list[dict]) -> bool:
    return all(before["end"] <= after["start"] for before, after in itertools.pairwise(spans))


def _is_trimmed(text: str, span: dict) -> bool:
    covered = text[max(span["start"], 0) : max(span["end"], 0)]
    return covered == covered.strip()


def _overlap(spans: list[list], text: str) -> bool:
    """Do two spans share more than one letter? Two tokens may each contain a part of one letter."""
    for one, other in itertools.pairwise(spans):
        if other[0] < one[1] and letter_end(text, other[0] + 1) < min(one[1], other[1]):
            return True
    return False


tokens = Tokens(
    name="tokens",
    place=3,
    texts=("text",),
    answer="spans",
    decides="spans",
    skill="strict_f1",
    model="TokenClassification",
    hub="token-classification",
    fields=("length",),
    shows=frozenset({"masking", "labels"}),
    nothing="no document of the {} has an entity",
    template=Template(
        labels=("Name", "Place"),
        formats=("conll", "brat", "tags", "jsonl", "dataset"),
        metrics=("strict_f1", "relaxed_f1", "macro_f1", "document_leak_rate"),
        recipe=(120, 8, 64, 16),
    ),
)
