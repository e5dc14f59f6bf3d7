"""The rehearsal: what the present `params.yaml` would take, found out before it is run.

`counting` says how much every stage does, `pretraining` and `finetuning` measure a little of it with the code of the
stages, `forecast` puts both together; `findings` names what would fail, before anything is trained.
"""
