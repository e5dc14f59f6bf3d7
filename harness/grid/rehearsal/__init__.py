"""Rehearse a run: forecast its time, memory and disk space, and find what would fail, before the run is started.

`counting` counts the work of every stage. `pretraining` and `finetuning` measure a small part of that work with the
code of the stages. `forecast` multiplies the counted work by the measured time. `findings` lists what would fail,
before anything is trained. `rehearsing` does all this for `harness rehearse`.
"""
