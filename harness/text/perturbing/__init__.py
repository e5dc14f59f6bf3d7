"""The perturbations of texts, one file each. A kind is added by one file here, which ends in its object.

`robustness.kinds` of `params.yaml` names those that the test texts of a run are written in.
"""

from harness.system import members
from harness.text.perturbing.perturbation import Perturbation

__all__ = ["KINDS", "Perturbation"]

KINDS: dict[str, Perturbation] = {kind.name: kind for kind in members.of(__name__, __path__, Perturbation)}
