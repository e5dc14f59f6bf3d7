"""The peak speed of a GPU, by the device's name."""

import re

# Dense peaks without sparsity, in TFLOP/s: bf16 with accumulation in fp32, and fp32 without TF32; vendors' data sheets.
PEAKS = (
    (r"\bGB?200\b|\bB200\b", 2250.0, 75.0),
    (r"\bH100 PCIe\b", 756.0, 51.0),
    (r"\bG?H200\b|\bH100\b", 989.4, 66.9),
    (r"\bA100\b", 312.0, 19.5),
    (r"\bL40S\b", 362.0, 91.6),
    (r"\bL40\b", 181.0, 90.5),
    (r"\bL4\b", 121.0, 30.3),
    (r"\bA40\b", 149.7, 37.4),
    (r"\bA6000\b", 154.8, 38.7),
    (r"\bRTX 6000 Ada\b", 364.2, 91.1),
    (r"\bRTX 4090\b", 165.2, 82.6),
    (r"\bRTX 3090\b", 71.0, 35.6),
)


def peak(device: str, precision: str) -> float | None:
    """The FLOP/s of a device by its data sheet. Returns None if the name is not known or is that of a MIG slice."""
    if "MIG" in device:
        return None
    for name, bf16, fp32 in PEAKS:
        if re.search(name, device):
            return 1e12 * (bf16 if precision == "bf16" else fp32)
    return None
