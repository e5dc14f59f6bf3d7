"""The generated data: the same bytes everywhere, plausible people, and tasks of a measured difficulty."""

import csv
import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import date
from importlib import resources

import numpy as np
import pytest

from harness.data.synthetic import (
    calls,
    corpora,
    deid,
    incidents,
    notes,
    pairs,
    people,
    planted,
    questions,
    write,
)
from harness.data.synthetic.language import child, read_words, say, written
from harness.data.synthetic.lexicon import DOMAINS
from harness.params.config import Generate
from harness.stages.generate import run
from harness.system.files import read_jsonl, sha256, sha256_tree

SEED = 2026  # the seed of the embedded profile: these are the data the tables are made from
TASKS = ("aismec", "medmcqa", "medmqp", "nor_deid", "synergi")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generated")
    write.generate(folder, SEED)
    return folder


def share(key) -> float:
    """A number in [0, 1) that depends on the key alone: a simple grouped split for these tests."""
    return int(hashlib.sha256(str(key).encode()).hexdigest()[:12], 16) / 16**12


def parts(rows, key):
    return [row for row in rows if share(key(row)) < 0.75], [row for row in rows if share(key(row)) >= 0.75]


def test_the_bytes_depend_on_the_seed_alone(data, tmp_path):
    code = "import sys; from harness.data.synthetic.write import generate; generate(sys.argv[1], int(sys.argv[2]))"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "again"), str(SEED)], check=True, env=environment)
    assert sha256_tree(tmp_path / "again") == sha256_tree(data)


def test_another_seed_gives_other_words_and_rows_in_every_part():
    one, other = planted.planted(1), planted.planted(2)
    for name in planted.SETS:
        words = [{word for of in getattr(p, name).values() for word in of.words} for p in (one, other)]
        assert not words[0] & words[1] and len(words[0]) == len(words[1])
    for part in (calls, incidents, questions, pairs):
        assert part.generate(1, one) != part.generate(2, other)


def test_a_part_does_not_move_the_others(data, monkeypatch):
    monkeypatch.setattr(incidents, "REPORTS_OF_A_WORD", 2)
    words = planted.planted(SEED)
    incidents.generate(SEED, words)
    assert calls.generate(SEED, words) == read_jsonl(data / "aismec" / "calls.jsonl")
    assert questions.generate(SEED, words) == read_jsonl(data / "medmcqa" / "test.jsonl")
    rows = list(csv.reader((data / "medmqp" / "mqp.csv").read_text().splitlines()))
    assert [list(map(str, row)) for row in pairs.generate(SEED, words)] == rows


def test_every_folder_says_where_it_comes_from(data):
    for name in (*TASKS, "corpus"):
        source = json.loads((data / name / "source.json").read_text())
        told = {"kind", "address", "revision", "files", "licence", "language", "citation", "note"}
        assert set(source) == (told if name == "corpus" else told | {"planted"})
        assert source["kind"] == "synthetic" and source["licence"] == "CC0-1.0"
        present = {path.name for path in (data / name).iterdir()} - {"source.json"}
        assert source["files"] == {file: sha256(data / name / file) for file in present}


def test_the_stage_replaces_what_was_there(tmp_path, monkeypatch):
    from harness.data.synthetic import write

    monkeypatch.setattr(write, "generate", lambda folder, seed: (folder / "seed").write_text(str(seed)))
    old = tmp_path / "artifacts" / "generated" / "leftover"
    old.parent.mkdir(parents=True)
    old.write_text("x")
    run(tmp_path, Generate(seed=5))
    assert [path.name for path in old.parent.iterdir()] == ["seed"]


# --- people ---------------------------------------------------------------------------------------


def test_check_digits_by_hand():
    # 3·0+7·1+6·8+1·1+8·9+9·0+4·1+5·2+2·3 = 148 = 13·11 + 5, so k1 = 6; with it the second sum is
    # 5·0+4·1+3·8+2·1+7·9+6·0+5·1+4·2+3·3+2·6 = 127 = 11·11 + 6, so k2 = 5.
    assert people.check_digits("018190123") == "65"


