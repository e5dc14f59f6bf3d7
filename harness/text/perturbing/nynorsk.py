"""The perturbation that replaces bokmål words by their nynorsk forms, word by word, from the list `nynorsk.toml`."""

from harness.text.perturbing.perturbation import Listed


class Nynorsk(Listed):
    def explained(self, rate: float) -> str:
        return "bokmål words are replaced by their nynorsk forms, from a list"


nynorsk = Nynorsk("nynorsk", "nynorsk.toml")
