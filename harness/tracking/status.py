"""Describe the state of a run in MLflow in words: reproduced, superseded, interrupted, killed, or no longer
declared."""

from collections.abc import Mapping

NOTE = "mlflow.note.content"
KILLED = "killed"
UNDECLARED = "no longer declared"
_BREAK = "\n\n---\n\n"  # between a run's description and its state
_SAID = {
    KILLED: "**Killed**: its process ended before it was done; this record is not complete.",
    UNDECLARED: "**No longer declared**: the latest run of this profile does not have it.",
}


def described(note: str, tags: Mapping[str, str]) -> str:
    """The description `note` of a run, followed by sentences on its state. The state is read from the run's `tags`.

    Sentences that an earlier call added to `note` are replaced.
    """
    words = sentences(tags)
    text = note.split(_BREAK)[0]
    return f"{text}{_BREAK}{words}" if words else text


def sentences(tags: Mapping[str, str]) -> str:
    """The state of a run in sentences, from its `tags`.

    Empty if nothing has happened to the run since it was recorded.
    """
    found = []
    if by := tags.get("superseded"):
        run = f"those with the fingerprint `{by[:12]}`"
        if place := tags.get("successor"):
            run = f"[those of this run](#/experiments/{place.replace('/', '/runs/')})"
        found.append(_SAID.get(by) or f"**Superseded**: other results have replaced it, {run}.")
    if again := tags.get("reproduced"):
        yes, _, detail = again.partition(": ")
        found.append(f"**{'Reproduced' if yes == 'yes' else 'Not reproduced'}** by training again: {detail}.")
    if times := tags.get("interrupted"):
        found.append(f"**Interrupted** {times} {'time' if times == '1' else 'times'} and continued each time.")
    return " ".join(found)
