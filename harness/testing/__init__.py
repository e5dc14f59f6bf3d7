"""Make small finished repositories for tests of tasks, reports and audits, in seconds and without training.

`results` writes the outputs of the stages up to `finetune` for any tasks, and runs `score` and `report` on these
outputs. So the author of a package with a task can test its report without a checkpoint or a GPU hour:

    from clinic.dose import TASK
    from harness.testing import results

    def test_dose_is_reported(tmp_path):
        results.build(tmp_path, [TASK])
        results.score(tmp_path, [TASK])
        results.report(tmp_path, [TASK])
        assert TASK.title in (tmp_path / "reports" / "appendix.md").read_text(encoding="utf-8")

`repository` makes a whole repository, with git, DVC and an MLflow store, that passes every check of `harness audit`.
`chance` makes random files in place of those that cost hours. No other package of the harness imports `testing`.
"""
