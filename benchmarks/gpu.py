"""Compare training on one CUDA GPU with transformers' `Trainer`, and with itself under other settings.

Usage: benchmarks/gpu.sh [--minutes 30] [--out benchmarks/gpu.md] [--only WORDS …] [--updates 20] [--batch 32]

Encoders have random weights of the published shapes, so nothing is fetched. Texts are those of a finished run in
artifacts/, or generated if there is no such run. Every measurement is a process of its own with a time limit. If it
fails, the others still run. The measurements share `--minutes`, and those that were not reached are listed. `--only`
takes the lines of the table that have all these words. `--device cpu --tiny` tries the same code with tiny encoders.
Its numbers are not worth keeping.

Speed is the number of tokens per second, without padding, after some updates that are not counted. Model FLOPs
utilisation is counted by benchmarks/flops.py. F1 is that of a new encoder after a few updates, or that of a stored
encoder.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pretraining import profile

from harness.grid.rehearsal.looking import Sized

ROOT = Path(__file__).resolve().parent.parent
NAMES = {"nb_bert": "BERT", "norbert3": "NorBERT3", "modernbert": "ModernBERT"}
SIZES = ("base", "large")
HEADS = {"sequence": "synergi", "pair": "medmqp", "choice": "medmcqa", "tokens": "nor_deid"}
# The repositories whose shapes new encoders have, without the size.
PUBLISHED = {"nb_bert": "NbAiLab/nb-bert", "norbert3": "ltg/norbert3", "modernbert": "answerdotai/ModernBERT"}
# Hidden units, layers, heads, intermediate, vocabulary, positions, dropout.
TINY = (32, 2, 2, 48, 9000, 512, 0.1)
# Updates before the clock starts: kernels are chosen and memory is taken in them. Compiled code must also see all
# shapes.
WARM, WARM_COMPILED = 4, 12
TRAINER_WORKERS = 4
KEPT_FOR_THE_TABLE = 5.0  # seconds


@dataclass(frozen=True)
class Measurement:
    """One process: `way` of `kind` on `part` (a layout of texts, or a task), by an encoder of a family and size."""

    kind: str
    way: str = ""
    family: str = ""
    size: str = ""
    part: str = ""
    precision: str = "bf16"
    compile: bool = False
    deterministic: bool = True
    processes: int = 1

    @property
    def expected(self) -> float:
        """Seconds that it should take on a large GPU, start included. They are its weight when time is shared out."""
        seconds = {"product": 15, "pretraining": 25, "finetuning": 20, "packing": 15}[self.kind]
        return seconds * (1.5 if self.size == "large" else 1) + 60 * self.compile + 15 * (self.processes - 1)


@dataclass(frozen=True)
class Line:
    """A line of the table, which compares `measured` with `against`. `one` and `other` name the two in words."""

    what: str
    one: str
    measured: Measurement
    other: str
    against: Measurement

    @property
    def name(self) -> str:
        m = self.measured
        return f"{self.what}, {NAMES[m.family]} {m.size}: {self.one} / {self.other}"


@dataclass(frozen=True)
class Failure:
    """The result of a measurement that failed, with the reason in a few words."""

    why: str


# What is measured


def lines(stored: bool) -> list[Line]:
    """All lines, the most wanted first. Those of the `stored` encoders are included if a run is finished."""
    made = [_pretraining(family, size, "blocks") for size in SIZES for family in NAMES]
    made += [_finetuning("nb_bert", size, head) for size in SIZES for head in HEADS]
    if stored:
        made += [_finetuning("nb_bert", "stored", head) for head in HEADS]
    for size in SIZES:
        for family in ("nb_bert", "modernbert"):
            ways = {
                way: Measurement("packing", way, family, size) for way in ("padded", "buckets", "packed", "unpadded")
            }
            made += [
                Line("masked LM, no optimizer", way, ways[way], other, ways[other])
                for way, other in (("packed", "buckets"), ("unpadded", "buckets"), ("buckets", "padded"))
            ]
    plain = {family: _pretraining(family, "base", "blocks").measured for family in NAMES}
    changes = [
        ("compiled", "not", {"compile": True}),
        ("fp32", "bf16", {"precision": "fp32"}),
        ("any kernels", "deterministic ones", {"deterministic": False}),
        ("two processes on the device, DDP over gloo", "one process", {"processes": 2}),
    ]
    for one, other, change in changes:
        made += [Line("pre-training", one, dataclasses.replace(m, **change), other, m) for m in plain.values()]
    made += [_finetuning(family, "base", head) for family in ("norbert3", "modernbert") for head in HEADS]
    made += [_pretraining(family, "base", "lines") for family in NAMES]
    made += [_finetuning(family, "large", head) for family in ("norbert3", "modernbert") for head in HEADS]
    return made


def _pretraining(family: str, size: str, layout: str) -> Line:
    ours, theirs = (Measurement("pretraining", way, family, size, layout) for way in ("engine", "trainer"))
    rows = {"blocks": "full rows", "lines": "a text a row"}[layout]
    theirs = dataclasses.replace(theirs, deterministic=False)
    return Line(f"pre-training, {rows}", "engine", ours, "Trainer", theirs)


def _finetuning(family: str, size: str, head: str) -> Line:
    ours = Measurement("finetuning", "engine", family, size, HEADS[head])
    theirs = Measurement("finetuning", "dynamic", family, size, HEADS[head], deterministic=False)
    return Line(f"fine-tuning, {head} ({HEADS[head]})", "engine", ours, "Trainer", theirs)


# Time


def allowance(left: float, expected: float, waiting: float) -> float | None:
    """Seconds that a measurement may take of those `left`; None if it would not end in time, so it is not begun. The
    seconds left are shared out in proportion to the `expected` seconds of this measurement and all that are `waiting`,
    this one included. It gets at least its expected time, and at most four times that, so that one that hangs does not
    take the time of the others."""
    if left < expected:
        return None
    return min(left, 4 * expected, max(expected, left * expected / waiting))


def measure_all(wanted: Sequence[Line], seconds: float, measure) -> Iterator[dict[Measurement, dict | Failure]]:
    """The results so far, after each measurement. `measure` takes one and its time limit. Lines share measurements."""
    todo = list(dict.fromkeys(m for line in wanted for m in (line.measured, line.against)))
    found: dict[Measurement, dict | Failure] = {}
    end = time.monotonic() + seconds
    for at, one in enumerate(todo):
        limit = allowance(end - time.monotonic(), one.expected, sum(m.expected for m in todo[at:]))
        # A shorter one may still fit.
        if limit is not None:
            found[one] = measure(one, limit)
            yield found


def in_process(limit: float, command: Sequence[str]) -> dict | Failure:
    """The JSON in the last line that `command` prints. Its processes are killed if they take longer than `limit` s."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(command, stdout=out, stderr=errors, start_new_session=True)
        try:
            child.wait(limit)
        except subprocess.TimeoutExpired:
            return Failure(f"not done after {limit:.0f} s")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        out.seek(0)
        errors.seek(0)
        if child.returncode:
            return Failure(reason(errors.read(), child.returncode))
        return json.loads(out.read().splitlines()[-1])


