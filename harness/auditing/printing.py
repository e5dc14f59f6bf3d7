"""What the audit says to a person, and to a program."""

from collections.abc import Iterable, Iterator

from harness.auditing.links import DIFFERS, HOLDS, MISSING, Link
from harness.files import canonical_json

SHOWN = 12  # findings of one chain that a person sees without asking


def as_json(links: Iterable[Link], outside: Iterable[str] = ()) -> str:
    """{"links": objects with the fields of `Link`, "holds", "differs", "missing": how many, "outside": sentences}."""
    listed = [vars(link) for link in links]
    counts = {state: sum(link["state"] == state for link in listed) for state in (HOLDS, DIFFERS, MISSING)}
    return canonical_json(counts | {"links": listed, "outside": list(outside)}, indent=1)


def lines(links: list[Link], every: bool, outside: Iterable[str] = ()) -> Iterable[str]:
    """A line per chain with its counts, below it its findings (with `every`: all links), what is `outside` of the
    audit, and the sum."""
    for chain in dict.fromkeys(link.chain for link in links):
        own = [link for link in links if link.chain == chain]
        wrong = [link for link in own if link.state != HOLDS]
        yield f"{'✗' if wrong else '✓'} {chain}: {_counted(own)}"
        yield from (f"    {line}" for line in (map(_line, own) if every else _findings(wrong)))
    yield from (f"· not followed: {what}" for what in outside)
    yield _counted(links) + (
        "" if any(link.state != HOLDS for link in links) else ": every number leads back to its bytes"
    )


def _findings(wrong: list[Link]) -> Iterator[str]:
    """A line per finding; the same two values in many places (a hash in every row) are said once."""
    alike: dict[tuple, list[Link]] = {}
    for link in wrong:
        key = (link.expected, link.found, link.remedy) if link.state == DIFFERS else (link.name,)
        alike.setdefault(key, []).append(link)
    for links in list(alike.values())[:SHOWN]:
        more = f" (and in {len(links) - 1} more places; --all lists them)" if len(links) > 1 else ""
        yield _line(links[0]) + more
    if len(alike) > SHOWN:
        yield f"… and {len(alike) - SHOWN} more findings; --all lists them"


def _line(link: Link) -> str:
    if link.state == HOLDS:
        return f"holds    {link.name}"
    if link.state == MISSING:
        return f"missing  {link.name} → {link.remedy}"
    return f"differs  {link.name}: expected {link.expected}, found {link.found} → {link.remedy}"


def _counted(links: list[Link]) -> str:
    counts = [(sum(link.state == state for link in links), state) for state in (HOLDS, DIFFERS, MISSING)]
    return ", ".join(f"{n:,} {'hold' if state == HOLDS and n != 1 else state}" for n, state in counts if n)
