"""The ModernBERT objective: masked LM on packed rows (several documents fill a row), with a mask rate that falls from
30 to 15 % (Ankner et al. 2023). Masks are drawn again at every update. No position is padding, and attention stays
within a document (Warner et al. 2024)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.objectives.masked import Masked, Masks
from harness.objectives.objective import Setup


@dataclass(frozen=True)
class PackedMasks(Masks):
    """The settings of masked LM on packed rows. `short_rows` must be 0, because packed rows are always full."""

    def checks(self) -> Iterator[tuple]:
        yield from super().checks()
        yield "short_rows", self.short_rows, not self.short_rows, "0 (the recipe dynamic packs its rows full)"


class DynamicMasking(Masked):
    def in_words(self) -> str:
        return f"{super().in_words()} at a falling rate, over packed rows"

    def rows(self, setup: Setup, documents, block: range, generator) -> Iterable:
        import numpy as np

        from harness.objectives.common.packing import pack
        from harness.objectives.common.rows import Row

        v = setup.vocabulary
        texts = [np.array(documents.tokens(i), np.int32) for i in block]
        pairs = zip(*pack(texts, setup.settings.length, v.cls, v.sep, generator), strict=True)
        return (Row(tuple(ids.tolist()), documents=tuple(numbers.tolist())) for ids, numbers in pairs)

    def batch(self, setup: Setup, rows: Sequence, now: Mapping[str, float], generator) -> tuple[dict, dict]:
        import torch

        from harness.objectives.common.packing import packed_inputs

        ids = torch.tensor([row.ids for row in rows])
        hidden, masked = self.masks(setup, ids, now["mask_rate"], generator)
        numbers, config = torch.tensor([row.documents for row in rows]), setup.config
        return packed_inputs(hidden, numbers, config.local_attention, config._attn_implementation), {"masked": masked}


dynamic = DynamicMasking(
    name="dynamic",
    settings=PackedMasks,
    # ModernBERT (Warner et al. 2024, arXiv 2412.13663) with modernbert-base-pretrain.yaml of AnswerDotAI/ModernBERT:
    # StableAdamW with .9, .98 and eps 1e-6 and no clipping; weight decay 1e-5 at any learning rate; warm-up over 3 of
    # 1,719 G tokens, then a constant rate without decay in that file (t_decay: 0tok); rows packed full. In the paper
    # (section 2.2.2) the rate decays in a separate phase: after 250 G tokens of longer rows, over 50 G as 1 - sqrt, so
    # over 50 of 2,019 G. ModernBERT masks 30 % throughout. The fall to 15 % is from Ankner et al. 2023.
    published={
        "optimizer": "stable_adamw", "betas": [0.9, 0.98], "eps": 1e-6,
        "weight_decay": 1e-5, "head_weight_decay": 1e-5, "decay_with_rate": False, "clip": None,
        "schedule": "trapezoidal", "warmup": 0.0017, "floor": 0.0, "cooldown": 0.025, "cooldown_shape": "sqrt",
        "mask_rate": 0.30, "mask_rate_end": 0.15, "mask_schedule": "linear", "short_rows": 0.0,
    },
    architectures=("modernbert",),
)  # fmt: skip
