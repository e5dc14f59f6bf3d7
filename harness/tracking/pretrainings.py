"""Make the contents of the MLflow run of a pre-trained checkpoint from its card, as plain values.

The card is the file `harness.json` in the folder of the checkpoint.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.artifacts import checkpoint
from harness.data.corpus_summary import strictest
from harness.params.arms import BASELINE, PARTS
from harness.params.config import Run
from harness.report.model.results import family_title
from harness.report.text import formats
from harness.report.text.checkpoints import folders, measured, source_kind
from harness.system import files
from harness.text.escaping import markdown, plain
from harness.tracking.status import NOTE

LEVEL = "pre-training"


@dataclass(frozen=True)
class Pretraining:
    """One encoder of a family, to be recorded in MLflow.

    `arm` is the encoder's name (such as `clinical-2` for a further replicate), `card` is the content of its
    `harness.json`, and `checkpoint` is the hash of its folder. `origin` has the tags `git_commit` and `git_dirty` of
    the repository.
    """

    family: str
    arm: str
    card: Mapping
    checkpoint: str
    profile: str
    origin: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"{self.family} {self.arm}"

    @property
    def experiment(self) -> str:
        return experiment(self.profile)

    @property
    def fingerprint(self) -> str:
        return files.sha256_value([self.profile, self.family, self.arm, self.checkpoint])


def experiment(profile: str) -> str:
    """The name of the MLflow experiment with a profile's pre-training runs, both live runs and runs that were recorded
    afterwards."""
    return f"{profile} / {LEVEL}"


def collect(root: Path, run: Run, origin: Mapping[str, str]) -> list[Pretraining]:
    """All checkpoints of the run's families that have a card.

    A baseline comes before the arms that were trained from it. `origin` has the git state, as `recordings.git` returns
    it.
    """
    found = []
    for family, arm, folder in folders(root, run.families):
        # The folder of an arm that is switched off has a card without a source.
        if (card := checkpoint.card(folder)).get("source"):
            found.append(Pretraining(family, arm, card, files.sha256_tree(folder), run.profile, origin))
    return sorted(found, key=lambda made: (run.families.index(made.family), made.arm != BASELINE, made.arm))


def tags(made: Pretraining) -> dict[str, str]:
    card = made.card
    corpus = card.get("corpus") or {}
    read = [corpus.get(part) or {} for part in card.get("trained_on") or ()]
    found = {
        **{key: made.origin[key] for key in ("git_commit", "git_dirty")},
        "recorded_by": "harness track",
        "level": LEVEL,
        "family": made.family,
        "arm": made.arm,
        "profile": made.profile,
        "data_kind": strictest(part.get("kind") for part in read) or "none",
        "fingerprint": made.fingerprint,
        "checkpoint": made.checkpoint,
        "code": str(card.get("code")),
        NOTE: markdown(description(made)),
    }
    found |= {f"corpus_{name}": part["sha256"] for name, part in corpus.items()}
    parent = card.get("parent")
    return found | ({"parent_checkpoint": parent["tree"]} if isinstance(parent, Mapping) else {})


def description(made: Pretraining) -> str:
    """Two sentences for the run's page: how the checkpoint was made, and its held-out loss before and after training,
    if known."""
    card, title = made.card, family_title(made.family)
    if source_kind(card) != "build":
        keys = ("repository", "revision", "name")
        where = " ".join(plain(card["source"][key]) for key in keys if card["source"].get(key))
        return f"{title}, {made.arm} arm: an existing checkpoint ({source_kind(card)} {where}), not trained here."
    start = "from random weights" if made.arm == BASELINE else "from the baseline"
    text = f"{title}, {made.arm} arm: trained {start} on the {formats.listing(card.get('trained_on') or ())} corpus"
    if card.get("replay"):
        text += f", {100 * card['replay']:.0f} % of it general text,"
    if card.get("steps"):
        text += f" for {formats.count(card['steps'])} updates over {formats.count(card['tokens_seen'])} tokens"
    losses = [
        f"{corpus} text {measured(card, 'before', corpus)['loss']:.2f} before, "
        f"{measured(card, 'after', corpus)['loss']:.2f} after"
        for corpus in PARTS
        if all(measured(card, side, corpus).get("loss") is not None for side in ("before", "after"))
    ]
    return f"{text}." + (f" Loss per masked token on held-out {'; '.join(losses)}." if losses else "")


def parameters(made: Pretraining) -> dict[str, str]:
    """The settings of recipe, engine, encoder, batch and libraries as text, by a dotted name such as "recipe.steps"."""
    card = made.card
    recipe = card.get("recipe")
    sections = {
        "recipe": recipe.get("parameters") if isinstance(recipe, Mapping) else None,
        **{k: card.get(k) for k in ("engine", "encoder", "batch", "libraries", "branched")},
    }
    found = {f"{name}.{key}": value for name, part in sections.items() for key, value in sorted((part or {}).items())}
    found |= {key: card[key] for key in ("architecture", "replay") if card.get(key)}
    found |= {"trained_on": " + ".join(card["trained_on"])} if card.get("trained_on") else {}
    found |= {"family": made.family, "arm": made.arm, "source": source_kind(card), "profile": made.profile}
    return {key: str(value) for key, value in found.items()}


def metrics(made: Pretraining) -> list[tuple[str, float, int]]:
    """The training curve and the held-out measurements as (metric, value, update).

    The metrics have the names of a live run.
    """
    card = made.card
    last = card.get("steps") or 0
    found = [
        (key, float(point[key]), point["step"])
        for point in card.get("losses") or ()
        for key in sorted(point)
        if key != "step" and point[key] is not None
    ]
    found += [(key, float(card[key]), last) for key in ("parameters", "tokens_seen") if card.get(key) is not None]
    return found + list(_held_out(card, last))


def _held_out(card: Mapping, last: int) -> Iterator[tuple[str, float, int]]:
    for side, step in (("before", 0), ("after", last)):
        for corpus in PARTS:
            values = measured(card, side, corpus)
            for key in ("loss", "accuracy"):
                if values.get(key) is not None:
                    yield f"held_out_{key}/{corpus}", float(values[key]), step
