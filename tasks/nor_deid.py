"""Declare the task Nor-DeID: find the spans that identify a person in Norwegian discharge summaries."""

from harness.data import inline_tags, readers, schema
from harness.task import Groups, PublicFile, PublicSource, Task

REVISION = "1c97030f5a58881f54a522616fc462989652eb82"
URL = f"https://raw.githubusercontent.com/UNN-SPKI/Nor-DeID-SynthData/{REVISION}/dataset"
HASHES = {
    "training.json": "e82db9abe647de9124944500194e749bbc18191f4f414c169cef63807091a1de",
    "validation.json": "a203491780be21edee666fab382f12c54b997feb287f045d1938b8569c8b6bd7",
    "holdout.json": "694a81de9e2869e84bc92e5ffbaf9dffe14690edefa529c5fa7c61dc6e51c8e9",
}
# fmt: off
LABELS = ("Date", "First_Name", "Health_Care_Unit", "Age", "Location", "Last_Name", "Phone_Number",
          "Social_Security_Number")
ALIASES = {
    "Firt_Name": "First_Name", "Fist_Name": "First_Name", "Første_Navn": "First_Name", "Første_Name": "First_Name",
    "Patient_First_Name": "First_Name", "Fornavn": "First_Name",
    "Etternavn": "Last_Name", "Patient_Last_Name": "Last_Name", "Dato": "Date", "Begynn dato": "Date",
    "Alder": "Age", "Patient_Age": "Age", "Helseenhet": "Health_Care_Unit", "Hospital": "Health_Care_Unit",
    "Personnummer": "Social_Security_Number", "Sosial_Security_Number": "Social_Security_Number",
    "Patient_Social_Security_Number": "Social_Security_Number", "Telefonnummer": "Phone_Number",
}
MARKUP = ("Code", "Magnet", "Medical_Info", "Patient_Discharge", "Patientens_info", "System", "Tag_Name", "Title",
          "TXT", "Utskrivningsbrev", "Utskrivningsnotat", "Year")
NAME = r"[A-ZÆØÅ][^\W\d]*(?:[ '’/-][A-ZÆØÅ][^\W\d]*)*"
DATE = (r"(?i)(?=.*\d)(?:[\d\s.,/-]|januar|februar|mars|april|mai|juni|juli|august|september|oktober|november"
        r"|desember|january|february|march|may|june|july|october|december)+")
NUMBER = r"\+?\d[\d ]{4,}"
# fmt: on
RULES = inline_tags.Rules(
    labels=LABELS,
    shapes={
        "Date": DATE,
        "First_Name": NAME,
        "Health_Care_Unit": r"[A-ZÆØÅ][^\n]{2,150}",
        "Age": r"\d{1,3}(?: år)?",
        "Location": NAME,
        "Last_Name": NAME,
        "Phone_Number": NUMBER,
        "Social_Security_Number": NUMBER,
    },
    aliases=ALIASES,
    markup=MARKUP,
    absorbs={"Date": ("Age",)},
    connectives=("den", "på", "i", "dato", "født", "og"),
    escaped=True,
)

TASK = Task(
    name="nor_deid",
    version="1",
    title="Identifying details in Norwegian discharge summaries",
    head="tokens",
    # The published corpus is `cleaned_results`: it drops lines, and with them a third of the spans of `results`.
    reader=readers.tagged_json(
        {"training.json": "pool", "validation.json": "pool", "holdout.json": "holdout"},
        text="cleaned_results",
        metadata={"document_type": "noteType"},
        # Columns that only the generated data have.
        optional={"group": "subject", "decided_by": "decided_by"},
        rules=RULES,
        accept=readers.looks_norwegian,
    ),
    schema=lambda: schema.tokens(LABELS, columns={"document_type": None}),
    labels=LABELS,
    groups=Groups(column="group"),
    metrics=("strict_f1", "relaxed_f1", "macro_f1", "document_leak_rate"),
    licence="none stated; called freely available by its authors",
    citation="Lund et al. (2024), Nor-DeID-SynthData, NLDL 2024",
    public=PublicSource(
        address="https://github.com/UNN-SPKI/Nor-DeID-SynthData",
        revision=REVISION,
        files=tuple(PublicFile(name, f"{URL}/{name}", digest) for name, digest in HASHES.items()),
        licence="none stated; called freely available by its authors",
        language="Norwegian",
    ),
)
