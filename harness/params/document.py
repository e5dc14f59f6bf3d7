"""Read a YAML document as DVC reads it, to plain values. A document that is too large because of aliases is refused."""

from collections.abc import Iterable, Mapping

from harness.errors import ConfigError

NODES = 100_000


def expanded(events: Iterable) -> int:
    """The number of nodes of a YAML document with all aliases replaced. `events` are from PyYAML or ruamel.yaml.

    A few lines of aliases of aliases become billions (with merge keys also in memory), so nodes are counted first.
    """
    anchors: dict[str, int] = {}
    open_nodes: list[list] = [[None, 0]]
    for event in events:
        kind, anchor = type(event).__name__, getattr(event, "anchor", None)
        if kind == "AliasEvent":
            open_nodes[-1][1] += anchors.get(str(anchor), 1)
        elif kind == "ScalarEvent":
            open_nodes[-1][1] += 1
            anchors[str(anchor)] = 1
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            open_nodes.append([anchor, 1])
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            name, size = open_nodes.pop()
            open_nodes[-1][1] += size
            anchors[str(name)] = size
    return open_nodes[0][1]


def sections(text: str, name: str) -> Mapping:
    """The sections of YAML as DVC reads it (1.2: `2e-5` is a number), without tags and objects. Raises ConfigError."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        if expanded(YAML(typ="safe", pure=True).parse(text)) > NODES:
            raise ConfigError(
                f"{name}: its aliases expand to more than {NODES:,} values.", remedy="Write the values out."
            )
        values = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ConfigError(
            f"{name}{where}: not valid YAML ({problem}).", remedy="Fix the line, or `harness profile use embedded`."
        ) from None
    if not isinstance(values, Mapping):
        raise ConfigError(f"{name} has no settings.", remedy="Write it anew with `harness profile use embedded`.")
    return values
