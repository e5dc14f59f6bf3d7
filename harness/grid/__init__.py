"""Run all comparisons as one job array, then enter their results in `dvc.lock`."""
