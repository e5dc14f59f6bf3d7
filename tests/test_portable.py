"""`reproducible: portable` gives the bits of this processor on another one, which QEMU emulates (Debian: qemu-user)."""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from portable_training import HEADS
from tiny_training import RECIPES

QEMU = shutil.which("qemu-x86_64")
TESTS = Path(__file__).parent
CHOSEN = ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "MKL_CBWR")


def told(folder: Path, architecture: str, *under: str, **more: str) -> list[str]:
    """One line per kind of training, from a process of its own."""
    environment = {name: value for name, value in os.environ.items() if name not in CHOSEN} | more
    environment["PYTHONPATH"] = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    command = [*under, sys.executable, str(TESTS / "portable_training.py"), "portable", str(folder), architecture]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """What this processor makes, by architecture."""
    return functools.cache(lambda architecture: told(tmp_path_factory.mktemp(architecture), architecture))


@pytest.mark.extended
@pytest.mark.skipif(QEMU is None, reason="qemu-x86_64 is not installed (Debian: apt install qemu-user)")
@pytest.mark.parametrize("processor", ["Haswell", "Skylake-Client", "EPYC"])
@pytest.mark.parametrize("architecture", sorted(RECIPES))
def test_another_processor_makes_the_same_weights_and_logits(architecture, processor, here, tmp_path):
    """Pre-training with the family's optimizer, and fine-tuning with every head."""
    assert len(here(architecture)) == 1 + len(HEADS)
    assert told(tmp_path, architecture, QEMU, "-cpu", processor) == here(architecture)


def test_what_the_process_finds_around_it_moves_no_bit(here, tmp_path):
    """Hash seed, locale, time zone, a path with a space and letters; instruction sets and threads asked for outside."""
    around = {"PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Asia/Kathmandu"}
    asked = dict(zip(CHOSEN, ("default", "SSE41", "AUTO"), strict=True)) | {"OMP_NUM_THREADS": "2"}
    assert told(tmp_path / "æ ø", "bert", **around, **asked) == here("bert")
