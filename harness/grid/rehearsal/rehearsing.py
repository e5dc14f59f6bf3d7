"""Run a rehearsal: prepare a scratch copy, find what would fail, measure parts of trainings, forecast the rest."""

import dataclasses
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.grid import planning
from harness.grid.rehearsal import (
    counting,
    disk,
    findings,
    finetuning,
    forecast,
    inputs,
    looking,
    machine,
    pretraining,
    sizes,
    timing,
)
from harness.grid.rehearsal.children import mean, together
from harness.grid.rehearsal.finding import Finding
from harness.grid.rehearsal.forecast import Carry, Speed, Stage
from harness.grid.rehearsal.model import Asked, Family, Rehearsal, encoder_of, held_back
from harness.grid.rehearsal.pretraining import Text
from harness.grid.rehearsal.published import SHAPES
from harness.grid.rehearsal.sizes import GB, Shape
from harness.grid.rehearsal.timing import Cut
from harness.params.arms import ARMS, BASELINE, CLINICAL, replayed
from harness.params.config import Build, Encoder, Engine, Hub, Pretraining
from harness.params.reading import ParamsFile
from harness.system.parallel import usable_workers

SHARE = 0.6  # the speed of a training, as a share of that of large matrix products
ORDINARY = 3.0  # seconds for which ordinary updates are measured, if they are short
MOST_MEMORY = 16 * GB  # bytes that measurements on the CPU may take together


