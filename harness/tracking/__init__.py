"""Mirror in MLflow what the stages wrote to files. No other package uses MLflow.

The files are the record of a run. MLflow's store only shows the same numbers on web pages, and can be rebuilt from the
files.
"""