def test_identity_numbers_are_valid_and_of_nobody():
    rng = child(1, "numbers")
    known = people.names("all")
    for _ in range(300):
        today = people.random_date(rng)
        person = people.person(rng, known, today)
        number = person.number
        assert len(number) == 11 and number[9:] == people.check_digits(number[:9])
        assert 81 <= int(number[2:4]) <= 92, "month + 80: the range of synthetic persons"
        assert date(person.born.year, int(number[2:4]) - 80, int(number[:2])) == person.born
        assert int(number[8]) % 2 == (person.sex == "man")
        assert (int(number[6:9]) >= 500) == (person.born.year >= 2000)
        assert re.sub(r"^\+47|\s", "", person.phone)[0] == "1", "no subscriber's number starts with 1"


def test_the_holdout_knows_nobody_of_the_pool():
    pool, holdout = people.names("pool"), people.names("holdout")
    everything = {f: set(getattr(pool, f)) & set(getattr(holdout, f)) for f in people.Names.__dataclass_fields__}
    assert not any(everything.values())
    assert not {*pool.places, *pool.surnames, *pool.houses} & {*holdout.places, *holdout.surnames, *holdout.houses}


# --- language -------------------------------------------------------------------------------------


def test_templates_choose_fill_and_convert():
    rng = child(0, "say")
    assert say("(hun|hun) har {x} [ikke] nå.", rng, "bokmål", {"x": "Ikke"}) == "Hun har Ikke (ikke) nå."
    assert say("hun har {x} [ikke] nå.", rng, "nynorsk", {"x": "Ikke"}) == "Ho har Ikke (ikkje) no."
    assert written("Hvem er gammel, og hvor bor hun?", "nynorsk") == "Kven er gammal, og kvar bor ho?"
    with pytest.raises(KeyError):
        say("{missing}", rng, "bokmål", {})
    assert {say("(a|b|c)", rng, "bokmål", {}) for _ in range(50)} == {"A", "B", "C"}


def test_every_template_can_be_said():
    """No slot without a value and no bracket without its partner, in either standard."""
    rng = child(0, "templates")
    known = people.names("all")
    for standard in ("bokmål", "nynorsk"):
        for kind, of in notes.TYPES.items():
            case = notes.case(rng, kind, standard, known, date(2020, 1, 1))
            for template in (*of.headings, *of.openings, *of.sentences, *notes.NAMED):
                assert not set(say(template, rng, standard, case)) & set("{}|")


def test_nynorsk_is_known_of_the_words_that_are_said_and_of_no_others():
    said = Counter()
    for path in resources.files(write.__package__).iterdir():
        if path.name.endswith(".toml") and path.name not in ("nynorsk.toml", "people.toml"):
            said.update(re.findall(r"[^\W\d_]+", path.read_text("utf-8").lower()))
    assert not set(read_words("nynorsk.toml")) - set(said)


# --- sizes, shares, formats -----------------------------------------------------------------------


def records(data, name):
    """The rows of a task as (row by the generator's own names, text that an encoder reads, answer, group)."""
    if name == "aismec":
        rows = read_jsonl(data / "aismec" / "calls.jsonl")
        return [(row["decided_by"], row["transcript"], row["outcome"], row["caller_id"]) for row in rows]
    if name == "synergi":
        rows = read_jsonl(data / "synergi" / "incidents.jsonl")
        return [(row["decided_by"], row["text"], row["category"], row["incident_id"]) for row in rows]
    if name == "medmcqa":
        rows = read_jsonl(data / "medmcqa" / "test.jsonl")
        return [(r["decided_by"], f"{r['question']} {r['options']}", r["answer_idx"], r["subject"]) for r in rows]
    rows = csv.reader((data / "medmqp" / "mqp.csv").read_text().splitlines())
    return [(decided_by, f"{one} {two}", label, group) for _, one, two, label, group, decided_by in rows]


