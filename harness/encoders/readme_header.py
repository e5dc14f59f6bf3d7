"""Read and make the YAML header of a checkpoint's README.md."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.params.document import expanded

NODES = 10_000
TRAINED_LANGUAGES = ("no", "nb", "nn")
_LICENCE_FIELDS = {"id": "license", "name": "license_name", "link": "license_link"}


def stated_header(folder: Path) -> dict | None:
    """The statements in the header of the README.md that `folder` contains: {"licence": {"id", "name", "link"},
    "language": [codes]}.

    Returns None if there is no README.md. Each of the two values is None if the header does not state it or cannot be
    read.
    """
    path = Path(folder) / "README.md"
    if not path.is_file():
        return None
    import yaml
    from huggingface_hub import metadata_load

    try:
        events = yaml.parse(path.read_text(encoding="utf-8").split("\n---", 1)[0], Loader=yaml.SafeLoader)
        header = (metadata_load(path) or {}) if expanded(events) <= NODES else {}
    except Exception:  # foreign YAML: parser, encoding and structure errors of many types
        header = {}
    licence = {key: _text(header.get(field)) for key, field in _LICENCE_FIELDS.items()}
    languages = header.get("language")
    languages = languages if isinstance(languages, list) else [languages]
    # PyYAML reads an unquoted `no` as false, but in this field it means Norwegian.
    languages = [text for text in ("no" if item is False else _text(item) for item in languages) if text]
    return {"licence": licence if any(licence.values()) else None, "language": languages or None}


def _text(value) -> str | None:
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        value = ", ".join(value)
    return value if isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable() else None


def header_of(card: Mapping, name: str, results: Sequence[Mapping]) -> str:
    """The YAML header of a checkpoint's README.md, without the lines `---` around it. `card` is the checkpoint's card,
    `results` are entries of the hub's model index, and `name` is the name of the model in this index."""
    from huggingface_hub import ModelCardData

    stated, parent = card.get("stated") or {}, card.get("parent") or {}
    licence = stated.get("licence") or {}
    based: dict[str, Any] = {}
    if parent.get("repository"):
        based = {"base_model": parent["repository"], "base_model_relation": "finetune"}
    index: dict[str, Any] = {"model-index": [{"name": name, "results": list(results)}]} if results else {}
    terms: dict[str, Any] = {field: licence.get(key) for key, field in _LICENCE_FIELDS.items()}
    data = ModelCardData(
        language=list(TRAINED_LANGUAGES) if card.get("recipe") else stated.get("language"),
        **terms,
        library_name="transformers",
        pipeline_tag="fill-mask" if has_masked_lm(card) else "feature-extraction",
        tags=[card["architecture"], "encoder", card["arm"]],
        **based,
        **index,
    )
    return data.to_yaml(line_break="\n")


def has_masked_lm(card: Mapping) -> bool:
    """True if the checkpoint of `card` has a masked-LM head. An imported checkpoint may have none, or only the
    next-sentence head of BERT."""
    if card.get("recipe"):
        return True
    from harness.encoders.architectures import ARCHITECTURES  # loads torch, which not every reader of a README needs

    kind = ARCHITECTURES.get(card["architecture"])
    return kind is not None and not any(name.startswith(kind.masked_lm_head) for name in card.get("missing") or ())
