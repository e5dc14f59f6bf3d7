"""The sizes of public encoders, for a rehearsal on a machine that does not have their files."""

from harness.params.config import Encoder


def _large(layers: int, intermediate: int, vocabulary: int, max_positions: int) -> Encoder:
    return Encoder(1024, layers, 16, intermediate, vocabulary, max_positions, 0.1)


# By repository, for any commit, because all versions of a checkpoint have the same shape.
SHAPES = {
    "NbAiLab/nb-bert-large": _large(layers=24, intermediate=4096, vocabulary=50_000, max_positions=512),
    "NbAiLab/nb-bert-base": Encoder(
        hidden=768, layers=12, heads=12, intermediate=3072, vocabulary=119_547, max_positions=512, dropout=0.1
    ),
    "ltg/norbert3-large": _large(layers=24, intermediate=2730, vocabulary=50_000, max_positions=512),
    "ltg/norbert3-base": Encoder(
        hidden=768, layers=12, heads=12, intermediate=2048, vocabulary=50_000, max_positions=512, dropout=0.1
    ),
    "ltg/norbert3-small": Encoder(
        hidden=384, layers=12, heads=6, intermediate=1024, vocabulary=50_000, max_positions=512, dropout=0.1
    ),
    "answerdotai/ModernBERT-large": _large(layers=28, intermediate=2624, vocabulary=50_368, max_positions=8192),
    "answerdotai/ModernBERT-base": Encoder(
        hidden=768, layers=22, heads=12, intermediate=1152, vocabulary=50_368, max_positions=8192, dropout=0.1
    ),
    "sentence-transformers/all-MiniLM-L6-v2": Encoder(
        hidden=384, layers=6, heads=12, intermediate=1536, vocabulary=30_522, max_positions=512, dropout=0.1
    ),
}
