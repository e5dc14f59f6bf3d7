"""The peak speeds of GPUs, by their names."""

import pytest

from harness.training.common.peaks import peak


@pytest.mark.parametrize(
    ("name", "precision", "tera"),
    [
        ("NVIDIA H200", "bf16", 989.4),
        ("NVIDIA H100 80GB HBM3", "bf16", 989.4),
        ("NVIDIA H100 PCIe", "bf16", 756.0),
        ("NVIDIA A100-SXM4-80GB", "bf16", 312.0),
        ("NVIDIA L40S", "bf16", 362.0),
        ("NVIDIA L40", "bf16", 181.0),
        ("NVIDIA L40S", "fp32", 91.6),
        ("NVIDIA L4", "fp32", 30.3),
    ],
)
def test_a_name_that_begins_another_is_not_taken_for_it(name, precision, tera):
    assert peak(name, precision) == pytest.approx(tera * 1e12)


@pytest.mark.parametrize("name", ["", "Quadro of tomorrow", "NVIDIA H100 80GB HBM3 MIG 1g.10gb"])
def test_a_device_without_a_known_peak_has_none(name):
    assert peak(name, "bf16") is None