def reason(errors: str, code: int) -> str:
    """The reason why a process failed, in a few words for a table."""
    if "out of memory" in errors.lower():
        return "out of memory"
    said = [line for line in errors.splitlines() if re.match(r"[\w.]*(Error|Exception)\b", line)]
    if code < 0 and not said:
        return f"ended by {signal.Signals(-code).name}"
    last = (said or errors.split("\n") or [""])[-1].replace("|", "/").strip()
    return last[:140] or f"exit code {code}"


# The table

HEAD = "| what | encoder | this | tokens/s | MFU | GB | F1 | with | tokens/s | MFU | GB | F1 | ratio |"


def table(wanted: Sequence[Line], found: dict, about: dict, minutes: float) -> str:
    """The page in Markdown. `found` has the result of each measurement. `about` is the result of `described`."""
    done = [line for line in wanted if line.measured in found and line.against in found]
    missing = [line for line in wanted if line not in done]
    rows = [HEAD, "|---" * HEAD.count(" |") + "|"]
    rows += [_row(line, found[line.measured], found[line.against], about) for line in done]
    text = [
        "# Training on a GPU",
        "",
        f"`benchmarks/gpu.sh --minutes {minutes:g}` on {about['device']}, with {about['libraries']}.",
        *about["conditions"],
        "",
        *rows,
    ]
    if missing:
        text += ["", "Not reached in that time:", "", *(f"- {line.name}" for line in missing)]
    return "\n".join(text) + "\n"


