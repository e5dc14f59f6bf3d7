"""The report for programs: Croissant, model-index, provenance, and the metrics and plots of DVC."""
