"""What the tiny encoders of these tests are made from."""

from pathlib import Path

from harness.params.config import Encoder, Folder

TEXTS = [
    "Pasienten ble innlagt med akutte brystsmerter og tung pust. Tidligere frisk kvinne på 54 år.",
    "Ho vart operert for brot i høgre hofte i går, og det gjekk bra. Blodtrykk 135/80, puls 72.",
    "Åse Ødegård ringte 113 fordi ektemannen ikke klarte å løfte venstre arm; talen var utydelig.",
    "Det er gitt paracetamol 1 g x 4. Såret er rent og tørt, suturene fjernes om 10–14 dager.",
    "Ein sjukepleiar oppdaga at feil medisin var lagd i dosetten. Meldinga er send til avdelinga.",
] * 4

ENCODER = Encoder(hidden=24, layers=3, heads=2, intermediate=40, vocabulary=420, max_positions=128, dropout=0.1)

# The commit at which a checkpoint lies in the hub cache of these tests.
COMMIT = "c2ca9559daa36dfc21f624f95e825627d93a6c9e"


def load_masked_lm(folder, architecture: str, attention: str):
    """The masked LM in `folder`, as a training goes on from it."""
    from harness.encoders import families

    return families.load_for_pretraining(folder, architecture, attention)[0]


def imported(source, architecture: str, target) -> dict:
    """The card of `source` (a folder's path, or a source of `params.yaml`), imported to `target` as a family's arm."""
    from harness.encoders.checkpoints import import_arm

    source = Folder("folder", str(source)) if isinstance(source, Path) else source
    return import_arm(source, "family", "baseline", architecture, target, "hash of the code")