ROWS = {"aismec": 1440, "synergi": 1584, "medmcqa": 1584, "medmqp": 1584}
# Where the answer is yes or no, one row in three says yes.
YES_NO = {"aismec": "stroke", "medmqp": "1"}


@pytest.mark.parametrize("name", ROWS)
def test_rows_are_of_two_kinds_and_answers_are_given_as_often_as_is_said(data, name):
    rows = records(data, name)
    assert len(rows) == ROWS[name] and len({text for _, text, *_ in rows}) > 0.6 * len(rows)
    kinds = Counter(kind for kind, *_ in rows)
    assert kinds["everyday"] == planted.EVERYDAY_ROWS * kinds["clinical"]
    answers = Counter(answer for _, _, answer, _ in rows)
    if name in YES_NO:
        for kind in kinds:
            share = np.mean([answer == YES_NO[name] for of, _, answer, _ in rows if of == kind])
            assert abs(share - 1 / 3) < 0.03, kind
    else:
        assert min(answers.values()) > 0.75 * len(rows) / len(answers)
    assert not any(set("{}|") & set(text) for _, text, *_ in rows if name != "medmcqa")


def test_the_formats_are_those_of_the_originals(data):
    raw = (data / "medmqp" / "mqp.csv").read_bytes()
    assert raw.count(b"\r\n") == raw.count(b"\n")
    rows = list(csv.reader(raw.decode().splitlines()))
    assert set(Counter(row[1] for row in rows).values()) <= set(range(3, 60, 3)), "one agrees and two do not"
    assert {int(row[0]) for row in rows} == set(range(1, 12))
    for row in read_jsonl(data / "medmcqa" / "test.jsonl"):
        assert list(row["options"]) == list("ABCD") and len(set(row["options"].values())) == 4
        assert row["answer"] == row["options"][row["answer_idx"]]
    for row in read_jsonl(data / "aismec" / "calls.jsonl"):
        turns = row["transcript"].split("\n")
        assert all(turn.startswith(("Operatør: ", "Innringer: ")) for turn in turns)
    for name in ("aismec/calls.jsonl", "synergi/incidents.jsonl"):
        rows = read_jsonl(data / name)
        assert 0.15 <= np.mean([row["written_standard"] == "nynorsk" for row in rows]) <= 0.25


def tagged_texts(data, *names):
    return [text for name in names for text in json.loads((data / "nor_deid" / name).read_text())["cleaned_results"]]


def spans_of(tagged):
    """(text, spans) of a note with clean tags, else None: the obvious way, for notes without damage."""
    text, spans, opened, at = "", [], None, 0
    for tag in re.finditer(r"<(/?)(\w+)>", tagged):
        text, at = text + tagged[at : tag.start()], tag.end()
        if tag[1] and opened and opened[0] == tag[2]:
            spans.append((opened[1], len(text), tag[2]))
            opened = None
        elif not tag[1] and not opened and tag[2] in deid.LABELS:
            opened = (tag[2], len(text))
        else:
            return None
    text += tagged[at:]
    return None if opened or set("<>") & set(text) or "&lt;" in text else (text, spans)


def test_notes_to_de_identify(data):
    for name in ("training", "validation", "holdout"):
        content = json.loads((data / "nor_deid" / f"{name}.json").read_text())
        assert set(content) == {"parameters", "scenarios", "prompts", "results", "cleaned_results"}
        size = content["parameters"]["n"]
        assert all(len(content[key]) == size for key in ("scenarios", "prompts", "results", "cleaned_results"))
    pool = tagged_texts(data, "training.json", "validation.json")
    assert len(pool) == 1200 and len(tagged_texts(data, "holdout.json")) == 99
    clean = [read for read in map(spans_of, pool) if read]
    assert 0.02 < 1 - len(clean) / len(pool) < 0.08, "a few percent carry the original's defects"
    assert sum("&lt;" in text for text in pool) == 2 and all(map(spans_of, tagged_texts(data, "holdout.json")))
    counts = Counter(label for _, spans in clean for *_, label in spans)
    assert set(counts) == set(deid.LABELS) and min(counts.values()) > 150
    assert min(len(spans) for _, spans in clean) >= 1


