"""`reproducible: portable` gives the bits of this processor on another one, which QEMU emulates (Debian: qemu-user)."""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from portable_training import LINEAR, NAMES
from tiny_training import RECIPES

QEMU = shutil.which("qemu-x86_64")
TESTS = Path(__file__).parent
CHOSEN = {
    "ATEN_CPU_CAPABILITY": "default",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "MKL_CBWR": "AUTO",
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
}


def told(folder: Path, kind: str, *under: str, **more: str) -> list[str]:
    """One line per kind of training, from a process of its own."""
    environment = {name: value for name, value in os.environ.items() if name not in CHOSEN} | more
    environment["PYTHONPATH"] = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    command = [*under, sys.executable, str(TESTS / "portable_training.py"), "portable", str(folder), kind]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """What this processor makes, by kind."""
    return functools.cache(lambda kind: told(tmp_path_factory.mktemp(kind), kind))


@pytest.mark.extended
@pytest.mark.skipif(QEMU is None, reason="qemu-x86_64 is not installed (Debian: apt install qemu-user)")
@pytest.mark.parametrize("processor", ["Haswell", "Skylake-Client", "EPYC"])
@pytest.mark.parametrize("kind", [*sorted(RECIPES), "linear"])
def test_another_processor_makes_the_same_weights_and_logits(kind, processor, here, tmp_path):
    """Pre-training with the family's optimizer and fine-tuning with every head; the linear models' scores."""
    assert len(here(kind)) == (1 + len(LINEAR) if kind == "linear" else 1 + len(NAMES))
    assert told(tmp_path, kind, QEMU, "-cpu", processor) == here(kind)


@pytest.mark.parametrize("kind", ["linear", pytest.param("bert", marks=pytest.mark.extended)])
def test_what_the_process_finds_around_it_moves_no_bit(kind, here, tmp_path):
    """Hash seed, locale, time zone, a path with a space and letters; instruction sets and threads asked for outside."""
    around = {"PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Asia/Kathmandu"}
    asked = CHOSEN | {"OMP_NUM_THREADS": "2"}
    assert told(tmp_path / "æ ø", kind, **around, **asked) == here(kind)
