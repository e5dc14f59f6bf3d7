"""Small finished repositories for tests of tasks, reports and audits, made in seconds and without training.

`results` makes what the stages up to `finetune` leave behind for any declared tasks, and runs `score` and `report` on
it. So a package that offers a task sees what becomes of it without a checkpoint or a GPU hour:

    from clinic.dose import TASK
    from harness.testing import results

    def test_dose_is_reported(tmp_path):
        results.build(tmp_path, [TASK])
        results.score(tmp_path, [TASK])
        results.report(tmp_path, [TASK])
        assert TASK.title in (tmp_path / "reports" / "appendix.md").read_text(encoding="utf-8")

`repository` makes the whole of one, with git, DVC and an MLflow store, in which every link of `harness audit` holds.
`chance` makes what would cost hours. Nothing of the harness imports this package.
"""
