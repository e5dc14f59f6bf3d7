"""The rehearsal of a run: forecast its time, memory and disk, and find what would fail, before the run is started.

`counting` counts the work of every stage. `pretraining` and `finetuning` measure a small part of it with the code of
the stages. `forecast` combines both. `findings` names what would fail, before anything is trained.
"""
