"""Abbreviated: words have the abbreviations of clinical notes, by the list beside this file."""

from harness.text.perturbing.perturbation import Listed


class Abbreviated(Listed):
    def explained(self, rate: float) -> str:
        return "words have the abbreviations of clinical notes, by a list"


abbreviated = Abbreviated("abbreviated", "abbreviated.toml")
