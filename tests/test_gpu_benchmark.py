"""`benchmarks/gpu.py`: what can be known of it without a GPU."""

import dataclasses
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest
import torch
from tiny_encoders import ENCODER
from torch.utils.flop_counter import FlopCounterMode

from harness.encoders import families

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
ARCHITECTURES = {"nb_bert": "bert", "norbert3": "norbert3", "modernbert": "modernbert"}


@pytest.fixture(scope="module", autouse=True)
def importable():
    sys.path.insert(0, str(BENCHMARKS))
    yield
    sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def gpu(importable):
    import gpu

    return gpu


@pytest.fixture(scope="module")
def flops(importable):
    import flops

    return flops


class Special:
    pad_token_id, cls_token_id, sep_token_id, mask_token_id = range(4)


def model_of(gpu, family: str, encoder, attention: str = "sdpa"):
    return families.new_masked_lm(
        ARCHITECTURES[family], encoder, gpu.Sized(Special, encoder.vocabulary), attention
    ).eval()


# The parameters of NbAiLab/nb-bert-*, ltg/norbert3-* and answerdotai/ModernBERT-* with their masked-LM heads, in
# millions, as their model cards round them.
@pytest.mark.parametrize(
    ("family", "size", "millions"),
    [
        ("nb_bert", "base", 178), ("nb_bert", "large", 355), ("norbert3", "base", 123), ("norbert3", "large", 353),
        ("modernbert", "base", 149), ("modernbert", "large", 395),
    ],
)  # fmt: skip
def test_the_shapes_are_those_published(gpu, family, size, millions):
    encoder = gpu.shape(gpu.Measurement("pretraining", family=family, size=size), tiny=False)
    with torch.device("meta"):
        model = model_of(gpu, family, encoder)
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(millions, rel=0.012)


def test_an_encoder_s_operations_are_those_counted_by_hand(flops):
    """Eight hidden units, one layer, sixteen inner units, four tokens."""
    sizes = {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, "vocab_size": 100}
    bert = types.SimpleNamespace(model_type="bert", **sizes)
    # Four square matrices and two of 8 × 16 for each token; scores and mixtures of 4 × 4 pairs.
    assert flops.encoder(bert, 4) == 2 * 4 * (4 * 64 + 2 * 128) + 2 * 2 * 16 * 8
    # Of the first token alone: the output's matrix and the two inner ones.
    assert flops.encoder(bert, 4, first_alone=True) == 2 * (4 * 3 * 64 + 64 + 2 * 128) + 2 * 2 * 16 * 8
    near = {"layer_types": ["sliding_attention"], "local_attention": 2}
    modern = types.SimpleNamespace(model_type="modernbert", **sizes, **near)
    # Three inner matrices; each token sees its neighbours: 2 + 3 + 3 + 2 pairs.
    assert flops.encoder(modern, 4) == 2 * 4 * (4 * 64 + 3 * 128) + 2 * 2 * 10 * 8
    ltg = types.SimpleNamespace(model_type="norbert3", **sizes, position_bucket_size=32, max_position_embeddings=512)
    # Beside the scores each query and each key meets the vectors of seven distances, -3 to 3.
    assert flops.encoder(ltg, 4) == 2 * 4 * (4 * 64 + 3 * 128) + 2 * 2 * 16 * 8 + 2 * (2 * 4 * 7 * 8)
    assert flops.prediction(bert) == 2 * (8 * 8 + 8 * 100)
    half = flops.training(bert, [(4, 10)], masked=0.5)
    assert half == 3 * 10 * (flops.encoder(bert, 4) + 2 * flops.prediction(bert))


@pytest.mark.parametrize("family", ARCHITECTURES)
@pytest.mark.parametrize("length", [7, 40])
def test_an_encoder_s_operations_are_those_that_torch_counts(gpu, flops, family, length):
    """Without a window, of which torch counts what is masked away."""
    encoder = dataclasses.replace(ENCODER, max_positions=1024)
    model = model_of(gpu, family, encoder, "eager")
    ids = torch.full((1, length), 9)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        hidden = model.base_model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
    counted = counter.get_total_flops()
    if family == "nb_bert":
        counted -= 2 * encoder.hidden**2  # the pooler
    if family == "norbert3":
        # Of 1,024 positions a distance of 39 has the fourth of the fifteen shared buckets: 16 and 4 to either side.
        positions = {7: 13, 40: 41}[length]
        counted -= encoder.layers * 2 * positions * 2 * encoder.hidden**2  # its table of positions, once a batch
    assert flops.encoder(model.config, length) == counted
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        families.ARCHITECTURES[ARCHITECTURES[family]].predict(model)(hidden[0, :3])
    assert 3 * flops.prediction(model.config) == counter.get_total_flops()


