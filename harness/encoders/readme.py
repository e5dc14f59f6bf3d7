"""Write the README.md of a checkpoint: a model card with the header that the Hugging Face hub expects."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from harness.encoders.readme_header import has_masked_lm, header_of
from harness.objectives import OBJECTIVES
from harness.params.arms import GENERAL
from harness.params.replicates import arm_of
from harness.text.escaping import code, markdown, markdown_cell, plain

ARMS = {
    "baseline": "the encoder before continued pre-training",
    "clinical": "the baseline of its family after continued pre-training on clinical text",
    "control": "the baseline of its family after as much further pre-training on general text as the clinical arm had",
    "task": "the baseline of its family after as much continued pre-training on clinical text and on the training "
    "texts of tasks that it is compared on",
}
USE = (
    "A starting point for fine-tuning on Norwegian clinical text: classification, sentence pairs, token "
    "classification, multiple choice. It has no head for any of these yet. It is made for comparing arms of "
    "one family under one recipe, not for decisions about patients."
)
KINDS = {"synthetic": "synthetic (written by a program)", "public": "public", "restricted": "restricted"}
ABSENT = "not provided"
_LONGEST_NAME = 80


def model_card(card: Mapping, results: Sequence[Mapping] = ()) -> str:
    """The text of README.md for `card` (see `harness.encoders.cards`). The same card always gives the same bytes.

    `results` are entries of the hub's model index, [{"task": {"type"}, "dataset": {"name", "type"}, "metrics":
    [{"type", "value"}]}, …]. Raises ValueError (from the hub's library) if an entry is malformed.
    """
    sections = (
        ("What it is", _what(card)),
        ("How it was made", _how(card)),
        ("Training data", _data(card)),
        ("Losses", _losses(card)),
        ("Intended use", [USE]),
        ("Limits", _limits(card)),
        ("How to load it", _loading(card)),
        ("Provenance", _provenance(card)),
    )
    body = [f"# {_cell(card['family'])}, {_cell(card['arm'])}", ""]
    for title, lines in sections:
        body += [f"## {title}", "", *lines, ""]
    header = header_of(card, f"{card['family']}-{card['arm']}", results)
    return f"---\n{header}\n---\n\n" + "\n".join(body).rstrip() + "\n"


def _what(card: Mapping) -> list[str]:
    arm = ARMS.get(arm_of(card["arm"]), "an arm of a comparison")
    return [
        f"The arm {_code(card['arm'])} of the family {_code(card['family'])} in a benchmark of Norwegian clinical "
        f"encoders: {arm}. An encoder of the architecture {_code(card['architecture'])} with "
        f"{_count(card.get('parameters'))} parameters. {_origin(card)}"
    ]


def _origin(card: Mapping) -> str:
    source, parent = card["source"], card.get("parent")
    if source.get("kind") == "hub":
        return (
            f"Taken from {_code(source['repository'])} on the Hugging Face hub at commit {_code(source['revision'])}."
        )
    if source.get("kind") == "folder":
        return f"Taken unchanged from a folder named {_code(source['name'])}."
    if not parent:
        return "Its training began from random weights."
    if parent.get("repository"):
        return f"Its training began from {_code(parent['repository'])} at commit {_code(parent['revision'])}."
    return f"Its training began from the arm {_code(parent['arm'])} of its family."


def _how(card: Mapping) -> list[str]:
    recipe = card.get("recipe")
    if not recipe:
        lines = ["Nothing was trained here. Its source must state how the checkpoint was made."]
        if card.get("missing") or card.get("unexpected"):
            lines += ["", *_unmet(card)]
        if notes := card.get("notes"):
            lines += ["", *(f"- {markdown(plain(_short(note, 300)))}." for note in notes)]
        return lines
    batch = card["batch"]
    objective = OBJECTIVES.get(str(recipe["name"]))
    rows = [("recipe", _code(recipe["name"])), *([("objective", objective.in_words())] if objective else [])]
    rows += [(_cell(name), _code(value)) for name, value in sorted(recipe["parameters"].items())]
    if card.get("encoder"):
        rows += [(f"encoder, {_cell(name)}", _code(value)) for name, value in sorted(card["encoder"].items())]
    rows += [(f"engine, {_cell(name)}", _code(value)) for name, value in sorted(card["engine"].items())]
    rows.append(
        (
            "effective batch",
            f"{batch['effective']} = {batch['per_device']} per device × {batch['accumulation']} accumulated × "
            f"{batch['devices']} devices",
        )
    )
    rows += [("updates", _count(card["steps"])), ("tokens seen", _count(card["tokens_seen"]))]
    lines = [*_table(("Setting", "Value"), rows), *(["", *_unmet(card)] if card.get("missing") else [])]
    if branched := card.get("branched"):
        lines += [
            "",
            f"The first {100 * branched['share']:g} % of its updates are those of {_code(arm_of(card['arm']))}, seed "
            f"{_code(branched['seed'])}: it continues that training with another seed and is not an independent "
            "training.",
        ]
    for origin in card.get("mixed") or ():
        names = ", ".join(_code(name) for name in sorted(origin["differs"]))
        lines += ["", f"Its updates up to {_count(origin['update'])} are those of a training with other {names}."]
    return lines


def _unmet(card: Mapping) -> list[str]:
    """Lines that list parameters without weights, and weights without a parameter, at loading."""
    lines = []
    for key, words in (
        ("missing", "Not in the source's weights"),
        ("unexpected", "In the source's weights, but left out"),
    ):
        if names := card.get(key):
            lines.append(f"{words}: {', '.join(_code(name) for name in names)}.")
    return lines


def _data(card: Mapping) -> list[str]:
    if not card.get("corpus"):
        return [f"The training data: {ABSENT} here; see the source."]
    rows = []
    for name, part in sorted(card["corpus"].items()):
        standards = ", ".join(f"{_cell(k)} {_count(n)}" for k, n in sorted(part["written_standards"].items()))
        phi = {True: "found", False: "none found", None: "not looked for"}[part.get("phi")]
        kind = KINDS.get(part.get("kind"), "not stated")
        use = "training and held out" if name in card["trained_on"] else "held out only"
        if card.get("replay") and name == GENERAL:
            use = f"{100 * card['replay']:.0f} % of the training text, and held out"
        licence = _cell(part.get("licence") or "not stated")
        counted = (_count(part["documents"]), _count(part["words"]))
        rows.append((_cell(name), use, kind, *counted, standards, licence, phi))
    header = ("Corpus", "Used for", "Kind", "Documents", "Words", "Documents by written standard", "Licence",
              "Identifying details")  # fmt: skip
    types = [pair for part in card["trained_on"] for pair in sorted(card["corpus"][part]["document_types"].items())]
    kinds = ", ".join(f"{_cell(name)} {_count(n)}" for name, n in types)
    return [
        *_table(header, rows),
        "",
        f"Documents of the training corpus by type: {kinds}. The texts themselves are {ABSENT} with the checkpoint; "
        "the hashes below name their exact bytes.",
    ]


def _losses(card: Mapping) -> list[str]:
    held_out = card.get("held_out") or {}
    before, after = (held_out.get(side) or {} for side in ("before", "after"))
    if gate := card.get("gate"):
        return [gate_in_words(gate, lambda text: markdown_cell(plain(text)))]
    if not after:
        return ["Not measured."]
    rows = []
    for corpus in sorted(after):
        first, last = before.get(corpus) or {}, after[corpus]
        rows.append((_cell(corpus), "all", *_measured(first, last)))
        types = first.get("by_document_type") or {}
        for name, values in sorted((last.get("by_document_type") or {}).items()):
            rows.append((_cell(corpus), _cell(name), *_measured(types.get(name) or {}, values)))
    header = ("Corpus", "Document type", "Masked tokens", "Loss before", "Loss after", "Right before", "Right after")
    return [
        "On documents held out of training, under the same masks before and after: mean cross-entropy in nats per "
        "masked token, and the share of masked tokens predicted correctly.",
        "",
        *_table(header, rows),
    ]


def gate_in_words(gate: Mapping, shown: Callable[[str], str]) -> str:
    """A sentence on how an imported masked LM compares with token counts. `gate` is the result of
    `harness.training.pretrain.gate.Gate`. `shown` escapes a text of `gate` for the output format."""
    if "not_run" in gate:
        return f"Not compared with token counts at import: {shown(_short(gate['not_run']))}."
    despite = f" It was imported because: {shown(_short(gate['despite'], 300))}." if gate["despite"] else ""
    return (
        f"On {_count(gate['masked_tokens'])} masked tokens of held-out general text, its loss is {gate['loss']:.2f} "
        f"nats per token. Counts of its own tokenizer's tokens give {gate['unigram_loss']:.2f}; the import requires at "
        f"least {gate['margin']} less.{despite}"
    )


def _measured(first: Mapping, last: Mapping) -> tuple[str, ...]:
    losses = [f"{side['loss']:.2f}" if side.get("loss") is not None else "–" for side in (first, last)]
    right = [f"{100 * side['accuracy']:.0f} %" if side.get("accuracy") is not None else "–" for side in (first, last)]
    return (_count(last.get("tokens")), *losses, *right)


def _limits(card: Mapping) -> list[str]:
    kinds = {part.get("kind") for part in (card.get("corpus") or {}).values()}
    lines = []
    if not card.get("recipe"):
        lines.append("Its training data are not known here. So it is not known what it may repeat or where it fails.")
    if "synthetic" in kinds:
        lines.append(
            "Generated text is more regular than what people write: losses and scores on it say nothing about real "
            "patients or hospitals."
        )
    if "restricted" in kinds:
        lines.append(
            "An encoder can reveal texts that it was trained on, de-identified or not. The site that owns the records "
            "must decide whether this encoder may leave it, after a search for memorised text."
        )
    if card.get("recipe"):
        lines.append("It is one pre-training run; another seed would give another checkpoint.")
    return [f"- {line}" for line in [*lines, _licence(card)]]


def _licence(card: Mapping) -> str:
    """A sentence on the licence. For a checkpoint that was trained here, no licence is guessed."""
    if stated := (card.get("stated") or {}).get("licence"):
        shown = ", ".join(_cell(stated[key]) for key in ("id", "name", "link") if stated.get(key))
        return f"Licence, as its source states it: {shown}."
    if not card.get("recipe"):
        return f"Licence: {ABSENT} by the source."
    inherited = ((card.get("parent") or {}).get("licence") or {}).get("id")
    beside = f" The checkpoint it began from states {_code(inherited)}." if inherited else ""
    return f"Licence: {ABSENT}. It depends on the training data and on the parent.{beside}"


def _loading(card: Mapping) -> list[str]:
    opener = "AutoModelForMaskedLM" if has_masked_lm(card) else "AutoModel"
    own = card["architecture"] == "norbert3"
    note = "The class comes from the package that made this folder, `harness`: transformers has none, and no remote "
    return [
        *([note + "code is needed or run."] if own else ["No remote code is needed."]),
        "",
        "```python",
        *(["import harness.encoders.norbert3_heads  # makes the Auto classes know it", ""] if own else []),
        f"from transformers import {opener}, AutoTokenizer",
        "",
        'folder = "."  # the folder of this README',
        "tokenizer = AutoTokenizer.from_pretrained(folder)",
        f"model = {opener}.from_pretrained(folder)",
        "```",
    ]


def _provenance(card: Mapping) -> list[str]:
    rows = [("code", card["code"])]
    rows += [(f"corpus, {name}", part["sha256"]) for name, part in sorted((card.get("corpus") or {}).items())]
    if parent := card.get("parent"):
        rows.append((f"parent, {parent['arm']}", parent["tree"]))
    rows += [(f"{name} as published", value) for name, value in sorted((card.get("origin") or {}).items())]
    versions = ", ".join(f"{_cell(name)} {_cell(version)}" for name, version in sorted(card["libraries"].items()))
    return [
        *_table(("SHA-256 of", "Value"), [(_cell(name), _code(value)) for name, value in rows]),
        "",
        f"Made with {versions}. `harness.json` in this folder has the same values and the loss curve.",
    ]


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """The lines of a Markdown table. The cells in `header` and `rows` must be escaped already."""
    header = tuple(header)
    lines = [" | ".join(header), " | ".join([":--"] * len(header))]
    lines += [" | ".join(row) for row in rows]
    return [f"| {line} |" for line in lines]


def _short(value, longest: int = _LONGEST_NAME) -> str:
    """`value` as one line of at most `longest` characters."""
    return " ".join(str(value).split())[:longest]


def _cell(value) -> str:
    """`value` as `_short` gives it, escaped for a Markdown table or sentence."""
    return markdown_cell(plain(_short(value)))


def _code(value) -> str:
    return markdown_cell(code(" ".join(str(value).split())))


def _count(value: int | None) -> str:
    return "–" if value is None else f"{value:,}".replace(",", "\u202f")
