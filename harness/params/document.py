"""Read YAML text into plain values in the same way as DVC. A document is refused if its aliases expand to too many
values."""

from collections.abc import Iterable, Mapping

from harness.errors import ConfigError

NODES = 100_000


def expanded(events: Iterable) -> int:
    """The number of nodes that a YAML document has if every alias is replaced by its content. `events` are the parser
    events of PyYAML or ruamel.yaml.

    Nodes are counted before the document is loaded, because a few lines with aliases of aliases can mean billions of
    nodes. Merge keys (`<<`) would also copy these nodes in memory.
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
    """The top-level mapping of the YAML in `text`, read as DVC reads it (YAML 1.2, in which `2e-5` is a number). Tags
    that make Python objects are refused.

    `name` is the file's name in messages. Raises ConfigError if `text` is not valid YAML, is not a mapping, or has
    aliases that expand to more than `NODES` values.
    """
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
            f"{name}{where}: not valid YAML ({problem}).",
            remedy=f"Fix the {'line' if mark else 'file'}, or replace the whole file with "
            "`harness profile use embedded`.",
        ) from None
    if not isinstance(values, Mapping):
        raise ConfigError(f"{name} has no settings.", remedy="Write a new file with `harness profile use embedded`.")
    return values
