"""The NB-BERT objective: masked LM and next-sentence prediction (Devlin et al. 2019, section 3.1). In half of the
segment pairs the second segment continues the first. In the other half the second segment is from another document."""

from collections.abc import Iterable, Mapping, Sequence

from harness.objectives.masked import Masked, Masks
from harness.objectives.mlm import BERT
from harness.objectives.objective import Heads, Setup


class WithNextSentence(Masked):
    def in_words(self) -> str:
        return f"{super().in_words()} and next-sentence prediction"

    def rows(self, setup: Setup, documents, block: range, generator) -> Iterable:
        from harness.objectives.common.segments import Cut, encode_pair, next_sentence_pairs
        from harness.objectives.common.windows import SHORTEST

        v, length = setup.vocabulary, setup.settings.length
        texts = [Cut(documents.sentences(i), (length - 3) // 2) for i in block]
        pairs = next_sentence_pairs(texts, length, generator, setup.settings.short_rows)
        rows = (encode_pair(pair, texts, v.cls, v.sep, length) for pair in pairs)
        return (row for row in rows if row.length >= SHORTEST + 2)

    def batch(self, setup: Setup, rows: Sequence, now: Mapping[str, float], generator) -> tuple[dict, dict]:
        import torch

        inputs, targets = super().batch(setup, rows, now, generator)
        return inputs, targets | {"next_sentence": torch.tensor([row.label for row in rows])}

    def losses(self, output, targets: Mapping, heads: Heads) -> dict:
        from torch.nn.functional import cross_entropy

        found, relation = super().losses(output, targets, heads), heads.next_sentence(output).float()
        return found | {"next_sentence": cross_entropy(relation, targets["next_sentence"], reduction="sum")}


mlm_nsp = WithNextSentence(name="mlm_nsp", settings=Masks, published=BERT, by_sentence=True, architectures=("bert",))
