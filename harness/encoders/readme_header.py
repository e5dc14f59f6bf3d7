"""Read and make the YAML header of a checkpoint's README.md."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.params.document import expanded

NODES = 10_000
TRAINED_LANGUAGES = ("no", "nb", "nn")
_LICENCE_FIELDS = {"id": "license", "name": "license_name", "link": "license_link"}
_MASKED_LM_HEADS = ("cls.predictions.", "classifier.", "decoder.", "head.")


def stated_header(folder: Path) -> dict | None:
    """The statements in the header of `folder`'s own README.md: {"licence": {"id", "name", "link"}, "language"}.

    None if there is no README.md. Both values are None if the header cannot be read.
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
    """The YAML of the header, without its fences. `name` is the model's name in the model index of `results`."""
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
    """Does the checkpoint have a masked-LM head? An imported one may lack it, or only BERT's next-sentence head."""
    if card.get("recipe"):
        return True
    return not any(name.startswith(_MASKED_LM_HEADS) for name in card.get("missing") or ())
