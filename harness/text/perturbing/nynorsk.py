"""The perturbation that replaces bokmål words by their nynorsk forms, word by word, from the list `nynorsk.toml`."""

from harness.text.perturbing.perturbation import Listed


class Nynorsk(Listed):
    def explained(self, rate: float) -> str:
        return "bokmål words have their nynorsk forms, by a list"


nynorsk = Nynorsk("nynorsk", "nynorsk.toml")
