"""Settings that make results bit-identical: environment, threads, seeds.

The environment must be set before torch is imported. So the command line calls `prepare_environment` first, and
`prepare_torch` then sets torch's own options.
"""

import hashlib
import os
import sys

# No library may report how it is used.
UNTOLD = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
_ALWAYS = {
    **UNTOLD,
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    # numpy, scipy and scikit-learn use only instructions that all processors have, because another last bit makes the
    # solver of the linear models stop elsewhere. Nothing outside torch is large enough for this to cost time.
    "OPENBLAS_CORETYPE": "Nehalem",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
}

# For torch: one instruction set and one summation order on every x86-64 processor; each part is needed.
_PORTABLE = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_CBWR": "COMPATIBLE",
}


def prepare_environment(reproducible: str) -> None:
    """Set the environment variables that numeric libraries read once, when the libraries are loaded.

    If `reproducible` is "fast", results are bit-identical on processors of the same class. If it is "portable", they
    are bit-identical on every x86-64 processor with AVX2. For "portable", torch must not be imported yet, because the
    variables would silently have no effect. An AssertionError shows this mistake of the calling code.
    """
    os.environ.update(_ALWAYS)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if reproducible == "portable":
        assert "torch" not in sys.modules, "portable settings come before torch is imported"
        os.environ.update(_PORTABLE)


def prepare_torch(threads: int, device: str) -> None:
    """Fix the number of threads, which affects the result, and on CUDA refuse nondeterministic kernels."""
    import torch

    torch.set_num_threads(threads)
    if device == "cuda":
        torch.use_deterministic_algorithms(True)
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.benchmark = False


def derived_seed(*parts: str | int) -> int:
    """A seed of 63 bits from a few words and numbers that name its purpose: `derived_seed("masking", 7)`.

    Each purpose has its own stream of random numbers. So if one purpose draws more numbers, no other purpose gets other
    numbers.
    """
    text = "\0".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8], "big") >> 1


def available_cpus() -> int:
    """The number of processors that this process may use.

    In a container or a batch job, this is its share of the machine.
    """
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)
