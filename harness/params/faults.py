"""Turn a validation error of pydantic about `params.yaml` into a message: the key's path, what is wanted, what was
given, what to do."""

import re
from collections.abc import Mapping

from harness.errors import ConfigError, nearest, wrong

_KINDS = {
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "string_unicode": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a section",
    "model_attributes_type": "a section",
}
_RANGES = {
    "greater_than": "above {gt:,}",
    "greater_than_equal": "{ge:,} or more",
    "less_than": "below {lt:,}",
    "less_than_equal": "at most {le:,}",
    "string_too_long": "at most {max_length} characters",
}


def below(path: str, key) -> str:
    return f"{path}.{key}".strip(".")


def known(fields: list[str], section):
    """Return `section` unchanged. Raises PydanticCustomError if `section` is not a mapping, or has a key that is not in
    `fields`."""
    from pydantic_core import PydanticCustomError

    if not isinstance(section, Mapping):
        raise PydanticCustomError("wanted", "no section", {"wanted": "a section"})
    for key in section:
        if key not in fields:
            says, remedy = f"is not a setting.{nearest(key, fields)}", f"Valid here: {', '.join(fields)}."
            raise PydanticCustomError("refused", "no setting", {"key": str(key), "says": says, "remedy": remedy})
    return section


def in_words(error, value, path: str, name: str) -> ConfigError:
    """The ConfigError for the first fault in `error`, a ValidationError of pydantic. The error is about `value`, the
    content of the file `name` at the key `path` (such as "families.nb_bert"; "" is the whole file)."""
    found = error.errors(include_url=False)
    # A setting that may be a bool or a section was checked as both, so of a section the fault of the bool is left out.
    found = [one for one in found if one["type"] != "bool_type" or not isinstance(one["input"], Mapping)] or found
    kind, loc, given, context = found[0]["type"], found[0]["loc"], found[0]["input"], found[0].get("ctx", {})
    if kind == "float_type" and type(given) is int:  # of more digits than a float can hold
        kind = "finite_number"
    *parents, last = loc or ("",)
    is_name = last == "[key]"
    for key in parents[:-1] if is_name else parents if kind == "missing" else loc:
        # `loc` also has the kinds of sections between the keys, which the path leaves out.
        if isinstance(value, Mapping) and key in value:
            value, path = value[key], below(path, key)
        elif isinstance(value, list) and isinstance(key, int):
            value, path = value[key], f"{path}[{key}]"
    if kind == "missing":
        return ConfigError(
            f"{name}: {below(path, last)} is missing.", remedy="Add it; `harness profile list` shows presets."
        )
    if kind == "refused":
        at = below(path, context["key"])
        return ConfigError(f"{name}: {at} {context['says']}", remedy=context["remedy"].replace("PATH", path))
    if kind in _RANGES:
        bounds = {key: int(bound) if bound == int(bound) else bound for key, bound in context.items()}
        shown = f"{given[:20]}…" if isinstance(given, str) else repr(given)
        wanted = _RANGES[kind].format(**bounds)
        return ConfigError(f"{name}: {path} must be {wanted}, not {shown}.", remedy=f"Correct {path}.")
    if kind.startswith("union_tag"):
        key = context["discriminator"].strip("'")
        path, given = below(path, key), value.get(key)
    path = f"a name in {path}" if is_name else path or "the file"
    if "expected" in context or "expected_tags" in context:
        names = re.findall(r"'([^']*)'", context.get("expected_tags") or context["expected"])
        return wrong(name, path, f"one of {', '.join(names)}", given, nearest(given, names))
    return wrong(name, path, context.get("wanted") or _KINDS.get(kind, found[0]["msg"]), given)
