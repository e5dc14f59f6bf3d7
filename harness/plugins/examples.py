"""Invent sample rows for every kind of task (head), in every format that `harness new-task` writes."""

from typing import NamedTuple

from harness.heads import Head
from harness.plugins import written

FILES = {"dataset": "sample.arrow"}
ROWS = 24

# fmt: off
_NAMES = ("Kari", "Ola", "Ingrid", "Per", "Sunniva", "Torbjørn", "Åse", "Mikkel", "Randi", "Leif", "Hedda", "Jonas")
_PLACES = ("Bergen", "Voss", "Haugesund", "Odda", "Førde", "Stord", "Florø", "Lærdal", "Askøy", "Sogndal", "Os",
           "Leirvik")
_FINDINGS = ("hoste", "svimmelhet", "et brudd i håndleddet", "feber", "utslett", "kvalme", "brystsmerter", "hodepine",
             "hevelse i kneet", "tungpust", "søvnvansker", "ryggsmerter")
_ACTS = ("ble undersøkt på poliklinikken", "fikk time hos fastlegen", "ble lagt inn til observasjon",
         "reiste hjem samme kveld", "venter på svar fra laboratoriet", "skal til kontroll om tre uker",
         "fikk resept på nye tabletter",
         "ble henvist til fysioterapeut", "tok røntgenbilde i dag", "snakket med sykepleieren", "byttet bandasje",
         "fikk råd om å drikke mer")
# fmt: on


class Words(NamedTuple):
    """The words from which one invented row is made. Two rows never have more than two of their words in common."""

    name: str
    place: str
    complaint: str
    act: str

    @property
    def sentence(self) -> str:
        return f"{self.name} fra {self.place} hadde {self.complaint} og {self.act}."

    def others(self, number: int) -> list[str]:
        """`number` complaints that differ from the row's own complaint."""
        apart = (2, 5, 9, 1, 3, 4, 6, 7, 8, 10, 11, *range(12, number + 1))[:number]
        return [_FINDINGS[(_FINDINGS.index(self.complaint) + k) % 12] + " igjen" * (k // 12) for k in apart]


def _drawn(i: int) -> Words:
    round_, n = divmod(i, 12)
    places = _PLACES[(n * 5 + round_) % 12], _FINDINGS[(n * 7 + 3 * round_) % 12], _ACTS[(n + 5 * round_) % 12]
    return Words(_NAMES[n], *places)


def rows(head: Head, labels: tuple[str, ...] = ()) -> list[dict]:
    """The invented rows as dicts: "id", "group", the head's texts and its answer (for spans, "words" as (word, label)
    pairs).

    If `labels` is given, these labels replace those of the sample. Every label occurs in a row.
    """
    labels = labels or head.template.labels
    return [
        {"id": f"row-{i:02d}", "group": f"person-{i:02d}"} | head.sample(_drawn(i), i, labels)
        for i in range(max(ROWS, len(labels)))
    ]


def files(head: Head, format_: str) -> dict[str, bytes]:
    """The sample as files in the format `format_` (such as "csv"): bytes by file name."""
    made = rows(head)
    if head.windowed:
        return written.files(made, written.USUAL[format_])
    if format_ in ("csv", "tsv"):
        apart = ("option_a", "option_b", "option_c", "option_d")
        made = [
            {k: v for k, v in row.items() if k != "options"} | dict(zip(apart, row.get("options", ()), strict=False))
            for row in made
        ]
    return {
        FILES.get(format_, f"sample.{format_}"): written.table(made, FILES.get(format_, format_).rpartition(".")[2])
    }
