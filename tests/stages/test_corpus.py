"""Stage `corpus`: from files to files, with held-out texts planted in the corpus."""

import json
from collections import Counter
from pathlib import Path

import cards_given
import pytest

from harness.errors import DataError, MissingInputError
from harness.params.config import Corpus, CorpusSettings
from harness.stages import corpus
from harness.system.files import read_jsonl, sha256, write_json, write_jsonl

SPLITS = ("train", "validation", "test", "holdout", "excluded")


def sentence(stem: str, n: int = 20) -> str:
    return " ".join(f"{stem}{i}" for i in range(n))


def item(stem: str, head: str) -> dict:
    """A record with recognisable words."""
    return {
        "pair": {"text": sentence(f"{stem}q"), "text_pair": sentence(f"{stem}p"), "label": "A"},
        "choice": {"question": sentence(f"{stem}q", 10), "options": [f"{stem}ja", f"{stem}nei"], "label": "A"},
        "tokens": {"text": sentence(f"{stem}t", 40), "spans": [], "written_standard": "nynorsk"},
    }[head]


def add_task(root: Path, name: str, head: str, stem: str) -> None:
    cards_given.write(root, name, head=head)
    records = [{"id": f"{split[:2]}1", "part": "pool"} | item(f"{stem}{split}", head) for split in SPLITS]
    given = [{"group": record["id"], **record} for record in records]
    write_jsonl(root / "artifacts" / "validated" / name / "records.jsonl", given)
    manifest = {"task": name, "splits": {f"{split[:2]}1": split for split in SPLITS}}
    write_json(root / "reports" / "splits" / f"{name}.json", manifest)


@pytest.fixture
def site(tmp_path) -> Path:
    """Three tasks with one record per split, a general file with plants, and a clinical one."""
    for head in ("pair", "choice", "tokens"):
        add_task(tmp_path, f"my_{head}", head, head)

    def line(i, text, kind="review", standard="bokmål"):
        return {"id": i, "document_type": kind, "written_standard": standard, "date": "2020-01-01", "text": text}

    general = [
        line("plain", "Boka er god og filmen er fin."),
        line("pair", f"Se her: {sentence('pairtestp').upper()} slutt"),
        line("part", "Se her: " + " ".join(sentence("pairvalidationq").split()[:13])),
        line("choice", f"{sentence('choicevalidationq', 10)} choicevalidationja, choicevalidationnei."),
        line("training", sentence("pairtrainq")),
        line("excluded", sentence("pairexcludedq")),
        line("again", "boka er god og  filmen er fin."),
    ]
    write_jsonl(tmp_path / "data" / "corpus" / "general.jsonl", general)
    write_jsonl(
        tmp_path / "data" / "corpus" / "clinical.jsonl",
        [
            line("note", "Pasienten har feber.", "sykepleienotat", "nynorsk"),
            line("holdout", sentence("tokensholdoutt", 40), "epikrise"),
            line("blank", "  ", "epikrise"),
        ],
    )
    write_json(tmp_path / "data" / "corpus" / "source.json", {"kind": "synthetic", "address": "", "revision": "1"})
    return tmp_path


def settings(training=(), tasks=("my_pair", "my_choice", "my_tokens"), **changes) -> CorpusSettings:
    values = {
        "general": ("general.jsonl",),
        "clinical": ("clinical.jsonl",),
        "training_texts_of": training,
        "overlap_n": 13,
        "overlap_coverage": 0.5,
        "near_duplicate": 0.8,
        "allow_phi": False,
        "replay": 0.0,
    }
    return CorpusSettings(tasks, Corpus(**(values | changes)))


def card_of(site: Path) -> dict:
    return json.loads((site / "artifacts" / "corpus" / "card.json").read_text())


def ids_of(site: Path, part: str) -> list[str]:
    return [document["id"] for document in read_jsonl(site / "artifacts" / "corpus" / f"{part}.jsonl")]


def test_a_task_more_changes_the_card_and_nothing_that_is_trained_on(site):
    folder = site / "artifacts" / "corpus"

    def written() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    corpus.run(site, settings())
    before = written()
    add_task(site, "unrelated", "pair", "unheard")
    corpus.run(site, settings(tasks=("my_pair", "my_choice", "my_tokens", "unrelated")))
    after = written()
    assert sorted(name for name in before if before[name] != after[name]) == ["card.json"]


