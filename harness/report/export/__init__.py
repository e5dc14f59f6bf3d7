"""Write the files of the report that other programs read: Croissant, model-index, provenance, and the metrics and plots
of DVC."""
