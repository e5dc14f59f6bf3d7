"""Abbreviated: words have the abbreviations of clinical notes, by the list beside this file."""

from harness.text.perturbing.perturbation import Listed

abbreviated = Listed("abbreviated", "words have the abbreviations of clinical notes, by a list", "abbreviated.toml")
