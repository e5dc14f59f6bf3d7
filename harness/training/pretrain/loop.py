"""The pre-training loop, the same for all objectives and any number of devices. The loop can start at any update, from
a saved state.

An update has `effective_batch` rows, cut into micro-batches that are divided among the devices. Losses are divided by
the number of targets of the whole update, so the number of devices only changes the rounding.
"""

import contextlib
import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import torch

from harness.encoders.architectures import architecture_named
from harness.errors import TrainingError
from harness.objectives import Heads, Objective, Setup
from harness.objectives.common.rows import Row
from harness.params.config import Engine, Pretraining
from harness.system.determinism import derived_seed
from harness.training.common.distributed import World, gathered, settle, spread, without_exchange
from harness.training.common.optimizers import optimizer_for
from harness.training.common.precision import autocast
from harness.training.common.schedules import learning_rate_factor
from harness.training.pretrain import resume
from harness.training.pretrain.plan import Begun, Plan, Position, generator

# The signals that a batch system sends before it ends a job.
STOPS = (signal.SIGUSR1, signal.SIGTERM)
# The exit code of a training that stopped at a signal and resumes when it is started again (EX_TEMPFAIL).
TRY_AGAIN = 75


@dataclass(frozen=True)
class About:
    """A training as its observers see it: its name, its numbers of updates (`steps`), parameters and devices.
    `fingerprint` is the hash of everything that its result depends on."""

    name: str
    fingerprint: str
    steps: int
    parameters: int
    devices: int


class Observer:
    """An observer of a training, such as a progress bar. Its methods are called while the training runs. This base
    class does nothing."""

    def started(self, about: About) -> None:
        """Called before the training begins or resumes from a saved state."""

    def update(self, step: int, values: dict[str, float]) -> None:
        """Called after update `step` (from 1). `values` are "loss", "learning_rate", "tokens" (seen so far), and the
        values of `Objective.at`, such as "mask_rate"."""

    def held_out(self, step: int, measured: dict[str, dict]) -> None:
        """Called after held-out text was measured at update `step`. `measured` is the result of
        `harness.training.pretrain.held_out.measure`."""

    def finished(self) -> None:
        """Called after the training, but not if the training is interrupted or fails."""


@dataclass(frozen=True)
class Course:
    """The result of a training: numbers of updates and tokens, the loss curve [{"step", "loss"}, …], and held-out
    measurements during the training."""

    steps: int
    tokens: int
    curve: list[dict]
    held_out: list[dict]