@pytest.mark.parametrize("family", ["nb_bert", "modernbert"])
@pytest.mark.parametrize("way", ["unpadded", "packed"])
def test_without_padding_hidden_states_are_the_same(gpu, family, way):
    import unpadding

    from harness.objectives.common.packing import packed_inputs

    encoder = dataclasses.replace(ENCODER, dropout=0.0)
    torch.manual_seed(1)
    padded, other = (model_of(gpu, family, encoder, name) for name in ("sdpa", unpadding.NAME))
    other.load_state_dict(padded.state_dict())
    lengths = torch.tensor([30, 3, 17])
    mask = (torch.arange(30) < lengths[:, None]).long()
    ids = torch.randint(5, 400, mask.shape) * mask
    with torch.no_grad():
        expected = padded.base_model(input_ids=ids, attention_mask=mask).last_hidden_state[mask.bool()]
        if way == "unpadded":
            found = other.base_model(**unpadding.unpadded({"input_ids": ids, "attention_mask": mask}))
        else:
            numbers = torch.arange(3).repeat_interleave(lengths)[None]
            inputs = packed_inputs(ids[mask.bool()][None], numbers, getattr(padded.config, "local_attention", 50))
            found = padded.base_model(**gpu.for_architecture(ARCHITECTURES[family], inputs))
            assert gpu.sequences(inputs) == lengths.tolist()
    torch.testing.assert_close(found.last_hidden_state[0], expected, atol=2e-5, rtol=1e-4)


def test_time_is_shared_out_by_what_is_expected(gpu):
    assert gpu.allowance(left=100, expected=10, waiting=50) == 20
    assert gpu.allowance(left=100, expected=10, waiting=500) == 10
    assert gpu.allowance(left=1000, expected=10, waiting=20) == 40
    assert gpu.allowance(left=15, expected=10, waiting=10) == 15
    assert gpu.allowance(left=9, expected=10, waiting=10) is None


def test_one_that_hangs_leaves_time_for_the_others(gpu, monkeypatch):
    """A clock that only measurements move: every one takes all that it may."""
    now = [0.0]
    monkeypatch.setattr(gpu.time, "monotonic", lambda: now[0])

    def hangs(one, limit):
        now[0] += limit
        return gpu.Failure("not done")

    wanted = gpu.lines(stored=True)
    (*_, found) = gpu.measure_all(wanted, 1800, hangs)
    assert now[0] <= 1800
    assert len(found) > 60
    # A measurement that several lines need is made once.
    assert len(found) <= len({m for line in wanted for m in (line.measured, line.against)})


def test_all_heads_families_and_sizes_are_wanted(gpu):
    wanted = gpu.lines(stored=False)
    trained = {(m.kind, m.family, m.size, m.part) for line in wanted for m in [line.measured] if m.way == "engine"}
    for family in ARCHITECTURES:
        for size in gpu.SIZES:
            assert ("pretraining", family, size, "blocks") in trained
            assert {("finetuning", family, size, task) for task in gpu.HEADS.values()} <= trained
    assert len({line.name for line in wanted}) == len(wanted)


def test_failures_are_lines_and_what_was_not_reached_is_listed(gpu):
    wanted = gpu.lines(stored=False)[:3]
    one = {"tokens": 3000, "wall": 1.5, "flops": 3e12, "memory": 4e9, "score": 0.25}
    found = {
        wanted[0].measured: one,
        wanted[0].against: one | {"tokens": 1000, "memory": 0},
        wanted[1].measured: one,
        wanted[1].against: gpu.Failure("out of memory"),
        wanted[2].measured: one,
    }
    about = {
        "device": "a device",
        "libraries": "torch 9",
        "conditions": ["", "- Some."],
        "peaks": {"bf16": 4e12, "fp32": None},
    }
    page = gpu.table(wanted, found, about, 30)
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert len({row.count("|") for row in rows}) == 1
    assert rows[2] == (
        "| pre-training, full rows | BERT base | engine | 2,000 | 50% | 4.0 | 0.250 "
        "| Trainer | 667 | 50% | – | 0.250 | 3.00 |"
    )
    assert rows[3].endswith("| Trainer | failed: out of memory | – | – | – | – |")
    assert len(rows) == 4
    assert page.endswith(f"Not reached in that time:\n\n- {wanted[2].name}\n")


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ("raise SystemExit('torch.OutOfMemoryError: CUDA out of memory. Tried')", "out of memory"),
        ("raise ValueError('a|b')", "ValueError: a/b"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended by SIGKILL"),
        ("import time; time.sleep(60)", "not done after 2 s"),
    ],
)
def test_a_process_that_fails_says_why(gpu, says, why):
    limit = 2 if "sleep" in says else 60
    assert gpu.in_process(limit, [sys.executable, "-c", says]) == gpu.Failure(why)


def test_a_process_answers_with_its_last_line(gpu):
    code = "print('progress'); print('{\"tokens\": 3}')"
    assert gpu.in_process(60, [sys.executable, "-c", code]) == {"tokens": 3}


def test_without_a_gpu_it_says_so_and_writes_nothing(tmp_path):
    out = tmp_path / "gpu.md"
    script = [str(BENCHMARKS / "gpu.sh"), "--out", str(out)]
    done = subprocess.run(script, capture_output=True, text=True, env=os.environ | {"CUDA_VISIBLE_DEVICES": ""})
    assert done.returncode == 1 and not out.exists() and not done.stdout
    assert done.stderr == "No CUDA GPU is at hand: nothing was measured, and nothing written.\n"
