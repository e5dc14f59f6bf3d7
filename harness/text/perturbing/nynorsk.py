"""Nynorsk: bokmål words become their nynorsk forms, word by word, by the list beside this file."""

from harness.text.perturbing.perturbation import Listed

nynorsk = Listed("nynorsk", "bokmål words have their nynorsk forms, by a list", "nynorsk.toml")