class Losses(torch.nn.Module):
    """A module whose `forward` returns the summed losses by name, from inputs and targets.

    Everything that is trained is in this one module, because several devices need a single `forward`.
    """

    def __init__(self, model: torch.nn.Module, architecture: str, objective: Objective):
        """Store `model`, and make the layers that only the `objective` needs. The caller seeds torch before."""
        super().__init__()
        self.model, self.own = model, objective.layers(model.config)
        self._objective = objective
        # The heads are functions, so their layers, which belong to `model`, are not registered twice.
        kind = architecture_named(architecture)
        self._heads = Heads(kind.predict(model), kind.next_sentence and kind.next_sentence(model), self.own)

    def forward(self, inputs: dict, targets: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return self._objective.losses(self.model.base_model(**inputs), targets, self._heads)


def train(
    losses: Losses,
    objective: Objective,
    setup: Setup,
    plan: Plan,
    engine: Engine,
    world: World,
    *,
    steps: int,
    store: resume.Store,
    measure: Callable[[], dict],
    observer: Observer,
    spared: tuple[str, ...],
    head: tuple[str, ...],
    name: str,
) -> Course:
    """Train `losses` in place until `steps` updates are done, from the newest saved state of `store` if there is one.

    `setup` has the settings, and `plan` the rows of each update. `measure()` returns held-out measurements. Parameters
    with a name that ends with one of `spared` have no weight decay. Parameters with a name that begins with one of
    `head` have the decay of the output layer (see `decay_groups`). Raises TrainingError, with `name` and the update, if
    the loss or the gradient is no longer a finite number. Raises SystemExit(TRY_AGAIN) after a stop signal, when the
    state is saved.
    """
    model, settings = losses.model, setup.settings
    module = spread(losses, world, engine)
    optimizer = optimizer_for(
        losses,
        settings.optimizer,
        settings.learning_rate,
        settings.weight_decay,
        betas=settings.betas,
        eps=settings.eps,
        decay_with_rate=settings.decay_with_rate,
        spared=spared,
        head=(*(f"model.{prefix}" for prefix in head), "own."),
        head_decay=settings.head_weight_decay,
    )
    if engine.compile:
        module.compile()
    done, position, tokens, curve, measured, recent, begun = 0, Position(), 0, [], [], [], None
    saved = store.newest()
    if saved is not None:
        resume.restore(losses, optimizer, saved.tensors)
        done, tokens = saved.values["done"], saved.values["tokens"]
        position = Position(**saved.values["position"])
        curve, measured, recent = (saved.values[key] for key in ("curve", "measured", "recent"))
        begun = saved.values.get("begun")
    last_save = time.monotonic()
    every = max(1, steps // 20)

    left = plan.updates(position, begun and Begun(begun["seed"], Position(**begun["end"])))
    with contextlib.closing(left) as updates, _stop_signals() as told:
        for step in range(done, steps):
            model.train()
            rate = _learning_rate(step, steps, settings)
            for group in optimizer.param_groups:
                group["lr"] = rate
            now = objective.at(settings, step, steps)
            position, micro_batches = next(updates)
            loss, norm, seen = _update(
                module, objective, setup, micro_batches, now, optimizer, engine, world, step=step
            )
            if not (math.isfinite(loss) and math.isfinite(norm)):
                raise TrainingError(
                    f"{name}: the loss is {loss} and the gradient norm {norm} at update {step + 1} of {steps}.",
                    remedy="Lower the pre-training learning_rate of this family in params.yaml, or raise warmup.",
                )
            tokens += seen
            recent.append(loss)
            observer.update(step + 1, {"loss": loss, "learning_rate": rate, **now, "tokens": tokens})
            if (step + 1) % every == 0 or step + 1 == steps:
                curve.append({"step": step + 1, "loss": round(sum(recent) / len(recent), 4)})
                recent = []
            if settings.evaluate_every and (step + 1) % settings.evaluate_every == 0 and step + 1 < steps:
                with gathered(module):
                    found = measure()
                measured.append({"step": step + 1, **found})
                observer.held_out(step + 1, found)
            due = (settings.save_steps and (step + 1) % settings.save_steps == 0) or step + 1 == store.keeps
            late = settings.save_minutes and time.monotonic() - last_save >= 60 * settings.save_minutes
            stop, save = world.total([bool(told), bool(due or late or told)])
            if save and step + 1 < steps:
                values = {"done": step + 1, "position": asdict(position), "tokens": tokens}
                values |= {"curve": curve, "measured": measured, "recent": recent, "begun": begun}
                state = resume.State(resume.captured(losses, optimizer), values)
                if world.leads:
                    store.save(step + 1, state)
                world.wait()
                last_save = time.monotonic()
                if stop:
                    saved_at = f"stopped by a signal; saved after update {step + 1} of {steps}"
                    print(f"{name}: {saved_at}. Run the command again to resume.", file=sys.stderr)
                    raise SystemExit(TRY_AGAIN)
    settle(module)
    return Course(steps, tokens, curve, measured)


def _learning_rate(step: int, steps: int, settings: Pretraining) -> float:
    s = settings
    factor = learning_rate_factor(
        step, steps, s.warmup, s.schedule, floor=s.floor, cooldown=s.cooldown, cooldown_shape=s.cooldown_shape
    )
    return s.learning_rate * factor


@contextlib.contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """Yield a list of the signals of STOPS that arrive within the block."""
    told: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield told
        return
    before = {number: signal.signal(number, lambda arrived, _: told.append(arrived)) for number in STOPS}
    try:
        yield told
    finally:
        # After the last update, signals end the process as usual.
        for number, handler in before.items():
            signal.signal(number, handler)


def _update(
    module: torch.nn.Module,
    objective: Objective,
    setup: Setup,
    micro_batches: Sequence[Sequence[Row]],
    now: Mapping[str, float],
    optimizer: torch.optim.Optimizer,
    engine: Engine,
    world: World,
    *,
    step: int,
) -> tuple[float, float, int]:
    """Make one update. Returns (loss, gradient norm, tokens), each over all devices."""
    settings = setup.settings
    mine = [
        (index, *objective.batch(setup, rows, now, generator("masks", settings.seed, step, index)))
        for index, rows in enumerate(micro_batches)
        if index % world.size == world.rank
    ]
    counts = [objective.counts(targets) for _, _, targets in mine]
    names = sorted(counts[0])
    tokens = sum(row.length for index, _, _ in mine for row in micro_batches[index])
    sums = world.total([*(sum(count[name] for count in counts) for name in names), tokens])
    totals = {name: max(1.0, total) for name, total in zip(names, sums[:-1], strict=True)}
    loss_here = 0.0
    for number, (index, inputs, targets) in enumerate(mine):
        # A seed for every micro-batch, so that dropout does not depend on the devices or on a resumption.
        torch.manual_seed(derived_seed("dropout", settings.seed, step, index))
        exchange = contextlib.nullcontext() if number + 1 == len(mine) else without_exchange(module)
        with exchange:
            with autocast(engine):
                losses = module(
                    {key: _on(value, world.device) for key, value in inputs.items()},
                    {key: value.to(world.device) for key, value in targets.items()},
                )
            loss = sum(losses[name] / totals[name] for name in names)
            # Several devices average their gradients, but the sum is needed.
            (loss * world.size).backward()
        loss_here += float(loss.detach())
    longest = math.inf if settings.clip is None else settings.clip
    norm = torch.nn.utils.clip_grad_norm_(module.parameters(), longest)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    norm = norm.full_tensor() if hasattr(norm, "full_tensor") else norm
    return world.total([loss_here])[0], float(norm), int(sums[-1])


def _on(value, device: str):
    """`value`, a tensor or a dict of tensors, on `device`."""
    return {key: part.to(device) for key, part in value.items()} if isinstance(value, dict) else value.to(device)