def _row(line: Line, one: dict | Failure, other: dict | Failure, about: dict) -> str:
    cells = [line.what, f"{NAMES[line.measured.family]} {line.measured.size}"]
    for name, measurement, result in ((line.one, line.measured, one), (line.other, line.against, other)):
        cells += [name, *_figures(measurement, result, about)]
    both = not isinstance(one, Failure) and not isinstance(other, Failure)
    cells.append(f"{speed(one) / speed(other):.2f}" if both else "–")
    return f"| {' | '.join(cells)} |"


def _figures(measurement: Measurement, result: dict | Failure, about: dict) -> list[str]:
    if isinstance(result, Failure):
        return [f"failed: {result.why}", "–", "–", "–"]
    peak = about["peaks"][measurement.precision]
    used = f"{result['flops'] / result['wall'] / peak:.0%}" if peak else "–"
    memory = f"{result['memory'] / 1e9:.1f}" if result["memory"] else "–"
    score = f"{result['score']:.3f}" if "score" in result else "–"
    return [f"{speed(result):,.0f}", used, memory, score]


def speed(result: dict) -> float:
    """The speed of a training in tokens per second, without padding. `result` is the result of a measurement."""
    return result["tokens"] / result["wall"]


# One measurement, in its own process


def one_measurement(one: Measurement, folder: Path, options) -> dict | None:
    """The result of `one`; None in a process that does not lead."""
    from harness.system.determinism import prepare_environment, prepare_torch

    prepare_environment("fast")
    import torch

    prepare_torch(threads=1, device=options.device)
    torch.use_deterministic_algorithms(one.deterministic and options.device == "cuda")
    measure = {"product": product, "pretraining": pretraining, "finetuning": finetuning, "packing": packing}[one.kind]
    return measure(one, folder, options)


def product(one: Measurement, folder: Path, options) -> dict:
    """The device's name, and the FLOP/s that a large matrix product reaches, for devices without a known data sheet."""
    import torch
    from measuring import settled

    size, times = (128, 2) if options.tiny else (8192, 20)
    dtype = torch.bfloat16 if one.precision == "bf16" else torch.float32
    a, b = torch.randn(2, size, size, device=options.device, dtype=dtype)
    for repeat in range(2):
        settled(options.device)
        started = time.perf_counter()
        for _ in range(times if repeat else 2):
            a @ b
        settled(options.device)
        wall = time.perf_counter() - started
    name = torch.cuda.get_device_name() if options.device == "cuda" else "a CPU"
    return {"device": name, "flops_per_second": 2 * size**3 * times / wall}


def shape(one: Measurement, tiny: bool):
    from harness.grid.rehearsal.published import SHAPES
    from harness.params.config import Encoder

    return Encoder(*TINY) if tiny else SHAPES[f"{PUBLISHED[one.family]}-{one.size}"]


def engine_of(one: Measurement, device: str):
    from harness.params.config import Engine

    return Engine(device, one.precision, "sdpa", "fast", 1, one.processes, "ddp", False, one.compile)


def pretraining(one: Measurement, folder: Path, options) -> dict | None:
    """Pre-training by the recipe of the profile `paper`: its rows, objective, optimizer and schedule."""
    with on_one_device(one.processes, folder, options.device) as world:
        found = _pretrained(one, folder, options, world)
        return found if world.leads else None


