"""The comparisons as one job array, outside DVC's queue of one; `dvc.lock` learns of them when they are done."""