def test_held_out_texts_leave_the_corpus_and_the_rest_stays(site):
    corpus.run(site, settings())
    assert ids_of(site, "general") == ["plain", "part", "training", "excluded"]
    assert ids_of(site, "clinical") == ["note"]
    card = card_of(site)
    general, clinical = card["parts"]["general"], card["parts"]["clinical"]
    assert general["documents"] == {"in": 7, "kept": 4}
    assert {reason: found["documents"] for reason, found in general["removed"].items()} == {
        "duplicate": 1,
        "overlap with my_choice": 1,
        "overlap with my_pair": 1,
    }
    assert clinical["removed"]["overlap with my_tokens"]["by_document_type"] == {"epikrise": 1}
    assert clinical["removed"]["empty"] == {"documents": 1, "by_document_type": {"epikrise": 1}}
    assert clinical["written_standard"]["nynorsk"]["share_of_documents"] == 1.0
    assert general["longest_match"] == {"kept": 13, "removed": 20}
    assert card["source"]["kind"] == "synthetic"
    assert card["overlap"]["held_out_texts"] == {
        "my_pair": {"scanned": 6, "unscannable": 0, "unscannable_share": 0.0},
        "my_choice": {"scanned": 3, "unscannable": 0, "unscannable_share": 0.0},
        "my_tokens": {"scanned": 3, "unscannable": 0, "unscannable_share": 0.0},
    }
    assert card["overlap"]["planted"] == {"planted": 12, "found": 12, "recall": 1.0}
    assert card["near_duplicate"] == 0.8
    assert card["phi"]["found"] == {"identity_number": 0, "telephone_number": 0, "email_address": 0}
    # What stays of the pair task is 13 words of one validation question: 6 of its 8-grams, one 13-gram.
    assert [general["held_out_kept"][n]["my_pair"]["found"] for n in ("8", "13")] == [6, 1]
    assert general["held_out_kept"]["13"]["my_pair"]["n_grams"] == 6 * 8
    assert clinical["held_out_kept"]["8"]["my_tokens"] == {
        "n_grams": 3 * 33,
        "found": 0,
        "share": 0.0,
        "texts": 3,
        "texts_covered": 0,
        "texts_too_short": 0,
    }
    for part in ("general", "clinical", "task"):
        assert card["parts"][part]["sha256"] == sha256(site / "artifacts" / "corpus" / f"{part}.jsonl")
    assert ids_of(site, "task") == [] and card["parts"]["task"]["documents"] == {"in": 0, "kept": 0}


def test_training_texts_are_a_part_of_their_own_and_pass_the_same_filter(site):
    path = site / "artifacts" / "validated" / "my_pair" / "records.jsonl"
    records = read_jsonl(path)
    leaking = {
        "id": "tr2",
        "group": "tr2",
        "part": "pool",
        "text": records[2]["text"],
        "text_pair": "noe annet",
        "label": "B",
    }
    write_jsonl(path, [*records, leaking])
    manifest = site / "reports" / "splits" / "my_pair.json"
    write_json(manifest, {"splits": json.loads(manifest.read_text())["splits"] | {"tr2": "train"}})
    folder = site / "artifacts" / "corpus"
    corpus.run(site, settings())
    notes, without = (folder / "clinical.jsonl").read_bytes(), card_of(site)["parts"]["clinical"]
    corpus.run(site, settings(("my_pair", "my_choice", "my_tokens")))
    assert (folder / "clinical.jsonl").read_bytes() == notes and card_of(site)["parts"]["clinical"] == without
    assert ids_of(site, "task") == ["my_pair/tr1", "my_choice/tr1", "my_tokens/tr1"]
    documents = read_jsonl(folder / "task.jsonl")
    assert documents[0]["text"] == f"{sentence('pairtrainq')}\n{sentence('pairtrainp')}"
    assert documents[1]["text"] == f"{sentence('choicetrainq', 10)}\nchoicetrainja\nchoicetrainnei"
    assert documents[2]["written_standard"] == "nynorsk"
    card = card_of(site)
    assert card["training_texts"] == {"my_pair": 2, "my_choice": 1, "my_tokens": 1}
    removed = card["parts"]["task"]["removed"]["overlap with my_pair"]
    assert removed["by_document_type"] == {"training text of my_pair": 1}


def test_a_training_text_that_repeats_a_note_goes_and_the_note_stays(site):
    path = site / "data" / "corpus" / "clinical.jsonl"
    whole = f"{sentence('pairtrainq')} {sentence('pairtrainp')}"
    near = sentence("tokenstraint", 38)  # 34 of 36 shingles
    notes = [{"id": "whole", "text": whole.upper()}, {"id": "near", "text": near}]
    write_jsonl(path, [*read_jsonl(path), *notes])
    corpus.run(site, settings(("my_pair", "my_choice", "my_tokens")))
    assert ids_of(site, "clinical") == ["note", "whole", "near"] and ids_of(site, "task") == ["my_choice/tr1"]
    removed = card_of(site)["parts"]["task"]["removed"]
    assert {reason: found["by_document_type"] for reason, found in removed.items()} == {
        "duplicate": {"training text of my_pair": 1},
        "near duplicate": {"training text of my_tokens": 1},
    }
    assert "duplicate" not in card_of(site)["parts"]["clinical"]["removed"]