def _pretrained(one: Measurement, folder: Path, options, world) -> dict:
    import flops
    import torch
    from pretraining import laid_out, with_engine, with_trainer

    from harness.encoders import families

    given = profile("paper").pretrain(one.family)
    encoder, engine = shape(one, options.tiny), engine_of(one, options.device)
    made = dataclasses.replace(profile("lab").checkpoint(one.family), encoder=encoder, engine=engine)
    length = 32 if options.tiny else given.pretraining.length
    rows = max(2, options.batch * 512 // (512 if options.tiny else length))
    warm = WARM_COMPILED if one.compile else WARM
    settings = dataclasses.replace(
        given.pretraining, length=length, device_batch=rows, effective_batch=2 * rows,
        evaluate_every=0, save_steps=0, save_minutes=0,
    )  # fmt: skip
    tokenizer = families.load_tokenizer(folder / one.family)
    torch.manual_seed(1)
    with torch.device(options.device):
        model = families.new_masked_lm(made.architecture, encoder, Sized(tokenizer, encoder.vocabulary), "sdpa")
    texts, steps = laid_out(one.part, folder), warm + options.updates
    if one.way == "trainer":
        glued, workers = one.part == "blocks", TRAINER_WORKERS if options.device == "cuda" else 0
        found = with_trainer(model, texts, tokenizer, made, settings, glued, steps=steps, warm=warm, workers=workers)
    else:
        found = with_engine(model, texts, tokenizer, made, settings, str(folder), steps=steps, warm=warm, world=world)
    masked = (settings.mask_rate + settings.mask_rate_end) / 2
    return _kept(found, world.total([flops.training(model.config, found["lengths"], masked=masked)])[0])


@contextlib.contextmanager
def on_one_device(processes: int, folder: Path, device: str) -> Iterator:
    """This process's place among `processes` on one device (by gloo, because NCCL would refuse). The first starts the
    others as members of its process group, so that they end with it."""
    import torch

    from harness.training.common.distributed import World

    if processes == 1:
        yield World(0, 1, device)
        return
    rank, meeting = int(os.environ.get("RANK", 0)), os.environ.get("MEETING", f"{folder}/meeting-{os.getpid()}")
    for other in range(1, 1 if rank else processes):
        environment = os.environ | {"RANK": str(other), "MEETING": meeting}
        subprocess.Popen([sys.executable, *sys.argv], env=environment, stdout=subprocess.DEVNULL)
    torch.distributed.init_process_group("gloo", f"file://{meeting}", rank=rank, world_size=processes)
    try:
        yield World(rank, processes, device)
    finally:
        torch.distributed.destroy_process_group()


def finetuning(one: Measurement, folder: Path, options) -> dict:
    """Fine-tune a new encoder by the task's recipe of the profile `paper`, or a stored one by the recipe of its run."""
    import flops
    import torch
    from finetuning import encoded, score, untrained, with_engine, with_trainer

    from harness import heads
    from harness.artifacts.checkpoint import place
    from harness.artifacts.parts import by_part
    from harness.encoders import families
    from harness.params.reading import load
    from harness.plugins import registry
    from harness.training.finetune.loop import warm_up

    root, stored = tasks_root(folder), one.size == "stored"
    task, parts = registry.get(root, one.part), by_part(root, one.part)[0]
    settings = (load(ROOT / "params.yaml") if stored else profile("paper")).finetune(one.part, one.family)
    recipe = settings.recipe
    if not stored:
        steps = WARM + options.updates
        batch = 4 if options.tiny else options.batch
        recipe = dataclasses.replace(recipe, steps=steps, batch=batch, evaluate_every=steps)
    recipe = dataclasses.replace(recipe, accumulation=1, evaluate_every=recipe.steps, patience=0)
    settings = dataclasses.replace(settings, recipe=recipe, engine=engine_of(one, options.device))
    encoder_folder = place(ROOT, one.family, "clinical") if stored else folder / one.family
    tokenizer = families.load_tokenizer(encoder_folder)
    examples = encoded(task, parts, tokenizer, recipe.max_length, recipe.stride)
    torch.manual_seed(1)
    head, labels = heads.of(task), task.labels
    with tempfile.TemporaryDirectory() as new:
        if not stored:
            encoder, encoder_folder = shape(one, options.tiny), Path(new)
            with torch.device(options.device):
                untrained(
                    encoder, settings.architecture, tokenizer, encoder_folder, Sized(tokenizer, encoder.vocabulary)
                )
        model = families.load_head(encoder_folder, settings.architecture, head, labels, "sdpa", recipe.dropout)
    warm_up()
    train = with_engine if one.way == "engine" else with_trainer
    workers = TRAINER_WORKERS if options.device == "cuda" else 0
    rows, found = train(one.way, model, examples, tokenizer, settings, 1, warm=WARM, workers=workers)
    first_alone = not head.windowed and settings.architecture != "modernbert"
    needed = flops.training(model.config, found["lengths"], first_alone=first_alone)
    return _kept(found, needed) | {"score": score(task, parts["test"], examples["test"], rows)}


def packing(one: Measurement, folder: Path, options) -> dict:
    """Forward and backward of a masked LM over the same documents, lognormal with a median of 250 tokens."""
    from functools import partial

    import flops
    import torch
    from measuring import counted, settled
    from packing import CLS, PAD, SEP, bucket_batches, drawn, one_pass, packed_batches
    from unpadding import NAME, unpadded

    from harness.encoders import families
    from harness.training.common.precision import autocast

    class Special:
        pad_token_id, cls_token_id, sep_token_id, mask_token_id = PAD, CLS, SEP, 3

    encoder = dataclasses.replace(shape(one, options.tiny), dropout=0.0)
    architecture = profile("lab").checkpoint(one.family).architecture
    torch.manual_seed(1)
    with torch.device(options.device):
        attention = NAME if one.way == "unpadded" else "sdpa"
        model = families.new_masked_lm(architecture, encoder, Sized(Special, encoder.vocabulary), attention).train()
    length, rows = (64, 2) if options.tiny else (512, options.batch)
    documents = drawn(250, tokens=rows * length * (2 if options.tiny else 12))
    if one.way == "packed":
        window = getattr(model.config, "local_attention", length)
        batches = packed_batches(documents, length, rows, window)
    else:
        batches = bucket_batches(documents, length, rows, buckets=1 if one.way == "padded" else 16)
    lengths = [sequences(batch) for batch in batches]
    if one.way == "unpadded":
        batches = [unpadded(batch) for batch in batches]
    batches = [for_architecture(architecture, batch) for batch in batches]
    batches = [_on(batch, options.device) for batch in batches]
    run = partial(
        one_pass, model, families.ARCHITECTURES[architecture].predict(model), batches,
        partial(autocast, engine_of(one, options.device)),
    )  # fmt: skip
    run()
    settled(options.device)
    started, passes = time.perf_counter(), 3
    for _ in range(passes):
        run()
    settled(options.device)
    wall = (time.perf_counter() - started) / passes
    places = [batch["input_ids"].numel() for batch in batches]
    found = counted(list(zip(lengths, places, strict=True)))
    memory = torch.cuda.max_memory_allocated() if options.device == "cuda" else 0
    needed = flops.training(model.config, found["lengths"], masked=1 / 7)
    return _kept(found | {"wall": wall, "memory": memory}, needed)


def for_architecture(architecture: str, batch: dict) -> dict:
    """The batch as this architecture takes it: BERT takes one mask, ModernBERT one for each kind of layer."""
    mask = batch.get("attention_mask")
    if architecture == "bert" and isinstance(mask, dict):
        return batch | {"attention_mask": mask["full_attention"]}
    return batch


def sequences(batch: dict) -> list[int]:
    """The number of tokens of each sequence in a batch, which is packed or padded."""
    if isinstance(batch["attention_mask"], dict):
        starts = (batch["position_ids"].flatten() == 0).nonzero().flatten().tolist()
        return [end - start for start, end in pairwise([*starts, batch["input_ids"].numel()])]
    return batch["attention_mask"].sum(-1).tolist()


def _on(value, device: str):
    if isinstance(value, dict):
        return {key: _on(part, device) for key, part in value.items()}
    return value.to(device) if hasattr(value, "to") else value


def _kept(found: dict, flops: float) -> dict:
    names = ("tokens", "padding", "wall", "memory")
    return {name: found[name] for name in names} | {"flops": flops}


# All of it


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    if options.one:
        result = one_measurement(Measurement(**json.loads(options.one)), Path(options.folder), options)
        if result is not None:
            print(json.dumps(result))
        return 0
    import torch

    if options.device == "cuda" and not torch.cuda.is_available():
        print("No CUDA GPU is at hand: nothing was measured, and nothing written.", file=sys.stderr)
        return 1
    if options.device == "cuda" and not options.tiny:
        options.out = options.out or ROOT / "benchmarks" / "gpu.md"
    # Otherwise the started processes would go on.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # `Trainer` would use all GPUs that it sees.
    os.environ["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    end = time.monotonic() + 60 * options.minutes
    wanted = [
        line for line in lines((ROOT / "artifacts/checkpoints/nb_bert/clinical/config.json").is_file())
        if all(word in f"{line.name} {line.measured.kind}" for word in options.only)
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), 6_000 if options.tiny else options.words)

        def measure(one: Measurement, limit: float) -> dict | Failure:
            print(f"{one}, at most {limit:.0f} s", file=sys.stderr, flush=True)
            found = in_process(limit, command(one, folder, options))
            print(f"  {found}", file=sys.stderr, flush=True)
            return found

        page, about = "", described(options, measure)
        for found in measure_all(wanted, end - time.monotonic() - KEPT_FOR_THE_TABLE, measure):
            page = table(wanted, found, about, options.minutes)
            if options.out:
                write(options.out, page)
    print(page or table(wanted, {}, about, options.minutes))
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="benchmarks/gpu.sh", description=__doc__.splitlines()[0])
    made.add_argument("--minutes", type=float, default=30, help="for everything together")
    made.add_argument("--out", type=Path, help="the page; on a GPU benchmarks/gpu.md, else none")
    made.add_argument("--only", nargs="+", default=(), metavar="WORDS", help="the lines that hold all of these")
    made.add_argument("--updates", type=int, default=20, help="measured updates of a training")
    made.add_argument("--batch", type=int, default=32, help="rows of 512 tokens, or texts, at once")
    made.add_argument("--words", type=int, default=800_000, help="words of text for pre-training")
    made.add_argument("--peak", type=float, help="TFLOP/s in bf16 of a device whose peak is not known")
    made.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    made.add_argument("--tiny", action="store_true", help="tiny encoders and texts, to try the code")
    made.add_argument("--one", help=argparse.SUPPRESS)
    made.add_argument("--folder", help=argparse.SUPPRESS)
    return made


