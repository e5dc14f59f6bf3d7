"""Cards of checkpoints for the tests: what a stage would state, without training."""

from collections.abc import Iterator
from dataclasses import replace

from harness.encoders.cards import CorpusPart, Facts, Parent, Training
from harness.params.batch_plan import batch_plan

COMMIT = "c2ca9559daa36dfc21f624f95e825627d93a6c9e"
CLINICAL = CorpusPart(
    sha256="c" * 64,
    documents=4483,
    words=291_759,
    document_types={"epikrise": 816, "nødsamtale": 746},
    written_standards={"bokmål": 3605, "nynorsk": 878},
    kind="synthetic",
    language="nb, nn",
    licence="CC0-1.0",
    phi=None,
)


def measured(loss: float, accuracy: float, tokens: int, **by_document_type: dict) -> dict:
    """Held-out measurements of a corpus, or without types those of one type."""
    whole = {"loss": loss, "accuracy": accuracy, "tokens": tokens}
    return {**whole, "by_document_type": by_document_type} if by_document_type else whole


MEASURED = {
    "before": {"clinical": measured(9.5, 0.1, 40, epikrise=measured(8.0, 0.1, 10), nødsamtale=measured(10.0, 0.1, 30))},
    "after": {"clinical": measured(4.5, 0.475, 40, epikrise=measured(3.0, 0.4, 10), nødsamtale=measured(5.0, 0.5, 30))},
}


def training(**changes) -> Training:
    facts = {
        "recipe": "bert_mlm",
        "parameters": {"steps": 450, "learning_rate": 4e-3, "mask_rate": 0.2, "schedule": "cosine"},
        "engine": {"device": "cpu", "precision": "fp32"},
        "trained_on": ("clinical",),
        "replay": 0.0,
        "corpora": {"clinical": CLINICAL},
        "batch": batch_plan(256, 16, 4),
        "steps": 450,
        "tokens_seen": 345_600,
        "losses": [{"step": 22, "loss": 7.4342}],
        "held_out": MEASURED,
    }
    return Training(**{**facts, **changes})


def built(**changes) -> Facts:
    """A clinical arm that was trained here from a baseline of the hub."""
    licence = {"id": "apache-2.0", "name": None, "link": None}
    facts = {
        "family": "norbert3",
        "arm": "clinical",
        "architecture": "norbert3",
        "source": {"kind": "build"},
        "code": "d" * 64,
        "libraries": {"torch": "2.13.0", "transformers": "5.23.0"},
        "parameters": 321_952,
        "parent": Parent("baseline", "e" * 64, "ltg/norbert3-large", COMMIT, licence),
        "training": training(),
    }
    return Facts(**{**facts, **changes})


def imported(**changes) -> Facts:
    """A baseline that was taken from the hub as it is."""
    facts = {
        "family": "nb_bert",
        "arm": "baseline",
        "architecture": "bert",
        "source": {"kind": "hub", "repository": "NbAiLab/nb-bert-large", "revision": COMMIT},
        "code": "d" * 64,
        "libraries": {"torch": "2.13.0"},
        "parameters": 355_000_000,
        "unexpected": ("cls.seq_relationship.weight",),
        "origin": {"config.json": "a" * 64},
        "files": {"config.json": "b" * 64},
        "stated": {"licence": {"id": "cc-by-4.0", "name": None, "link": None}, "language": ["no"]},
    }
    return Facts(**{**facts, **changes})


def said_by(text: str) -> Iterator[Facts]:
    """Every text is `text`: trained here from an arm, and from the hub; imported from a folder, and from the hub."""
    counted = {"document_types": {text: 1, "b": 2}, "written_standards": {text: 2}}
    corpus = replace(CLINICAL, **counted, licence=text, language=text)
    held_out = measured(9.5, 0.1, 40, **{text: measured(8, 0.1, 9)})
    made = training(
        recipe=text,
        parameters={text: text},
        engine={text: text},
        replay=0.3,
        corpora={"clinical": corpus, text: corpus},
        held_out={side: {"clinical": held_out, text: held_out} for side in ("before", "after")},
        mixed=[{"update": 3, "differs": [text, "b"]}],
    )
    licence = {"id": text, "name": text, "link": text}
    names = {"missing": (text,), "unexpected": (text,), "libraries": {text: text}, "architecture": text, "code": text}
    yield built(training=made, encoder={text: text}, parent=Parent(text, text, None, text, licence), **names)
    yield built(training=made, parent=Parent("baseline", "e" * 64, text, text, licence))
    folder = {"source": {"kind": "folder", "name": text}, "stated": {"licence": licence, "language": [text]}}
    told = {"notes": (text, f"{text} b"), "origin": {text: text}, "gate": {"not_run": text}}
    yield imported(**folder, **told, **names)
    taken = {"masked_tokens": 3, "loss": 1.0, "unigram_loss": 2.0, "margin": 0.5, "despite": text}
    yield imported(source={"kind": "hub", "repository": text, "revision": text}, gate=taken)
