"""Name the files of a foreign checkpoint that hold code or lead elsewhere, and leave them out."""

import json
from collections.abc import Collection
from pathlib import Path

# Settings that name code, or files and repositories to be read in place of those that were handed over.
SETTINGS = (
    "auto_map", "custom_pipelines", "trust_remote_code", "chat_template", "transformers_weights", "gguf_file",
    "tokenizer_file", "vocab_file", "merges_file", "from_slow", "attn_implementation", "_attn_implementation",
    "use_kernels", "kernel_config",
)  # fmt: skip
_CODE = (".py", ".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt", ".joblib", ".jinja", ".h5", ".so")
_NAMED = 12


def left_behind(origin: Path, read: Collection[str]) -> list[str]:
    """A sentence that names it, where there is anything; `read` are the files of `origin` that are taken in."""
    paths = ((path.relative_to(origin).as_posix(), path) for path in sorted(origin.rglob("*")))
    found = [name for name, path in paths if path.suffix.lower() in _CODE and name not in read]
    for name in ("config.json", "tokenizer_config.json"):
        stated = json.loads((origin / name).read_text(encoding="utf-8")) if name in read else {}
        found += [f"{key} of {name}" for key in SETTINGS if stated.get(key) is not None]
    if not found:
        return []
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    named = ", ".join(found[:_NAMED])
    return [f"what is code, may hold some or leads elsewhere was neither run nor copied: {named}{more}"]
