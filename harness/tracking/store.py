"""Check MLflow's database as an SQLite file before MLflow opens it."""

import contextlib
import importlib.util
import os
import re
import sqlite3
from pathlib import Path
from typing import Any

from harness.errors import DataError

# If one of these tables or columns is missing, MLflow takes the file for an empty database, or a query fails.
_TABLES = {
    "alembic_version": {"version_num"},
    "experiments": {"artifact_location", "experiment_id", "lifecycle_stage", "name"},
    "experiment_tags": {"experiment_id", "key", "value"},
    "latest_metrics": {"is_nan", "key", "run_uuid", "step", "timestamp", "value"},
    "metrics": {"is_nan", "key", "run_uuid", "step", "timestamp", "value"},
    "params": {"key", "run_uuid", "value"},
    "runs": {"artifact_uri", "end_time", "experiment_id", "lifecycle_stage", "name", "run_uuid", "start_time",
             "status"},
    "tags": {"key", "run_uuid", "value"},
}  # fmt: skip

# Seconds to wait for a lock. A writer needs it only for a moment.
PATIENCE = 10.0


def refuse_unusable(uri: str, *, writes: bool = False) -> None:
    """Raise DataError if a SQLite store is damaged, is no database, or was made by another version of MLflow.

    DataError is also raised if another process locks the store, or if the caller `writes` and the store cannot be
    written. MLflow itself tries to open such a file for minutes, and then says that it cannot be reached. A store on a
    server is not checked.
    """
    path = Path(uri.removeprefix("sqlite:///")).absolute()
    if not uri.startswith("sqlite:///") or (path.is_file() and not path.stat().st_size):
        return
    anew = (
        f"Move {path} away, then run `harness track`."
        if os.environ.get("MLFLOW_TRACKING_URI")
        else "Make it anew from the recorded runs with `harness track --rebuild`."
    )
    if not path.exists():
        if os.path.lexists(path):
            raise DataError(f"MLflow's database {path} is a link to a file that does not exist.", remedy=anew)
        if not path.parent.is_dir():
            raise DataError(
                f"MLflow's database {path} cannot be made: its folder is missing.",
                remedy="Make that folder, or name another place in MLFLOW_TRACKING_URI.",
            )
        return
    # SQLite reports this only on a write. Its journal is written to the folder.
    if writes and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise DataError(
            f"MLflow's database {path} cannot be written.",
            remedy="Give your user write permission for the file and its folder, then run `harness track`.",
        )
    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", timeout=PATIENCE, uri=True)) as database:
            found = [row[0] for row in database.execute("PRAGMA quick_check(1)")]
            tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            kept = {t: {row[1] for row in database.execute(f"PRAGMA table_info({t})")} for t in _TABLES.keys() & tables}
            versioned = "SELECT version_num FROM alembic_version"
            versions = [row[0] for row in database.execute(versioned)] if "alembic_version" in tables else []
            if writes:
                database.execute("BEGIN IMMEDIATE")
                database.rollback()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise DataError(
                f"MLflow's database {path} is locked: another process has held it for {PATIENCE:g} seconds.",
                remedy=f"End that process (`fuser {path}` names it), then run `harness track`.",
            ) from None
        raise DataError(f"MLflow's database {path} cannot be opened ({error}).", remedy=anew) from None
    except sqlite3.DatabaseError as error:
        found, versions, tables, kept = [str(error)], [], set(), {}
    if found != ["ok"]:
        raise DataError(f"MLflow's database {path} is damaged ({found[0].splitlines()[0]}).", remedy=anew)
    if lacking := sorted(_TABLES.keys() - tables if tables & _TABLES.keys() else ()):
        raise DataError(f"MLflow's database {path} is damaged (no table {lacking[0]}).", remedy=anew)
    if "alembic_version" in tables and not versions:
        raise DataError(f"MLflow's database {path} is damaged (no schema version).", remedy=anew)
    known, newest = _schemas()
    for version in versions:
        if known and version not in known:
            raise DataError(
                f"MLflow's database {path} was written by a newer MLflow (schema {version}) than the one installed.",
                remedy=f"Install that MLflow again. If you do not need the old store: {anew}",
            )
        if known and version != newest:
            raise DataError(
                f"MLflow's database {path} was written by an older MLflow (schema {version}) than the one installed.",
                remedy=f"Bring it up to date with `mlflow db upgrade {uri}`. If you do not need the old store: {anew}",
            )
    for table in sorted(kept):
        if lacking := sorted(_TABLES[table] - kept[table]):
            raise DataError(f"MLflow's database {path} is damaged (no column {lacking[0]} of {table}).", remedy=anew)


def _schemas() -> tuple[set[str], str]:
    """The schema versions that the installed MLflow knows, and the newest of them, read without importing MLflow."""
    spec: Any = importlib.util.find_spec("mlflow")
    (place,) = spec.submodule_search_locations
    before: dict[str, str | None] = {}
    for path in sorted((Path(place) / "store" / "db_migrations" / "versions").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if own := re.search(r'^revision\s*=\s*["\'](\w+)', text, re.MULTILINE):
            parent = re.search(r'^down_revision\s*=\s*["\'](\w+)', text, re.MULTILINE)
            before[own[1]] = parent[1] if parent else None
    newest = before.keys() - set(before.values())
    return set(before), min(newest, default="")
