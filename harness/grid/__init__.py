"""Fine-tune all comparisons as one job array, on this machine or on Slurm, then enter the results in `dvc.lock`."""
