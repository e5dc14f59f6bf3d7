"""A field of medicine as the generator knows it."""

from dataclasses import dataclass

KINDS = ("disease", "symptom", "drug", "procedure", "device")


@dataclass(frozen=True)
class Domain:
    """One field of medicine; each kind is a comma-separated list, `cues` are its typical sentences."""

    name: str
    department: str
    disease: str
    symptom: str
    drug: str
    procedure: str
    device: str
    cues: tuple[str, ...]
