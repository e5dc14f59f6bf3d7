"""Make the report's tables of checkpoints: how each checkpoint was made, and its masked-LM loss before and after
pre-training."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from harness.artifacts import checkpoint
from harness.params import replicates
from harness.params.arms import ARMS, BASELINE, PARTS, SHARED, TASK
from harness.report.model.document import Details, Paragraph, Table
from harness.report.model.results import family_title
from harness.report.text import formats
from harness.text.escaping import code, plain

SIDES = ("before", "after")
BUILT = "build"


def folders(root: Path, families: Iterable[str]) -> Iterator[tuple[str, str, Path]]:
    """Yield (family, name of the encoder, folder) of every checkpoint of these encoder families that has a card. The
    name is an arm, or for a further pre-training run an arm with a number, such as "clinical-2". Folders with other
    names are ignored."""
    for family in families:
        further = checkpoint.place(root, family, replicates.named("clinical", 2)).parent
        made = (path.parent.name for path in further.glob(f"*/{checkpoint.NAME}"))
        for encoder in (*ARMS, *sorted(made, key=lambda name: (replicates.number_of(name), name))):
            folder = checkpoint.place(root, family, encoder)
            if (folder / checkpoint.NAME).is_file():
                yield family, encoder, folder


def in_common(checkpoints: Mapping[tuple[str, str], Mapping], families: Iterable[str]) -> str:
    """The share of pre-training that several encoders of one arm have in common, such as "75 % (NB-BERT)". Encoders
    have a common share if they branch from one training. Returns "" if no encoders branch.

    `checkpoints` maps (family, name of an encoder) to the card of the checkpoint.
    """
    of_family = {family: card["branched"]["share"] for (family, _), card in checkpoints.items() if card.get("branched")}
    shares: dict[float, list[str]] = {}
    for family in formats.unique(families):
        if family in of_family:
            shares.setdefault(of_family[family], []).append(family_title(family))
    said = [f"{100 * share:g} % ({', '.join(named)})" for share, named in shares.items()]
    return formats.listing(said) if said else ""


def source_kind(card: Mapping) -> str | None:
    """The source of a checkpoint: `build` (made by this pipeline), `hub` (downloaded) or `folder` (a local folder).
    Returns None if the card names no source."""
    return (card.get("source") or {}).get("kind")


def blocks(checkpoints: Mapping[tuple[str, str], Mapping], kinds: str) -> list:
    """Tables of source, recipe, size and masked-LM loss of every checkpoint. Tables by document type are hidden until
    the reader opens them. `checkpoints` maps (family, name of an encoder) to a card, and `kinds` are the kinds of data
    for captions."""
    present = {replicates.arm_of(encoder) for _, encoder in checkpoints}
    continued = [arm for arm in ARMS if arm in present and arm != BASELINE] or ["clinical"]
    arms = f"{formats.listing([f'the {arm}' for arm in continued])} arm"
    own = " (and of the tasks' training texts, for the arm that reads them)" if TASK in _corpora(checkpoints) else ""
    found = [
        Paragraph(
            "Masked-LM loss in nats per masked token on held-out text of the general and the clinical corpus"
            f"{own}, under the same masks before and after the training of an arm that was built here. Such a baseline "
            f"starts from random weights, {arms} from the baseline."
        ),
        _summary(checkpoints, kinds),
    ]
    if folded := [table for table in (_accuracy(checkpoints, kinds), _by_type(checkpoints, kinds)) if table.rows]:
        found.append(Details("Masked tokens predicted correctly, and loss by document type", tuple(folded)))
    return found


def measured(card: Mapping, side: str, corpus: str) -> Mapping:
    """The masked-LM measurements on held-out text of a `corpus`, from the card of a checkpoint. `side` is "before" or
    "after" pre-training.

    The result has the keys "loss" (nats per masked token), "accuracy" (share of masked tokens predicted correctly),
    "tokens" (number of masked tokens) and "by_document_type" (the same three keys by type). Returns {} if nothing was
    measured.
    """
    return ((card.get("held_out") or {}).get(side) or {}).get(corpus) or {}


def _corpora(checkpoints: Mapping) -> list[str]:
    """The parts of the corpus that every arm is measured on, then those that only some arm is measured on."""
    found = {part for card in checkpoints.values() for part in PARTS for side in SIDES if measured(card, side, part)}
    return [part for part in PARTS if part in SHARED or part in found]


def _columns(checkpoints: Mapping) -> list[str]:
    return [name for part in _corpora(checkpoints) for name in (f"{part.capitalize()}, before", "after")]


def _summary(checkpoints: Mapping, kinds: str) -> Table:
    rows = []
    for (family, arm), card in checkpoints.items():
        recipe = plain((card.get("recipe") or {}).get("name") or "")
        named = (family_title(family), arm.capitalize(), _source(card), recipe)
        counted = [formats.count(card.get(key)) for key in ("parameters", "tokens_seen")]
        losses = [_loss(measured(card, side, corpus)) for corpus in _corpora(checkpoints) for side in SIDES]
        rows.append((*(name or formats.ABSENT for name in named), *counted, *losses))
    header = ("Family", "Arm", "Source", "Recipe", "Parameters", "Tokens seen", *_columns(checkpoints))
    return Table(f"Checkpoints and their masked-LM loss ({kinds})", header, tuple(rows), names=4, grouped=1)


def _accuracy(checkpoints: Mapping, kinds: str) -> Table:
    """The share of masked tokens predicted correctly, for the arms whose cards have it."""
    rows = []
    for (family, arm), card in checkpoints.items():
        shares = [_share(measured(card, side, corpus)) for corpus in _corpora(checkpoints) for side in SIDES]
        if any(share != formats.ABSENT for share in shares):
            rows.append((family_title(family), arm.capitalize(), *shares))
    header = ("Family", "Arm", *_columns(checkpoints))
    caption = f"Held-out masked tokens predicted correctly, % ({kinds})"
    return Table(caption, header, tuple(rows), names=2, grouped=1)


def _by_type(checkpoints: Mapping, kinds: str) -> Table:
    rows = []
    for (family, arm), card in checkpoints.items():
        for corpus, document_type, sides in _types(card):
            of_type = plain(document_type.replace("_", " "))
            named = (family_title(family), arm.capitalize(), corpus.capitalize(), of_type)
            tokens = formats.count(sides["after"].get("tokens"))
            rows.append((*named, tokens, *(show(sides[side]) for show in (_loss, _share) for side in SIDES)))
    header = ("Family", "Arm", "Corpus", "Document type", "Masked tokens", "Loss, before", "after",
              "Right, %, before", "after")  # fmt: skip
    caption = f"Held-out masked-LM loss by document type ({kinds}); a type with few masked tokens says little"
    return Table(caption, header, tuple(rows), names=4, grouped=2)


def _types(card: Mapping) -> Iterator[tuple[str, str, dict[str, Mapping]]]:
    """Yield (corpus, document type, measurements before and after), sorted by type within a corpus."""
    for corpus in PARTS:
        by_side = {side: measured(card, side, corpus).get("by_document_type") or {} for side in SIDES}
        for name in sorted(by_side["before"].keys() | by_side["after"].keys()):
            yield corpus, name, {side: by_side[side].get(name) or {} for side in SIDES}


def _source(card: Mapping) -> str:
    if source_kind(card) == "hub":
        return f"{code(card['source'].get('repository'))} @ {code(str(card['source'].get('revision'))[:12])}"
    return {BUILT: "built here", "folder": "folder"}.get(str(source_kind(card)), formats.ABSENT)


def _loss(values: Mapping) -> str:
    # Weights differ in their last bits between processors, so the loss is shown only as far as it agrees.
    return formats.ABSENT if values.get("loss") is None else f"{values['loss']:.2f}"


def _share(values: Mapping) -> str:
    # Whole points, for the same reason.
    return formats.ABSENT if values.get("accuracy") is None else f"{100 * values['accuracy']:.0f}"