def test_corpora(data):
    for name in ("general", "clinical"):
        rows = read_jsonl(data / "corpus" / f"{name}.jsonl")
        assert len(rows) == corpora.DOCUMENTS
        assert set(rows[0]) == {"id", "document_type", "written_standard", "date", "text"}
        words = Counter(word for row in rows for word in re.findall(r"\w+", row["text"]))
        assert 180_000 <= sum(words.values()) <= 480_000 and len(words) <= 7_000
        assert 0.17 <= np.mean([row["written_standard"] == "nynorsk" for row in rows]) <= 0.23
        assert not any(set("{}|@<>") & set(row["text"]) for row in rows)
    assert {row["document_type"] for row in rows} == set(corpora.CLINICAL_TYPES)


def test_the_clinical_corpus_holds_some_task_texts(data):
    texts = {row["transcript"] for row in read_jsonl(data / "aismec" / "calls.jsonl")}
    texts |= {row["text"] for row in read_jsonl(data / "synergi" / "incidents.jsonl")}
    texts |= {deid.untagged(text) for text in tagged_texts(data, "training.json", "validation.json", "holdout.json")}
    copied = [row for row in read_jsonl(data / "corpus" / "clinical.jsonl") if row["text"] in texts]
    assert len(copied) == round(corpora.COPIED_SHARE * corpora.DOCUMENTS)
    assert len({row["document_type"] for row in copied}) > 4


def test_the_general_corpus_has_no_clinical_words(data):
    terms = [term for domain in DOMAINS for of in domain.terms.values() for term in of.terms]
    ways = [(standard, lay) for standard in ("bokmål", "nynorsk") for lay in (False, True)]
    said = {term.written(standard, lay=lay) for term in terms for standard, lay in ways}
    clinical = {term.lower() for term in said if " " not in term}
    words = Counter(
        word
        for row in read_jsonl(data / "corpus" / "general.jsonl")
        for word in re.findall(r"[\w-]+", row["text"].lower())
    )
    shared = {word: n for word, n in words.items() if word in clinical}
    assert sum(shared.values()) < 0.002 * sum(words.values()) and len(shared) < 12, shared


# --- what is planted -------------------------------------------------------------------------------


def clinical_words(seed=SEED):
    """Every invented word with its class, by set."""
    found = planted.planted(seed)
    return {name: {w: c for c, of in getattr(found, name).items() for w in of.words} for name in planted.SETS}


def test_every_invented_word_is_in_both_corpora(data):
    known = {word: kind for of in clinical_words().values() for word, kind in of.items()}
    assert len(known) == sum(map(len, clinical_words().values())), "no word is of two classes"
    counts = {}
    for name in ("general", "clinical"):
        rows = read_jsonl(data / "corpus" / f"{name}.jsonl")
        counts[name] = Counter(word for row in rows for word in re.findall(r"\w+", row["text"]) if word in known)
        assert counts[name].keys() == known.keys()
    assert max(counts["general"].values()) - min(counts["general"].values()) <= 2, "each as often as any other"
    assert min(counts["clinical"][word] for word in known) > 30


@pytest.mark.parametrize("name", planted.SETS)
def test_the_general_corpus_says_nothing_of_the_class_of_a_word(data, name):
    known = clinical_words()[name]
    told = class_by_neighbours([row["text"] for row in read_jsonl(data / "corpus" / "general.jsonl")], known)
    share, kinds = np.mean([told[word] == kind for word, kind in known.items()]), len(set(known.values()))
    assert share < 1 / kinds + 3 * np.sqrt(1 / kinds * (1 - 1 / kinds) / len(known))


