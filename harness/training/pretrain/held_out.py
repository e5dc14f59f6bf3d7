"""Measure masked-LM loss and accuracy on held-out text, with the same rows and masks for every arm and objective.

Every checkpoint is measured with plain masking of 15 % (Devlin et al. 2019), whatever its objective. So the values
before and after a training, and of the arms of a family, can be compared.
"""

from collections.abc import Callable, Mapping, Sequence

import torch

from harness.objectives.common.masking import mask_tokens
from harness.objectives.common.rows import Row
from harness.objectives.common.windows import Vocabulary, padded
from harness.params.config import Engine
from harness.text.bio import IGNORED
from harness.training.common.precision import autocast
from harness.training.pretrain.plan import generator

RATE = 0.15
BATCH = 64


@torch.no_grad()
def measure(
    model,
    head: Callable[[torch.Tensor], torch.Tensor],
    rows: Mapping[str, Sequence[tuple[str, Row]]],
    vocabulary: Vocabulary,
    engine: Engine,
    device: str,
) -> dict[str, dict]:
    """Measure `model` on the held-out rows of each corpus. Returns, by corpus, {"loss" (nats per masked token),
    "accuracy" (0 to 1), "tokens" (masked tokens), "by_document_type": {type: the same three numbers}}.

    Loss and accuracy are None if no token is masked. `rows` maps a corpus to (document type, row) pairs. `head` maps
    hidden states to logits.
    """
    model.eval()
    found = {}
    for corpus, typed in rows.items():
        sums: dict[str, list[float]] = {}
        order = sorted(range(len(typed)), key=lambda i: (typed[i][1].length, i))
        for start in range(0, len(order), BATCH):
            chosen = [typed[i] for i in order[start : start + BATCH]]
            inputs = padded([row for _, row in chosen], vocabulary)
            masked, targets = mask_tokens(
                inputs["input_ids"],
                vocabulary.maskable(inputs["input_ids"]),
                RATE,
                vocabulary.mask,
                vocabulary.replacements,
                generator("held-out masks", corpus, start),
            )
            inputs = {name: value.to(device) for name, value in (inputs | {"input_ids": masked}).items()}
            with autocast(engine):
                hidden = model.base_model(**inputs).last_hidden_state
                logits = head(hidden[targets.to(device) != IGNORED]).float().cpu()
            gold = targets[targets != IGNORED]
            losses = torch.nn.functional.cross_entropy(logits, gold, reduction="none").double()
            right = (logits.argmax(-1) == gold).double()
            counts = (targets != IGNORED).sum(1).tolist()
            for (kind, _), loss, hits, n in zip(chosen, losses.split(counts), right.split(counts), counts, strict=True):
                for name in ("", kind):
                    total = sums.setdefault(name, [0.0, 0.0, 0])
                    total[0] += float(loss.sum())
                    total[1] += float(hits.sum())
                    total[2] += n
        means = {
            name: {"loss": round(loss / n, 4), "accuracy": round(hits / n, 4), "tokens": int(n)}
            for name, (loss, hits, n) in sorted(sums.items())
            if n
        }
        whole = means.pop("", {"loss": None, "accuracy": None, "tokens": 0})
        found[corpus] = whole | {"by_document_type": means}
    return found
