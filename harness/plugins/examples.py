"""Invented rows for every head, and how they look in every format that `harness new-task` writes."""

from harness.plugins import annotated, tables

LABELS = {"sequence": ("no", "yes"), "pair": ("no", "yes"), "tokens": ("Name", "Place"), "choice": ("A", "B", "C", "D")}
FORMATS = {
    "sequence": ("csv", "tsv", "jsonl", "parquet", "dataset"),
    "pair": ("csv", "tsv", "jsonl", "parquet", "dataset"),
    "choice": ("jsonl", "csv", "tsv", "parquet", "dataset"),
    "tokens": ("conll", "brat", "tags", "jsonl", "dataset"),
}
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


def _drawn(i: int) -> tuple[str, str, str, str]:
    """Name, place, complaint and act of row `i`: no two rows have more than two of them in common."""
    round_, n = divmod(i, 12)
    return _NAMES[n], _PLACES[(n * 5 + round_) % 12], _FINDINGS[(n * 7 + 3 * round_) % 12], _ACTS[(n + 5 * round_) % 12]


def rows(head: str, labels: tuple[str, ...] = ()) -> list[dict]:
    """The sample as plain rows: "id", "group", the head's texts, and "label" (for "tokens" the "words").

    `labels` are those of a task that has others than the sample's own; each of them has a row.
    """
    made, labels = [], labels or LABELS[head]
    for i in range(max(ROWS, len(labels))):
        name, place, complaint, act = _drawn(i)
        row = {"id": f"row-{i:02d}", "group": f"person-{i:02d}"}
        number = i % len(labels)
        label = labels[number]
        if head == "sequence":
            row |= {"text": f"{name} fra {place} hadde {complaint} og {act}.", "label": label}
        elif head == "pair":
            other = f"Hva hjelper mot {complaint}?" if number else f"Hvor lenge kan en være i {place}?"
            row |= {
                "text": f"{name} lurer på hva en gjør ved {complaint}.",
                "text_pair": f"{other} ({act})",
                "label": label,
            }
        elif head == "choice":
            apart = (2, 5, 9, 1, 3, 4, 6, 7, 8, 10, 11, *range(12, len(labels)))[: len(labels) - 1]
            others = [_FINDINGS[(_FINDINGS.index(complaint) + k) % 12] + " igjen" * (k // 12) for k in apart]
            options = [*others[:number], complaint, *others[number:]]
            row |= {"question": f"{name} i {place} {act} på grunn av {complaint}. Hva plager?", "options": options}
            row["label"] = label
        else:
            plain = [(word, "") for word in f"hadde {complaint} . Pasienten {act} .".split()]
            first, second = labels[2 * i % len(labels)], labels[(2 * i + 1) % len(labels)]
            row["words"] = [(name, first), ("fra", ""), (place, second), *plain]
        made.append(row)
    return made


def files(head: str, format_: str) -> dict[str, bytes]:
    """The sample in `format_`: bytes by file name."""
    made = rows(head)
    if head == "tokens":
        return annotated.files(made, annotated.USUAL[format_])
    if format_ in ("csv", "tsv"):
        apart = ("option_a", "option_b", "option_c", "option_d")
        made = [
            {k: v for k, v in row.items() if k != "options"} | dict(zip(apart, row.get("options", ()), strict=False))
            for row in made
        ]
    return {FILES.get(format_, f"sample.{format_}"): tables.table(made, FILES.get(format_, format_).rpartition(".")[2])}
