"""The head for multiple choice. A question has one right answer among its options. The label of the question is the
letter of this option."""

from harness.heads.head import Rule, Template
from harness.heads.labelled import Labelled


class Choice(Labelled):
    def compared_texts(self, record, fold):
        """The question and its sorted options as one text, so that a question with shuffled options is found as a
        duplicate. `fold` normalises an option for sorting."""
        return ("\n".join([record["question"], *sorted(record["options"], key=fold)]),)

    def rewritten(self, record, edit):
        found = super().rewritten(record, edit)
        # If two options became equal, neither would be the one right answer.
        alike = len(set(found["options"])) < len(record["options"])
        return found | {"options": record["options"]} if alike else found

    def columns(self, labels, clean):
        def of_list(rule):
            return lambda v: not isinstance(v, list) or rule(v)

        number = len(labels)
        return {
            "options": [
                Rule(f"options: a list of {number}", lambda v: isinstance(v, list) and len(v) == number),
                Rule("options: clean texts", of_list(lambda v: all(clean(option) for option in v))),
                Rule("options distinct", of_list(lambda v: len({repr(option) for option in v}) == len(v))),
            ],
            "label": [Rule("exactly one right option", lambda v: isinstance(v, str) and v in labels)],
        }

    def right_answer(self, record, labels, fold):
        return fold(record["options"][labels.index(record["label"])])

    def weighed(self, weights, records):
        """The features of all options, a sparse matrix [options, features]: the features of the option, and their
        product with the features of its question. `weights(texts)` returns the features of texts."""
        from harness.heads.linear.linear import AGREEMENT, hstack

        questions, options, _ = self.rows(records)
        found = weights(questions), weights(options)
        return hstack([found[1], AGREEMENT * found[0].multiply(found[1])]).tocsr()

    def outputs(self, labels):
        return ()

    def rows(self, records):
        questions = [record["question"] for record in records for _ in record["options"]]
        options = [option for record in records for option in record["options"]]
        return questions, options, [len(record["options"]) for record in records]

    def sample(self, words, number, labels):
        others, at = words.others(len(labels) - 1), number % len(labels)
        return {
            "question": f"{words.name} i {words.place} {words.act} på grunn av {words.complaint}. Hva plager?",
            "options": [*others[:at], words.complaint, *others[at:]],
            "label": labels[at],
        }


choice = Choice(
    name="choice",
    place=4,
    texts=("question", "options"),
    answer="label",
    decides="rows",
    model="MultipleChoice",
    hub="multiple-choice",
    shows=frozenset({"matrix", "curves"}),
    template=Template(
        labels=("A", "B", "C", "D"),
        formats=("jsonl", "csv", "tsv", "parquet", "dataset"),
        metrics=("macro_f1", "accuracy"),
        recipe=(60, 8, 64, 0),
        shape='tabular.choice(LABELS, answer="letter")',
    ),
)
