"""Small raw data sets in the formats of the five originals, written anew for tests."""

import csv
import io
import json
from pathlib import Path

from harness.privacy import pseudonyms
from harness.system import files

KIND = {"medmqp": "public", "medmcqa": "public", "nor_deid": "public", "aismec": "restricted", "synergi": "synthetic"}
FILE = {"medmqp": "mqp.csv", "medmcqa": "test.jsonl", "aismec": "calls.jsonl", "synergi": "incidents.jsonl"}
FILES = {name: (file,) for name, file in FILE.items()} | {
    "nor_deid": ("training.json", "validation.json", "holdout.json")
}
CATEGORIES = (
    "fall",
    "medication",
    "equipment",
    "infection",
    "documentation",
    "treatment_delay",
    "behaviour",
    "identification",
)


def mqp_rows() -> list[list[str]]:
    return [
        ["1", "Can I drink, after antibiotics?", "Is wine allowed on penicillin?", "1"],
        ["1", "Can I drink, after antibiotics?", "Which wine goes with fish?", "0"],
        ["2", 'My knee "clicks", why?', "Why does my knee make a noise?", "1"],
        ["2", 'My knee "clicks", why?', "How do I train my knees?", "0"],
    ]


def mcqa_items() -> list[dict]:
    def item(number: int, question: str, options: list[str], letter: str) -> dict:
        by_letter = dict(zip("ABCD", options, strict=True))
        return {
            "question": question,
            "realidx": f"item-{number}",
            "options": by_letter,
            "answer_idx": letter,
            "answer": by_letter[letter],
        }

    return [
        item(1, "Which vitamin prevents scurvy?", ["A", "B12", "C", "K"], "C"),
        item(2, "Largest organ?", ["Skin", "Liver", "Lung", "Brain"], "A"),
        item(3, "Significant at 5 %?", ["p<0.05", "p>0.05", "p=1", "none"], "A"),
    ]


def deid_document(*texts: str) -> dict:
    scenario = {"noteType": "discharge summary", "givenName": "Kari", "age": 61}
    return {
        "scenarios": [dict(scenario) for _ in texts],
        "prompts": [""] * len(texts),
        "results": list(texts),
        "cleaned_results": list(texts),
    }


def deid_texts(town: str) -> list[str]:
    return [
        f"<First_Name>Kari</First_Name> er <Age>61</Age> år og ble innlagt i <Location>{town}</Location>.",
        f"Pasienten ble skrevet ut den <Date>3. mai 2020</Date> til hjemmet i <Location>{town}</Location>.",
    ]


def calls() -> list[dict]:
    return [
        {
            "call_id": f"call-{i}",
            "caller_id": f"caller-{i // 2}",
            "transcript": f"Operatør: Hva har skjedd?\nInnringer: Han snakker utydelig, nummer {i}.",
            "written_standard": "bokmål" if i % 2 else "nynorsk",
            "outcome": "stroke" if i % 2 else "other",
        }
        for i in range(4)
    ]


def incidents() -> list[dict]:
    return [
        {
            "report_id": f"report-{i}",
            "incident_id": f"incident-{i}",
            "text": f"Hendelse nummer {i} på avdelingen.",
            "written_standard": "bokmål",
            "unit_type": "ward",
            "category": category,
        }
        for i, category in enumerate(CATEGORIES)
    ]


def to_csv(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode("utf-8")


def to_jsonl(rows: list) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode("utf-8")


def raw_files(name: str) -> dict[str, bytes]:
    """The raw files of one task by name, all of them good."""
    if name == "nor_deid":
        towns = dict(zip(FILES[name], ("Moen", "Vik", "Sund"), strict=True))
        return {file: json.dumps(deid_document(*deid_texts(town))).encode() for file, town in towns.items()}
    rows = {"medmcqa": mcqa_items, "aismec": calls, "synergi": incidents}
    return {FILE[name]: to_csv(mqp_rows()) if name == "medmqp" else to_jsonl(rows[name]())}


def put(root: Path, name: str, contents: dict[str, bytes] | None = None, kind: str | None = None) -> Path:
    """Write `root/data/<name>` with a source record that fits it; returns the folder."""
    folder = root / "data" / name
    if (kind or KIND[name]) == "restricted":
        pseudonyms.ensure_key(root)
    for file, content in (contents or raw_files(name)).items():
        files.write_bytes(folder / file, content)
    record = {
        "kind": kind or KIND[name],
        "address": "",
        "revision": "",
        "licence": "",
        "language": "",
        "citation": "",
        "note": "",
        "files": {p.name: files.sha256(p) for p in sorted(folder.iterdir()) if p.is_file()},
    }
    files.write_json(
        folder / "source.json", {**record, "files": {k: v for k, v in record["files"].items() if k != "source.json"}}
    )
    return folder
