"""Fine-tune all comparisons as one job array, on this machine or on Slurm, then enter the results in `dvc.lock`.

A comparison is one task with one family of encoders. `harness grid` is the command.
"""