def test_the_part_of_training_texts_has_the_origin_of_their_tasks(site):
    cards_given.write(site, "my_pair", head="pair", source={"kind": "public", "licence": "MIT"})
    cards_given.write(site, "my_choice", head="choice", source={"kind": "restricted", "licence": "CC0-1.0"})

    def origins(*training):
        corpus.run(site, settings(training))
        parts = json.loads((site / "artifacts" / "corpus" / "parts.json").read_text())
        return {part: (parts[part]["kind"], parts[part]["licence"]) for part in ("clinical", "task")}

    assert origins("my_pair") == {"clinical": ("synthetic", None), "task": ("public", "MIT")}
    assert origins("my_pair", "my_choice")["task"] == ("restricted", "MIT; CC0-1.0")


def test_only_the_tasks_of_the_run_count(site):
    corpus.run(site, settings(("my_tokens", "my_pair"), tasks=("my_pair",)))
    assert "holdout" in ids_of(site, "clinical") and "pair" not in ids_of(site, "general")
    assert card_of(site)["training_texts"] == {"my_tokens": 0, "my_pair": 1}
    assert set(card_of(site)["inputs"]) == {"my_pair"}


def test_the_same_inputs_give_the_same_bytes(site):
    corpus.run(site, settings(("my_pair",)))
    first = {path.name: path.read_bytes() for path in (site / "artifacts" / "corpus").iterdir()}
    corpus.run(site, settings(("my_pair",)))
    assert {path.name: path.read_bytes() for path in (site / "artifacts" / "corpus").iterdir()} == first
    assert sorted(first) == ["card.json", "clinical.jsonl", "general.jsonl", "parts.json", "task.jsonl"]
    assert str(site).encode() not in first["card.json"]


def test_a_bad_file_leaves_the_old_corpus_as_it_was(site):
    corpus.run(site, settings())
    first = {path.name: path.read_bytes() for path in (site / "artifacts" / "corpus").iterdir()}
    with open(site / "data" / "corpus" / "clinical.jsonl", "a") as handle:
        handle.write('{"id": "cut"')
    with pytest.raises(DataError, match=r"clinical\.jsonl, line 4"):
        corpus.run(site, settings())
    assert {path.name: path.read_bytes() for path in (site / "artifacts" / "corpus").iterdir()} == first
    assert not list(site.rglob("*.partial"))


def test_missing_inputs_are_named_with_the_command(site):
    with pytest.raises(MissingInputError, match=r"gone\.jsonl is missing"):
        corpus.run(site, settings(general=("gone.jsonl",)))
    records = site / "artifacts" / "validated" / "my_pair" / "records.jsonl"
    write_jsonl(records, [*read_jsonl(records), {"id": "new", "group": "new"} | item("new", "pair")])
    with pytest.raises(DataError, match="has no part for 1 records, first new") as raised:
        corpus.run(site, settings())
    assert raised.value.remedy == "Run `harness split my_pair`."
    (site / "reports" / "splits" / "my_choice.json").unlink()
    with pytest.raises(MissingInputError) as raised:
        corpus.run(site, settings(tasks=("my_choice",)))
    assert "harness split my_choice" in raised.value.remedy


def test_every_document_in_is_kept_or_counted(site):
    corpus.run(site, settings(("my_pair", "my_tokens")))
    for part in card_of(site)["parts"].values():
        counted = Counter(part["kept"])
        for reason in part["removed"].values():
            counted.update(reason["by_document_type"])
        assert counted == Counter(part["in"])


def test_any_number_of_workers_gives_the_same_bytes(site, monkeypatch):
    folder = site / "data" / "corpus"
    (folder / "notes").mkdir()
    for i in range(30):
        (folder / "notes" / f"{i:02}.txt").write_text(sentence(f"notat{i}s"))
    monkeypatch.setattr(corpus, "WORKERS_FROM", 0)
    monkeypatch.setattr("harness.data.corpus_files.CHUNK", 100)
    written = []
    for workers in ("1", "2"):
        monkeypatch.setenv("HARNESS_WORKERS", workers)
        corpus.run(site, settings(("my_pair",), clinical=("clinical.jsonl", "notes")))
        written.append({path.name: path.read_bytes() for path in (site / "artifacts" / "corpus").iterdir()})
    assert written[0] == written[1]
    assert ids_of(site, "clinical") == ["note", *(f"notes/{i:02}.txt" for i in range(30))]
    assert ids_of(site, "task") == ["my_pair/tr1"]


