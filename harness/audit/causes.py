"""Order the findings of an audit: the cause comes first, its consequences follow.

A link says what it is about and what that was made of, as paths of the repository. A finding that rests on what an
earlier finding is about follows from it.
"""

from collections.abc import Iterable
from dataclasses import replace

from harness.audit.links import HOLDS, Link

# From where the numbers begin to where they are shown.
_ORDER = (
    "params.yaml", "dvc.yaml", "constraints.txt", ".dvcignore", "tasks", "harness", "data.dvc", "artifacts/generated",
    "data", "artifacts/validated", "reports/splits", "artifacts/splits", "artifacts/corpus", "artifacts/checkpoints",
    "artifacts/predictions", "artifacts/linear", "artifacts/scores", "artifacts/report.json", "reports",
    "artifacts/tracking.json", "dvc.lock", ".dvc", "mlflow.db",
)  # fmt: skip


def traced(links: Iterable[Link]) -> list[Link]:
    """The same links in the same order; what follows from another finding names it in `follows`."""
    links = list(links)
    found = [(place, link) for place, link in enumerate(links) if link.state != HOLDS]
    first: list[Link] = []
    for place, link in sorted(found, key=lambda pair: (_rank(pair[1]), pair[0])):
        cause = next((one for one in first if _rests(link, one)), None)
        if cause is None:
            first.append(link)
        else:
            links[place] = replace(link, follows=f"{cause.chain}: {cause.name}")
    return links


def roots(links: Iterable[Link]) -> list[Link]:
    """The findings that follow from no other, the earliest first."""
    return sorted((link for link in links if link.state != HOLDS and not link.follows), key=_rank)


def _rank(link: Link) -> tuple[int, bool]:
    path = link.about[0] if link.about else ""
    places = [place for place, above in enumerate(_ORDER) if path == above or path.startswith(f"{above}/")]
    # `reports/splits` is more than `reports`; the arms of a family come after what they were trained on from.
    return (min(places) if places else len(_ORDER), "/baseline" not in path)


def _rests(link: Link, cause: Link) -> bool:
    return any(_within(path, above) for path in cause.about for above in link.rests_on)


def _within(one: str, other: str) -> bool:
    """Are they the same, or is one of them in the other? A folder is named where its changed file is not known."""
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")
