"""Measure the time between two updates of a training, and count the sequences that the model got between them."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch

# The number of tokens of each sequence of a micro-batch, and the number of its places, padding included.
Batch = tuple[Sequence[int], int]


class Clock:
    """Wall and CPU seconds between the end of update `first` (0: the start) and that of update `last`. `seen` is the
    growing list of batches that the model was given."""

    def __init__(self, first: int, last: int, device: str, seen: Sequence):
        self.first, self.last, self._device, self._seen = first, last, device, seen
        self._at: dict[int, tuple[float, float, int]] = {}

    def update(self, step: int) -> None:
        """Record that update `step` is done. The clock waits for the device only at the updates `first` and `last`."""
        if step in (self.first, self.last):
            settled(self._device)
            self._at[step] = time.perf_counter(), time.process_time(), len(self._seen)

    def measured(self, batches: Sequence[Batch]) -> dict:
        """The measures of the training between the two updates. `batches` are all batches of the training, in order.

        Keys: "tokens", "padding" (share of places), "updates", "cpu" and "wall" (seconds), "lengths" (pairs of tokens
        of a sequence and number of such sequences), "memory" (peak bytes on the device, 0 on a CPU).
        """
        (wall, cpu, start), (wall_end, cpu_end, end) = self._at[self.first], self._at[self.last]
        return counted(batches[start:end]) | {
            "updates": self.last - self.first,
            "wall": wall_end - wall,
            "cpu": cpu_end - cpu,
            "memory": torch.cuda.max_memory_allocated() if self._device.startswith("cuda") else 0,
        }

    def callback(self):
        """A callback for transformers' `Trainer` that reports each update to this clock."""
        from transformers import TrainerCallback

        clock = self

        class Tells(TrainerCallback):
            def on_train_begin(self, arguments, state, control, **_):
                clock.update(0)

            def on_step_end(self, arguments, state, control, **_):
                clock.update(state.global_step)

        return Tells()


def counted(batches: Sequence[Batch]) -> dict:
    lengths = Counter(length for sequences, _ in batches for length in sequences)
    tokens = sum(length * number for length, number in lengths.items())
    places = sum(places for _, places in batches)
    return {"tokens": tokens, "padding": 1 - tokens / places, "lengths": sorted(lengths.items())}


def in_process(script: str, *arguments: object) -> Any:
    """Run a script of this folder with these arguments. Returns the JSON in the last line that the script prints."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    command = [sys.executable, script, *map(str, arguments)]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment)
    if result.returncode:
        raise SystemExit(result.returncode)
    return json.loads(result.stdout.splitlines()[-1])


def settled(device: str) -> None:
    """Wait until the device has finished all work that it was given."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()


class Seen:
    """Records the sizes of all batches that `model` is called with. It does not wait for the device."""

    def __init__(self, model: torch.nn.Module):
        self.masks: list[tuple[torch.Tensor, int]] = []
        model.register_forward_pre_hook(self._look, with_kwargs=True)

    def _look(self, model, arguments, inputs):
        mask = inputs["attention_mask"]
        self.masks.append((mask.sum(-1).flatten(), mask.numel()))

    @property
    def batches(self) -> list[Batch]:
        return [(lengths.tolist(), places) for lengths, places in self.masks]