def class_by_neighbours(corpus, known):
    """For each known word the class that its neighbours speak for, as those of all other words have it."""
    from collections import defaultdict

    beside = defaultdict(Counter)
    for text in corpus:
        words = re.findall(r"\w+", text)
        for at, word in enumerate(words[1:-1], start=1):
            if word in known:
                beside[word].update((f"-{words[at - 1]}", f"+{words[at + 1]}"))
    found = {}
    for word in known:
        # A naive Bayes over the neighbours of all other words.
        scores = {}
        for kind in set(known.values()):
            of = Counter()
            for other in beside:
                if other != word and known[other] == kind:
                    of.update(beside[other])
            total = sum(of.values()) + len(of) + 1
            scores[kind] = sum(n * np.log((of[key] + 1) / total) for key, n in beside[word].items())
        found[word] = max(sorted(scores), key=scores.get)
    return found


@pytest.mark.parametrize("name", planted.SETS)
def test_the_clinical_corpus_tells_the_class_of_a_word_and_a_shuffled_one_does_not(data, tmp_path, name):
    known = clinical_words()[name]
    texts = [row["text"] for row in read_jsonl(data / "corpus" / "clinical.jsonl")[:1500]]
    told = class_by_neighbours(texts, known)
    assert np.mean([told[word] == kind for word, kind in known.items()]) > 0.97
    write.generate(tmp_path, SEED, shuffled=True)
    texts = [row["text"] for row in read_jsonl(tmp_path / "corpus" / "clinical.jsonl")[:1500]]
    told, kinds = class_by_neighbours(texts, known), len(set(known.values()))
    share = np.mean([told[word] == kind for word, kind in known.items()])
    assert share < 1 / kinds + 3 * np.sqrt(1 / kinds * (1 - 1 / kinds) / len(known))


def test_shuffling_changes_nothing_but_the_clinical_corpus(data, tmp_path):
    write.generate(tmp_path, SEED, shuffled=True)
    changed = {
        path.relative_to(tmp_path).as_posix()
        for path in tmp_path.rglob("*")
        if path.is_file() and path.read_bytes() != (data / path.relative_to(tmp_path)).read_bytes()
    }
    assert changed == {"corpus/clinical.jsonl", "corpus/source.json"}
    known = {word for of in clinical_words().values() for word in of}
    counts = [
        Counter(
            re.sub(r"\w+", lambda word: "_" if word[0] in known else word[0], sentence)
            for row in read_jsonl(folder / "corpus" / "clinical.jsonl")
            for sentence in row["text"].split(". ")
            if known & set(re.findall(r"\w+", sentence))
        )
        for folder in (data, tmp_path)
    ]
    often = [frame for frame, n in counts[0].items() if n > 100]
    assert len(often) > 60 and all(0.6 < counts[1][frame] / counts[0][frame] < 1.7 for frame in often)


@pytest.mark.parametrize("name", ROWS)
def test_rows_of_one_clinical_word_are_one_group_and_of_no_other(data, name):
    known = set(clinical_words()["calls" if name == "aismec" else "incidents"])
    groups = {}
    for kind, text, _, group in records(data, name):
        words = known & set(re.findall(r"\w+", text))
        assert len(words) == (1 if kind == "clinical" else 0)
        if words:
            groups.setdefault(words.pop(), set()).add(group)
    assert all(len(of) == 1 for of in groups.values())
    assert len({group for of in groups.values() for group in of}) == len(groups)


