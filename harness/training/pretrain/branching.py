"""Branch several ends of a training from its trunk: the state that it had after a share of its updates.

R ends that share 75 % of their updates cost 1 + (R − 1)/4 trainings instead of R. What they share cannot part them, so
their scatter is a lower bound of what another seed does. The trunk is a saved state of the training that it belongs to
(see `resume`), and lies with its states for as long as an end is missing. On disk it costs about twelve bytes a
parameter (weights and two moments in fp32) for each arm: 4 GB for 350 million parameters.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from harness.errors import TrainingError
from harness.training.pretrain import interrupted
from harness.training.pretrain.plan import Begun, Position
from harness.training.pretrain.resume import State, Store


@dataclass(frozen=True)
class Trunk:
    """The state after update `step` of the training `key` with `seed`, whose states lie in `states`."""

    states: Path
    key: str
    step: int
    seed: int

    @property
    def _store(self) -> Store:
        return Store(self.states, self.key, keeps=self.step)

    def is_there(self) -> bool:
        return self._store.holds(self.step)

    def state(self) -> State:
        """Where an end begins. Raises TrainingError where it is lost or torn."""
        try:
            state = self._store.at(self.step)
        except ValueError as error:
            raise TrainingError(
                f"{self.states}: the state after update {self.step:,}, which an end branches from, is lost or torn.",
                remedy="Run the command again: what it belongs to is trained anew.",
            ) from error
        begun = Begun(self.seed, Position(**state.values["position"]))
        return replace(state, values=state.values | {"begun": asdict(begun)})

    def mixed(self) -> list[dict]:
        """Where its training went on from one that was made of something else, as its ends see it: what changed after
        the trunk changed between the trunk and them."""
        found = interrupted.mixed(self.states, self.key)
        return [origin | {"update": min(origin["update"], self.step)} for origin in found]
