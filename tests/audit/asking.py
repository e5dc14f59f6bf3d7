"""Ask `harness audit` what it finds, as a program does."""

import json

import pytest

from harness.audit.checks import HOLDS
from harness.cli import main


def audit(capsys, *arguments) -> tuple[int, list[dict]]:
    """Exit code and checks; what the command says instead where it fails."""
    capsys.readouterr()
    code = main(["audit", "--json", *arguments])
    said = capsys.readouterr()
    try:
        return code, json.loads(said.out)["checks"]
    except ValueError:
        pytest.fail(f"harness audit ended with {code} and without JSON:\n{said.out}{said.err}")


def findings(checks: list[dict]) -> list[dict]:
    return [check for check in checks if check["state"] != HOLDS]
