"""The types, checks and presets (profiles) of `params.yaml`, the only configuration file of a run."""