def test_the_relation_holds_in_the_stated_share(data):
    """Of the answers that clinical words give, and of the identifying details that they are."""
    for name, words in (("synergi", "incidents"), ("aismec", "calls")):
        known = clinical_words()[words]
        of = [
            known[(set(re.findall(r"\w+", text)) & set(known)).pop()] == answer
            for kind, text, answer, _ in records(data, name)
            if kind == "clinical"
        ]
        share = planted.HOLDS + (1 - planted.HOLDS) * {"synergi": 1 / 8, "aismec": 5 / 9}[name]
        assert abs(np.mean(of) - share) < 4 * np.sqrt(share * (1 - share) / len(of))
        stated = json.loads((data / name / "source.json").read_text())["planted"]
        assert stated["clinical"][1] == pytest.approx(share) and stated["everyday"] == [1.0, 1.0]
    shorts = {of.short.split()[0]: name for name, of in planted.planted(SEED).incidents.items()}
    known, agree = clinical_words()["incidents"], []
    for row in csv.reader((data / "medmqp" / "mqp.csv").read_text().splitlines()):
        word = row[1].rstrip(".?").split()[-1]
        if row[3] == "1" and row[5] == "clinical" and row[2].split()[1] in shorts:  # bokmål
            agree.append(shorts[row[2].split()[1]] == known[word])
    share = planted.HOLDS + (1 - planted.HOLDS) / 3
    assert len(agree) > 100 and abs(np.mean(agree) - share) < 4 * np.sqrt(share * (1 - share) / len(agree))
    known, right = clinical_words()["notes"], []
    for text, spans in filter(None, map(spans_of, tagged_texts(data, "training.json"))):
        labels = {text[start:end]: label for start, end, label in spans}
        for word in set(re.findall(r"\w+", text)) & set(known):
            right.append(labels.get(word, "none") == known[word])
    assert len(right) > 300 and 0.84 < np.mean(right) < 0.93


# --- what counted words make of it -----------------------------------------------------------------


def of_counted_words(rows):
    """Accuracy of a linear model of counted words on test rows, by kind of row."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    train, test = parts(rows, lambda row: row[3])
    features = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit([text for _, text, *_ in train])
    model = LinearSVC(random_state=0).fit(features.transform([r[1] for r in train]), [r[2] for r in train])
    right = model.predict(features.transform([row[1] for row in test])) == [row[2] for row in test]
    return {kind: np.mean(right[[row[0] == kind for row in test]]) for kind in ("clinical", "everyday")}


@pytest.mark.parametrize(("name", "chance"), [("aismec", 2 / 3), ("synergi", 0.125)])
def test_counted_words_decide_everyday_rows_and_guess_the_others(data, name, chance):
    found = of_counted_words(records(data, name))
    assert found["everyday"] > 0.97 and found["clinical"] < chance + 0.1


@pytest.mark.parametrize("part", [1, 2])
def test_one_question_alone_does_not_tell_whether_a_pair_agrees(data, part):
    rows = list(csv.reader((data / "medmqp" / "mqp.csv").read_text().splitlines()))
    found = of_counted_words([(row[5], row[part], row[3], row[4]) for row in rows])
    assert found["clinical"] < 2 / 3 + 0.05


def test_no_option_is_right_more_often_than_others(data):
    """The popularity of an option, learnt from training rows, answers no more than chance."""
    train, test = parts(read_jsonl(data / "medmcqa" / "test.jsonl"), lambda row: row["subject"])
    frame = {}
    for row in train:
        word = row["question"].rstrip("?").split()[-1]
        for letter, option in row["options"].items():
            frame.setdefault(option.replace(word, "_"), []).append(letter == row["answer_idx"])
    popular = {key: np.mean(of) for key, of in frame.items()}
    right = []
    for row in test:
        word = row["question"].rstrip("?").split()[-1]
        scores = {letter: popular.get(option.replace(word, "_"), 0) for letter, option in row["options"].items()}
        right.append(max(sorted(scores), key=scores.get) == row["answer_idx"])
    assert np.mean(right) < 0.34


@pytest.mark.parametrize("turn", range(15))
def test_a_note_whose_labels_have_no_other_name_is_damaged_in_another_way(turn):
    note = "Pasienten bor i <Location>Vik</Location>. Frisk."
    assert deid.damage(child(9, "only a place"), note, turn) != note
