"""The perturbation that replaces words by abbreviations of clinical notes, from the list `abbreviated.toml`."""

from harness.text.perturbing.perturbation import Listed


class Abbreviated(Listed):
    def explained(self, rate: float) -> str:
        return "words are replaced by abbreviations of clinical notes, from a list"


abbreviated = Abbreviated("abbreviated", "abbreviated.toml")