def with_identifiers(site: Path) -> None:
    with open(site / "data" / "corpus" / "clinical.jsonl", "a") as handle:
        for name, text in (("ring", "Ring pårørende på 22 12 34 56."), ("mail", "Skriv til hanne@sykehus.no i dag.")):
            handle.write(json.dumps({"id": name, "text": text}) + "\n")


def test_identifying_details_refuse_the_corpus_and_are_not_shown(site):
    corpus.run(site, settings())
    first = {path.name: path.read_bytes() for path in (site / "artifacts" / "corpus").iterdir()}
    with_identifiers(site)
    with pytest.raises(
        DataError, match=r"2 documents: 1 e-mail address, 1 telephone number.*clinical: ring, mail"
    ) as r:
        corpus.run(site, settings())
    assert "allow_phi" in r.value.remedy
    assert "22 12" not in str(r.value) and "hanne" not in str(r.value)
    assert {path.name: path.read_bytes() for path in (site / "artifacts" / "corpus").iterdir()} == first
    assert not list(site.rglob("*.partial"))


def test_identifying_details_may_be_allowed_and_are_recorded(site):
    with_identifiers(site)
    corpus.run(site, settings(allow_phi=True))
    assert {"ring", "mail"} < set(ids_of(site, "clinical"))
    assert card_of(site)["phi"] == {
        "allowed": True,
        "found": {"identity_number": 0, "telephone_number": 1, "email_address": 1},
        "documents": 2,
        "parts": ["clinical"],
    }


def test_they_may_be_allowed_in_one_part_alone(site):
    with_identifiers(site)
    with pytest.raises(DataError, match=r"2 documents: 1 e-mail address, 1 telephone number.*clinical: ring, mail"):
        corpus.run(site, settings(allow_phi={"general": True}))
    corpus.run(site, settings(allow_phi={"clinical": True}))
    assert card_of(site)["phi"]["allowed"] == {"clinical": True}
    assert card_of(site)["phi"]["documents"] == 2


def test_identifying_details_in_training_texts_count_too(site):
    path = site / "artifacts" / "validated" / "my_tokens" / "records.jsonl"
    records = read_jsonl(path)
    records[0]["text"] += " ring 22123456"
    write_jsonl(path, records)
    for allowed in (False, {"general": True, "clinical": True}):
        with pytest.raises(DataError, match="task: my_tokens/tr1"):
            corpus.run(site, settings(("my_tokens",), allow_phi=allowed))
    corpus.run(site, settings(("my_tokens",), allow_phi={"task": True}))
    parts = json.loads((site / "artifacts" / "corpus" / "parts.json").read_text())
    assert {part: found["phi"] for part, found in parts.items() if part != "format"} == {
        "general": False, "clinical": False, "task": True
    }  # fmt: skip


def test_near_duplicates_go_at_the_threshold_of_the_parameters(site):
    path = site / "data" / "corpus" / "clinical.jsonl"
    words = sentence("journal", 60).split()
    rows = [{"id": "first", "text": " ".join(words)}, {"id": "again", "text": " ".join([*words[:45], "slutt"])}]
    write_jsonl(path, [*read_jsonl(path), *rows])  # 41 of 57 shingles: a similarity of 0.72
    corpus.run(site, settings())
    assert ids_of(site, "clinical") == ["note", "first", "again"]
    corpus.run(site, settings(near_duplicate=0.5))
    assert ids_of(site, "clinical") == ["note", "first"]
    removed = card_of(site)["parts"]["clinical"]["removed"]["near duplicate"]
    assert removed == {"documents": 1, "by_document_type": {"unknown": 1}}


def test_of_restricted_texts_no_hash_in_the_lock_can_be_found_by_trying_small_counts(site):
    """The lock names `parts.json` and `card.json` by their hashes, and nearly all that they hold is published."""

    def salts(kind, text):
        write_json(site / "data" / "corpus" / "source.json", {"kind": kind, "address": "", "revision": "1"})
        notes = [
            {"id": f"n{i}", "document_type": "", "written_standard": "nynorsk" if i < 9 else "bokmål", "date": ""}
            | {"text": f"{text} {i} og mer om nummer {i} her."}
            for i in range(12)
        ]
        write_jsonl(site / "data" / "corpus" / "clinical.jsonl", notes)
        corpus.run(site, settings())
        parts = json.loads((site / "artifacts" / "corpus" / "parts.json").read_text())
        return card_of(site).get("salt"), parts["clinical"]["written_standards"]

    assert salts("synthetic", "Pasient") == (None, {"bokmål": 3, "nynorsk": 9})
    (first, counts), (second, _) = salts("restricted", "Pasient"), salts("restricted", "Pasienten")
    assert counts == {"bokmål": None, "nynorsk": None}
    assert len(first) == 64 and first != second
