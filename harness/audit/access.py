"""Check who can read restricted data, and that DVC sends none of them to a remote."""

from collections.abc import Iterator
from pathlib import Path

from harness.audit.links import Chain, Link
from harness.privacy import keeping, restricted

CHAIN = Chain("restricted data", "`harness check` says what is open")


def links(root: Path) -> Iterator[Link]:
    if not restricted.names(root):
        return
    found = keeping.exposures(root)
    for one in found:
        yield CHAIN.wrong(one.what, one.expected, one.found, one.remedy)
    if not found:
        yield CHAIN.holds("for their owner alone, and pushed nowhere")
