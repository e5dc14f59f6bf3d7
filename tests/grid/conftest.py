"""A checkout with one comparison, for the tests of the grid."""

import shutil

import pytest


@pytest.fixture
def project(tmp_path, repository):
    """A checkout in which one comparison has its inputs and predictions, all of them small."""
    for name in ("dvc.yaml", "params.yaml", ".dvcignore"):
        shutil.copy(repository / name, tmp_path / name)
    for name in ("harness", "pipeline", "tasks"):
        shutil.copytree(repository / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (
        "artifacts/validated/medmqp/records.jsonl", "reports/splits/medmqp.json",
        "artifacts/checkpoints/nb_bert/baseline/config.json", "artifacts/checkpoints/nb_bert/clinical/config.json",
        "artifacts/checkpoints/nb_bert/control/card.json", "artifacts/checkpoints/nb_bert/task/card.json",
        "artifacts/checkpoints/nb_bert/replicates/encoders.json",
        "artifacts/predictions/medmqp/nb_bert/runs.json",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{name}\n")
    return tmp_path
