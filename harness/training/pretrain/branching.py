"""Branch several trainings of an arm (the ends) from a trunk: the saved state that one training had after a share of
its updates.

R ends that share 75 % of their updates cost 1 + (R − 1)/4 trainings instead of R. The shared updates add no variance,
so the variance of the ends is a lower bound of the variance between seeds. The trunk is a saved state of the first
training (see `resume`). The trunk is kept among the states of that training until all ends are made. On disk a trunk
takes about twelve bytes per parameter (weights and two moments in fp32) for each arm, 4 GB for 350 million parameters.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from harness.errors import TrainingError
from harness.training.pretrain import interrupted
from harness.training.pretrain.plan import Begun, Position
from harness.training.pretrain.resume import State, Store


@dataclass(frozen=True)
class Trunk:
    """A saved state from which further replicates of an arm start: the state after update `step` of the training with
    the hash `key` and the seed `seed`. `states` is the folder with the saved states of that training."""

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
        """The state from which a branched training starts. Raises TrainingError if the state is missing or damaged."""
        try:
            state = self._store.at(self.step)
        except ValueError as error:
            raise TrainingError(
                f"{self.states}: the state after update {self.step:,}, from which another encoder branches, is "
                "missing or damaged.",
                remedy="Run the command again: the training that it belongs to starts anew.",
            ) from error
        begun = Begun(self.seed, Position(**state.values["position"]))
        return replace(state, values=state.values | {"begun": asdict(begun)})

    def mixed(self) -> list[dict]:
        """The updates after which the trunk's training resumed a training of other inputs, as they apply to a branched
        training. A branched training did not make the updates after the trunk. So an update after the trunk is replaced
        by the update of the trunk."""
        found = interrupted.mixed(self.states, self.key)
        return [origin | {"update": min(origin["update"], self.step)} for origin in found]