def command(one: Measurement, folder: str, options) -> list[str]:
    given = ["--one", json.dumps(dataclasses.asdict(one)), "--folder", folder, "--device", options.device]
    given += ["--updates", str(options.updates), "--batch", str(options.batch), *(["--tiny"] if options.tiny else [])]
    return [sys.executable, __file__, *given]


def prepare(folder: Path, words: int) -> None:
    """Write the texts and tokenizers for all measurements, and the tasks' data if no run is finished."""
    import pretraining

    pretraining.prepare(folder, NAMES, words, None, repeated=True)
    if all((ROOT / "artifacts" / "validated" / task).is_dir() for task in HEADS.values()):
        return
    from harness.data.synthetic.write import generate
    from harness.stages import split, validate

    root = folder / "root"
    root.mkdir()
    (root / "tasks").symlink_to(ROOT / "tasks")
    generate(root / "data", 2026)
    for task in HEADS.values():
        validate.run(root, task)
        split.run(root, task, profile("embedded").split())


def tasks_root(folder: Path) -> Path:
    """The folder with the tasks' records and splits."""
    return folder / "root" if (folder / "root").is_dir() else ROOT


def described(options, measure) -> dict:
    """The device, its peaks, the libraries' versions, and the conditions in words."""
    import torch
    import transformers

    from harness.training.common.peaks import peak

    # Measured in a process of its own, because this one would hold memory of the device from then on.
    found = measure(Measurement("product"), 60)
    device, reached = ("a device that fails", None) if isinstance(found, Failure) else found.values()
    peaks = {precision: peak(device, precision) for precision in ("bf16", "fp32")}
    if options.peak:
        peaks["bf16"] = 1e12 * options.peak
    said = (
        f"MFU is a share of {peaks['bf16'] / 1e12:.0f} by its data sheet" if peaks["bf16"] else "MFU is a share of that"
    )
    peaks["bf16"] = peaks["bf16"] or reached
    versions = [f"torch {torch.__version__}", f"transformers {transformers.__version__}"]
    if torch.version.cuda:
        versions.append(f"CUDA {torch.version.cuda}")
    return {
        "device": device,
        "peaks": peaks,
        "libraries": ", ".join(versions),
        "conditions": conditions(reached, said, options),
    }