class Rehearsing:
    """One rehearsal of the repository `root` in the scratch folder `scratch`. `say(line)` prints a line for the
    user."""

    def __init__(self, root: Path, scratch: Path, params: ParamsFile, asked: Asked, say: Callable[[str], None]):
        self.root, self.scratch, self.params, self.asked, self._say = root, scratch, params, asked, say
        self.everything = params.everything()
        self.engine: Engine = self.everything.engine
        self.machine = machine.here(self.engine.device, asked.memory_gb)
        self.made = Rehearsal()
        self.on_device = self.engine.device == "cuda" and self.machine.gpus > 0
        self.flops = 0.0

    def run(self, stages: inputs.Stages) -> Rehearsal:
        begun = time.perf_counter()
        prepared = inputs.prepare(self.root, self.scratch, self.params, stages)
        self.made.findings += prepared.findings
        families = list(self._families())
        self._find(prepared, families)
        for finding in self.made.findings:
            self._say(f"{'note' if finding.stands_in else 'FINDING'}: {finding}")
        self._note(prepared)
        if not self.asked.only_check:
            self.flops = self._together(looking.probe, self._threads(1), "cuda" if self.on_device else "cpu")[0][
                "flops"
            ]
            self._measure(prepared, families)
            for finding in self._seen_by_measuring():
                self.made.findings.append(finding)
                self._say(f"FINDING: {finding}")
        self.made.seconds = time.perf_counter() - begun
        return self.made

    # What would fail

    def _families(self) -> Iterator[Family]:
        """The families whose sizes are known. What their pins lack becomes a finding, an unknown size a note."""
        names = self.everything.run.families
        of = {name: self.everything.families[name] for name in names}
        given = [
            (name, arm, source)
            for name in names
            for arm, source in ((BASELINE, of[name].baseline), (CLINICAL, of[name].clinical))
            if not isinstance(source, Build)
        ]
        folders: dict[str, Path | None] = {}
        whole = dict.fromkeys(names, True)
        for (name, arm, _), found in zip(given, self._several(
            [(looking.pins, source, of[name].architecture) for name, _, source in given]), strict=True):  # fmt: skip
            stage = "checkpoint" if arm == BASELINE else "pretrain"
            for message, remedy in found["faults"]:
                finding = Finding(f"{stage} {name}", message, remedy, stands_in=self.asked.random_weights)
                self.made.findings.append(finding)
            if arm == BASELINE:
                folders[name], whole[name] = found["folder"], not found["faults"]
        encoders = {name: self._encoder(of[name], folders.get(name)) for name in names}
        known = [name for name in names if encoders[name] or folders.get(name)]
        for name in (name for name in names if name not in known):
            self.made.notes.append(
                f"{name}: no forecast, because the sizes of its baseline are not known. Give families.{name}.encoder."
            )
        looks = [(looking.look, of[name].architecture, encoders[name], folders.get(name), self.engine.attention)
                 for name in known]  # fmt: skip
        for name, found in zip(known, self._several(looks), strict=True):
            if isinstance(found, HarnessError):
                self.made.findings.append(Finding(f"checkpoint {name}", found.message, found.remedy))
                continue
            shape, source = found["shape"], of[name].baseline
            if not whole[name]:
                told = f"{shape.layers} layers of {shape.hidden}, {shape.parameters / 1e6:.1f} M parameters"
                self.made.notes.append(
                    f"{name}: random weights of the published shape ({told}) and a replacement tokenizer. The "
                    f"vocabulary is counted with the published {shape.vocabulary:,} tokens."
                )
            imported = None if isinstance(source, Build) or not whole[name] else source
            encoder = None if imported else encoders[name] or encoder_of(shape)
            yield Family(name, of[name].architecture, shape, encoder, imported)

    @staticmethod
    def _encoder(family, folder: Path | None) -> Encoder | None:
        """The published or declared sizes of a baseline. None if `folder` has its configuration, or if nobody knows."""
        if folder is not None:
            return None
        published = SHAPES.get(family.baseline.repository) if isinstance(family.baseline, Hub) else None
        return published or family.encoder

    def _several(self, calls: list[tuple]) -> list:
        return self._together(looking.several, calls)[0]["results"] if calls else []

    def _find(self, prepared: inputs.Prepared, families: list[Family]) -> None:
        shapes = {family.name: family.shape for family in families}
        add = self.made.findings.extend
        add(findings.positions(self.params, shapes))
        room = findings.Room(self.machine.memory, self.machine.memory_of, self._at_once)
        add(findings.memory(self.params, shapes, prepared.texts, room))
        self.made.writes = self._writes(prepared, families)
        self.made.free = self.asked.free if self.asked.free is not None else shutil.disk_usage(self.root).free
        largest = {name: one.most for name, one in self.made.writes.items()}
        add(findings.space(disk.total(self.made.writes), self.made.free, largest))
        add(findings.slurm(self.root, self.params, self.asked.grid))

    def _writes(self, prepared: inputs.Prepared, families: list[Family]) -> dict[str, disk.Writes]:
        writes = {}
        artifacts = self.scratch / "artifacts"
        for task in prepared.rows:
            size = sum(disk.folder_bytes(artifacts / name / task) for name in ("validated", "splits"))
            writes[f"validate {task}"] = disk.Writes(size, 0)
        text = round(disk.folder_bytes(artifacts / "corpus") / prepared.read)
        if self.asked.corpus_tokens:
            text = round(self.asked.corpus_tokens * disk.TOKEN_BYTES)
        writes["corpus"] = disk.corpus(text, len(families))
        for family in families:
            number, of = family.shape.parameters, self.everything.families[family.name]
            builds = isinstance(of.baseline, Build)
            writes[f"checkpoint {family.name}"] = disk.checkpoint(number, of.general, builds=builds)
            settings = self.params.pretrain(family.name)
            at_once = self._at_once(len(settings.trained))
            writes[f"pretrain {family.name}"] = disk.pretrain(number, settings, at_once)
            for task, rows in prepared.rows.items():
                amount = counting.finetuning(self.params.finetune(task, family.name), rows)
                answers = amount.answered + amount.runs * rows.get("validation", 0)
                writes[f"finetune {task} {family.name}"] = disk.finetune(answers)
        return writes

    def _note(self, prepared: inputs.Prepared) -> None:
        notes, engine = self.made.notes, self.engine
        if prepared.stand_ins:
            notes.append(
                f"generated rows replace the data of {', '.join(prepared.stand_ins)}: every row is counted with "
                "max_length tokens, and the number of rows is that of the generated data."
            )
        if prepared.corpus_stands_in and not self.asked.corpus_tokens:
            notes.append(
                "a generated corpus replaces yours: if steps is null, the forecast uses an epoch of the generated "
                "corpus. Give the number of your tokens by --corpus-tokens, such as 5e9."
            )
        if engine.device == "cuda" and not self.on_device:
            bf16 = ", fp32 in place of bf16" if engine.precision == "bf16" else ""
            notes.append(
                f"engine.device is cuda, and there is no GPU here: measured on {self.machine.cores} cores{bf16}; "
                "memory of the device is an estimate, and traffic between devices is not counted."
            )
            if self.asked.device_flops is None and not self.asked.update_seconds:
                notes.append(
                    "the hours are for these cores. For the hours on a device, give its speed by --device-flops, such "
                    "as 1.2e14 (40 % of an A100's peak in bf16)."
                )

    def _at_once(self, jobs: int) -> int:
        """The number of trainings, of `jobs`, that share the memory of the machine or device at the same time."""
        return 1 if self.engine.device == "cuda" else max(1, min(jobs, usable_workers()))

    # Measuring

    def _seen_by_measuring(self) -> Iterator[Finding]:
        """Findings that only measuring shows: too much memory, or more hours than a job may take."""
        slurm, hours = planning.on_slurm(self.asked.grid), self.asked.grid.hours
        for stage in self.made.stages:
            if stage.memory_measured and stage.memory > self.machine.memory:
                message = f"needs {stage.memory / GB:.1f} GB, and {self.machine.memory_of} has less."
                yield Finding(stage.title, message, "Lower its batch in params.yaml, or HARNESS_WORKERS.")
            if slurm and stage.stage == "finetune" and stage.seconds > 3600 * hours:
                message = f"takes {stage.seconds / 3600:.1f} hours, and a job of the grid ends after {hours}."
                yield Finding(
                    stage.title, message, f"Give `harness grid --hours {-int(-stage.seconds * 1.25 // 3600)}`."
                )

    def _together(self, work, *given, copies: int = 1) -> list[dict]:
        found = together(work, *given, copies=copies)
        self.made.peak = max(self.made.peak, sum(one["peak"] for one in found))
        return found

    def _threads(self, of_run: int) -> int:
        """The threads of a measurement: `of_run` as in the real run, or all cores if the CPU replaces a missing GPU."""
        return of_run if self.engine.device == "cpu" or self.on_device else self.machine.cores

    def _measure(self, prepared: inputs.Prepared, families: list[Family]) -> None:
        number = sum(1 + len(self.everything.run.tasks) + len(findings.recipes(self.params, f.name)) for f in families)
        allowed = 60 * self.asked.minutes / max(1, number)
        for task in prepared.rows:
            for stage in ("validate", "split"):
                if (seconds := prepared.seconds.get(f"{stage} {task}")) is not None:
                    self._add(Stage(stage, task, seconds=seconds + forecast.STARTING, busy=seconds + forecast.STARTING))
        if (seconds := prepared.seconds.get("corpus")) is not None:
            busy = seconds * self.machine.cores if prepared.read < 1 else seconds
            self._add(Stage("corpus", "", seconds=seconds + forecast.STARTING, busy=busy + forecast.STARTING))
        for family in families:
            try:
                self._family(prepared, family, allowed)
            except HarnessError as error:
                finding = Finding(f"rehearse {family.name}", error.message, error.remedy)
                self.made.findings.append(finding)
                self._say(f"FINDING: {finding}")

    def _add(self, stage: Stage) -> None:
        writes = self.made.writes.get(stage.title)
        self.made.stages.append(dataclasses.replace(stage, disk=writes.most if writes else stage.disk))

    def _family(self, prepared: inputs.Prepared, family: Family, allowed: float) -> None:
        self._say(f"{family.name}: {family.shape.parameters / 1e6:.1f} M parameters")
        made = self._together(
            looking.make, self.scratch, family.name, family.architecture, family.encoder, family.source, self.engine
        )[0]
        state = disk.STATE * family.shape.parameters * max(1e-3, made["save"]) / made["bytes"]
        carry = Carry(self.asked.device_flops)
        recipes = findings.recipes(self.params, family.name)
        for key, recipe in recipes.items():
            stage = "checkpoint" if key == "general" else "pretrain"
            carry = self._pretraining(prepared, family, stage, recipe, allowed, state, made, carry)
        if "general" not in recipes:
            once = forecast.STARTING + made["save"]
            self._add(Stage("checkpoint", family.name, seconds=once, busy=once, memory=made["peak"]))
        for task in prepared.rows:
            self._finetuning(prepared, family, task, allowed, carry)

    def _pretraining(self, prepared, family, stage, recipe: Pretraining, allowed, state, made, carry: Carry) -> Carry:
        name, engine = f"{stage} {family.name}", self.engine
        settings = self.params.pretrain(family.name)
        arm = BASELINE if stage == "checkpoint" else CLINICAL if CLINICAL in settings.trained else settings.trained[0]
        jobs = (
            len(self.everything.run.families) if stage == "checkpoint" else len(settings.trained) * settings.replicates
        )
        workers = self._at_once(jobs)
        copies = workers if engine.device == "cpu" else 1
        threads = self._threads(engine.pretraining_threads)
        width = min(recipe.length, family.shape.positions or recipe.length)
        batches = recipe.effective_batch // engine.devices // recipe.device_batch
        cut = self._cut(family.shape, recipe.device_batch, batches, width, threads, copies, allowed, guesses=True)
        held = 64 if cut.whole else 2
        text = Text(
            self.scratch, family.name, family.architecture, ARMS[arm].trained_on, replayed(arm, settings.replay), held,
            stands_in=prepared.corpus_stands_in,
        )  # fmt: skip
        found = mean(self._together(pretraining.pretrain, text, recipe, engine, family.shape, cut, copies=copies))
        self._tell(name, found, cut)
        if seconds := self.asked.update_seconds.get(name.replace(" ", "/")):
            carry = Carry(forecast.device_flops(found, seconds, engine.devices))
        steps = recipe.steps or round(found["epoch"] / prepared.read)
        if recipe.steps is None and self.asked.corpus_tokens:
            steps = round(self.asked.corpus_tokens / (recipe.effective_batch * found["width"]))
        trained = (
            [counting.building(recipe, steps)] if stage == "checkpoint" else list(counting.pretraining(settings, steps))
        )
        estimate = sizes.training_memory(family.shape, engine, recipe.device_batch, width, guesses=True)
        held_out = {part: rows * held_back(prepared.read) for part, rows in found["held_out"].items()}
        once = {"tokenising": found["tokenise"] / prepared.read}
        if stage == "checkpoint":
            once |= {"tokenizer": made["tokenizer"]}
            workers = 1
        self._add(
            forecast.pretraining(
                stage,
                family.name,
                trained,
                Speed.of(found, carry, devices=engine.devices),
                held_out=held_out,
                state=state,
                save_minutes=recipe.save_minutes,
                once=once,
                workers=workers,
                engine=engine,
                **self._memory(found, cut, estimate, workers),
            )
        )
        return carry

    def _memory(self, found: Mapping[str, Any], cut: Cut, estimate: float, processes: int) -> dict[str, Any]:
        """The memory fields of a `Stage`: measured if the whole batch ran on the run's kind of device, or estimated."""
        if cut.whole and self.on_device:
            return {"memory": found["device_peak"], "memory_measured": True}
        if cut.whole and self.engine.device == "cpu":
            return {"memory": found["peak"] * processes, "memory_measured": True}
        return {"memory": estimate * (processes if self.engine.device == "cpu" else 1), "memory_measured": False}

    def _finetuning(self, prepared: inputs.Prepared, family: Family, task: str, allowed: float, carry: Carry) -> None:
        engine, name = self.engine, f"finetune {task} {family.name}"
        settings = self.params.finetune(task, family.name)
        rows = prepared.rows[task]
        longest = family.shape.positions or settings.recipe.max_length
        recipe = dataclasses.replace(settings.recipe, max_length=min(settings.recipe.max_length, longest))
        runs = len(settings.arms) * len(settings.seeds)
        workers = self._at_once(runs) if engine.device == "cpu" else min(runs, engine.devices)
        copies = workers if engine.device == "cpu" else 1
        texts = prepared.texts[task]
        cut = self._cut(
            family.shape, recipe.batch, recipe.accumulation, recipe.max_length, self._threads(1), copies, allowed,
            guesses=False, texts=texts,
        )  # fmt: skip
        one = dataclasses.replace(settings, arms=(BASELINE,), seeds=(1,), replicates=1, tune=None, recipe=recipe)
        work = partial(finetuning.finetune, long=task in prepared.stand_ins)
        found = mean(self._together(work, self.scratch, task, family.name, one, family.shape, cut, copies=copies))
        self._tell(name, found, cut)
        estimate = sizes.training_memory(
            family.shape, findings.alone(engine), recipe.batch * texts, recipe.max_length, guesses=False
        )
        speed = Speed.of(found, carry)
        more = {"rows": float(sum(rows.values())), "encoders": len(settings.encoders), "workers": workers,
                "device": engine.device, **self._memory(found, cut, estimate, copies)}  # fmt: skip
        amount = counting.finetuning(settings, rows)
        self._add(forecast.finetuning("finetune", f"{task} {family.name}", amount, speed, **more))
        if task in self.everything.cross_validation.tasks:
            settings, folds = self.params.crossvalidate(task, family.name)
            amount = counting.cross_validation(settings, folds, rows)
            self._add(forecast.finetuning("crossvalidate", f"{task} {family.name}", amount, speed, **more))

    def _cut(
        self, shape: Shape, rows: int, batches: int, width: int, threads: int, copies: int, allowed: float, *,
        guesses: bool, texts: int = 1,
    ) -> Cut:  # fmt: skip
        """The whole batch, or as much of it as `allowed` seconds and the memory of this machine permit."""
        speed = training_flops(self.flops, threads, self.engine.device)

        def fits(some: int, times: int, long: int) -> bool:
            seconds = timing.FEW * sizes.update_flops(shape, some * times * texts, long, guesses=guesses) / speed
            here = self.engine if self.on_device else dataclasses.replace(self.engine, precision="fp32")
            needed = sizes.training_memory(shape, here, some * texts, long, guesses=guesses)
            most = (
                self.machine.memory if self.on_device else min(MOST_MEMORY, 0.8 * machine.available_memory()) / copies
            )
            return seconds <= allowed and needed <= most

        instead = self.engine.device == "cuda" and not self.on_device
        if fits(rows, batches, width) and not instead:
            return Cut(rows, batches, width, threads, min(ORDINARY, allowed), True)
        some = next((n for n in range(min(rows, 8), 0, -1) if fits(n, 1, width)), 1)
        while width > 64 and not fits(some, 1, width):
            width //= 2
        return Cut(some, 1, width, threads, 0.0, False)

    def _tell(self, name: str, found: Mapping[str, Any], cut: Cut) -> None:
        self.made.measured[name] = dict(found) | {"cut": dataclasses.asdict(cut)}
        size = "" if cut.whole else f" (measured with {cut.rows} x {cut.micro_batches} rows of {cut.width} tokens)"
        self._say(f"{name}: {found['update']:.3g} s an update, {found['peak'] / GB:.1f} GB{size}")


def training_flops(probed: float, threads: int, device: str) -> float:
    """The expected operations a second of a training with `threads` threads, from those that `looking.probe` measured.

    On a CPU, the probe used one thread. For a GPU, the probe used the whole device, or all the cores that replace it.
    """
    return SHARE * probed * (threads if device == "cpu" else 1)
