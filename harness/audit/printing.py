"""Print the findings of an audit for a person, or as JSON for a program."""

from collections.abc import Iterable, Iterator

from harness.audit.causes import roots
from harness.audit.links import DIFFERS, HOLDS, MISSING, Link
from harness.system.files import canonical_json

SHOWN = 12  # findings of one chain that a person sees without asking


def as_json(links: Iterable[Link], outside: Iterable[str] = ()) -> str:
    """{"links": objects with the fields of `Link` that are said, "holds", "differs", "missing": how many, "causes": the
    names of the findings that follow from no other, the earliest first, "outside": sentences}."""
    links = list(links)
    said = ("chain", "name", "state", "expected", "found", "remedy", "follows")
    listed = [{key: getattr(link, key) for key in said} for link in links]
    counts = {state: sum(link["state"] == state for link in listed) for state in (HOLDS, DIFFERS, MISSING)}
    first = [f"{link.chain}: {link.name}" for link in roots(links)]
    return canonical_json(counts | {"links": listed, "causes": first, "outside": list(outside)}, indent=1)


def lines(links: list[Link], every: bool, outside: Iterable[str] = ()) -> Iterable[str]:
    """A line per chain with its counts, below it its findings (with `every`: all links), what is `outside` of the
    audit, and the sum. The chain of the earliest cause comes first; what follows from a finding is counted below it."""
    first = roots(links)
    chains = dict.fromkeys([] if every else [link.chain for link in first])
    for chain in chains | dict.fromkeys(link.chain for link in links):
        own = [link for link in links if link.chain == chain]
        wrong = [link for link in first if link.chain == chain]
        follow = sum(bool(link.follows) for link in own)
        said = f", {follow} of which follow from others" if follow and not every else ""
        yield f"{'✗' if wrong or follow else '✓'} {chain}: {_counted(own)}{said}"
        yield from (f"    {line}" for line in (map(_line, own) if every else _findings(wrong, links)))
    yield from (f"· not followed: {what}" for what in outside)
    if not first:
        yield f"{_counted(links)}: every number leads back to its bytes"
    else:
        yield f"{_counted(links)}: begin with {first[0].name}"


def _findings(wrong: list[Link], links: list[Link]) -> Iterator[str]:
    """A line per finding and one for what follows from it; the same two values in many places (a hash in every row)
    are said once."""
    alike: dict[tuple, list[Link]] = {}
    for link in wrong:
        key = (link.expected, link.found, link.remedy) if link.state == DIFFERS else (link.name,)
        alike.setdefault(key, []).append(link)
    for same in list(alike.values())[:SHOWN]:
        more = f" (and in {len(same) - 1} more places; --all lists them)" if len(same) > 1 else ""
        yield _line(same[0]) + more
        names = {f"{link.chain}: {link.name}" for link in same}
        if after := [link for link in links if link.follows in names]:
            where = ", ".join(dict.fromkeys(link.chain for link in after))
            many = "a finding that follows" if len(after) == 1 else f"{len(after)} findings that follow"
            yield f"         and {many} from it, in {where}; --all lists them"
    if len(alike) > SHOWN:
        yield f"… and {len(alike) - SHOWN} more findings; --all lists them"


def _line(link: Link) -> str:
    if link.state == HOLDS:
        return f"holds    {link.name}"
    after = f" (follows from {link.follows})" if link.follows else ""
    if link.state == MISSING:
        return f"missing  {link.name} → {link.remedy}{after}"
    return f"differs  {link.name}: expected {link.expected}, found {link.found} → {link.remedy}{after}"


def _counted(links: list[Link]) -> str:
    counts = [(sum(link.state == state for link in links), state) for state in (HOLDS, DIFFERS, MISSING)]
    return ", ".join(f"{n:,} {'hold' if state == HOLDS and n != 1 else state}" for n, state in counts if n)
