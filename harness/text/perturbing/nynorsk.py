"""Nynorsk: bokmål words become their nynorsk forms, word by word, by the list beside this file."""

from harness.text.perturbing.perturbation import Listed


class Nynorsk(Listed):
    def explained(self, rate: float) -> str:
        return "bokmål words have their nynorsk forms, by a list"


nynorsk = Nynorsk("nynorsk", "nynorsk.toml")
