"""The perturbations: ways to rewrite test texts, to measure how much worse a model gets. There is one file for each.

A new perturbation is one new file here, with its object at the end. `robustness.kinds` of `params.yaml` lists the
perturbations that are applied to the test texts of a run.
"""

from harness.system import members
from harness.text.perturbing.perturbation import Perturbation

__all__ = ["KINDS", "Perturbation"]

KINDS: dict[str, Perturbation] = {kind.name: kind for kind in members.of(__name__, __path__, Perturbation)}