def conditions(reached: float | None, said: str, options) -> list[str]:
    product = f"reaches {reached / 1e12:.3g} TFLOP/s" if reached else "could not be measured"
    shapes = "TINY sizes: these are no results" if options.tiny else "the published shapes, but for the stored ones"
    return [
        "",
        f"- A large matrix product in bf16 {product} here; {said}.",
        f"- Encoders are new ones of {shapes}. A training makes {options.updates} updates that count, after {WARM} "
        f"({WARM_COMPILED} where compiled); of a stored encoder all of its recipe.",
        f"- Fine-tuning has {options.batch} texts an update, pre-training {2 * options.batch} rows of 512 tokens, or "
        "as many tokens, in two halves. Else the recipe is that of the profile `paper`.",
        "- bf16 autocast over fp32 weights unless a line says fp32. The engine uses deterministic kernels alone; "
        f"`Trainer` has any kernels, and {TRAINER_WORKERS} processes that make its batches.",
        "- `Trainer` trains plain masked LM in every family. It pads each batch to its longest text or, for full rows, "
        "glues texts. The engine's ModernBERT packs texts into full rows, without attention between them.",
        "- Where a line does not name `Trainer`, the engine is compared with itself.",
        "- F1 of a new encoder after so few updates says nothing but that both sides compute it.",
    ]


def write(path: Path, page: str) -> None:
    aside = path.with_suffix(".partial")
    aside.write_text(page, encoding="utf-8")
    aside.replace(path)


if __name__ == "__main__":
    sys.exit(main())
