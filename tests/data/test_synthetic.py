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

import numpy as np
import pytest

from harness.config import Generate
from harness.data.synthetic import calls, corpora, deid, incidents, notes, pairs, people, questions
from harness.data.synthetic.language import child, say
from harness.data.synthetic.lexicon import INCIDENTS, MIMICS, STROKE, clinical_terms
from harness.data.synthetic.nynorsk import to_nynorsk
from harness.files import read_jsonl, sha256, sha256_tree
from harness.stages.generate import generate, run

SEED = 2026  # the seed of the embedded profile: these are the data the tables are made from
TASKS = ("aismec", "medmcqa", "medmqp", "nor_deid", "synergi")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generated")
    generate(folder, SEED)
    return folder


def share(key) -> float:
    """A number in [0, 1) that depends on the key alone: a simple grouped split for these tests."""
    return int(hashlib.sha256(str(key).encode()).hexdigest()[:12], 16) / 16**12


def parts(rows, key):
    return [row for row in rows if share(key(row)) < 0.75], [row for row in rows if share(key(row)) >= 0.75]


def test_the_bytes_depend_on_the_seed_alone(data, tmp_path):
    code = "import sys; from harness.stages.generate import generate; generate(sys.argv[1], int(sys.argv[2]))"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "again"), str(SEED)], check=True, env=environment)
    assert sha256_tree(tmp_path / "again") == sha256_tree(data)


def test_another_seed_gives_other_rows_in_every_part():
    for part in (calls, incidents, questions, pairs):
        assert part.generate(1) != part.generate(2)


def test_a_part_does_not_move_the_others(data, monkeypatch):
    monkeypatch.setattr(incidents, "REPORTS", 10)
    monkeypatch.setattr(incidents, "CUE_SHARE", 1.0)
    incidents.generate(SEED)
    assert calls.generate(SEED) == read_jsonl(data / "aismec" / "calls.jsonl")
    assert questions.generate(SEED) == read_jsonl(data / "medmcqa" / "test.jsonl")
    rows = list(csv.reader((data / "medmqp" / "mqp.csv").read_text().splitlines()))
    assert [list(map(str, row)) for row in pairs.generate(SEED)] == rows


def test_every_folder_says_where_it_comes_from(data):
    for name in (*TASKS, "corpus"):
        source = json.loads((data / name / "source.json").read_text())
        assert set(source) == {"kind", "address", "revision", "files", "licence", "language", "citation", "note"}
        assert source["kind"] == "synthetic" and source["licence"] == "CC0-1.0"
        present = {path.name for path in (data / name).iterdir()} - {"source.json"}
        assert source["files"] == {file: sha256(data / name / file) for file in present}


def test_the_stage_replaces_what_was_there(tmp_path, monkeypatch):
    from harness.data import synthetic

    monkeypatch.setattr(synthetic, "generate", lambda folder, seed: (folder / "seed").write_text(str(seed)))
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
        person = people.person(rng, known, today, youngest=1)
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
    assert to_nynorsk("Hvor gammel er hun, og hvor bor hun?") == "Kor gammal er ho, og kvar bor ho?"
    with pytest.raises(KeyError):
        say("{missing}", rng, "bokmål", {})
    assert {say("(a|b|c)", rng, "bokmål", {}) for _ in range(50)} == {"A", "B", "C"}


def test_every_template_can_be_said():
    """No slot without a value and no bracket without its partner, in either standard."""
    rng = child(0, "templates")
    known = people.names("all")
    for standard in ("bokmål", "nynorsk"):
        for kind, groups in notes.SENTENCES.items():
            case = notes.case(rng, kind, standard, known, lambda topic: topic, date(2020, 1, 1))
            for template in [*notes.HEADINGS[kind], *sum(groups, ())]:
                assert not set(say(template, rng, standard, case.slots)) & set("{}|")


# --- sizes, shares, formats -----------------------------------------------------------------------


def test_calls(data):
    rows = read_jsonl(data / "aismec" / "calls.jsonl")
    assert len(rows) == calls.CALLS and len({row["call_id"] for row in rows}) == len(rows)
    assert 0.35 <= np.mean([row["outcome"] == "stroke" for row in rows]) <= 0.42
    assert set(Counter(Counter(row["caller_id"] for row in rows).values())) == {1, 2, 3}
    for row in rows:
        turns = row["transcript"].split("\n")
        assert all(turn.startswith(("Operatør: ", "Innringer: ")) for turn in turns)
        assert 50 <= len(row["transcript"].split()) <= 130 and not set(row["transcript"]) & set("{}|@")
    assert 0.15 <= np.mean([row["written_standard"] == "nynorsk" for row in rows]) <= 0.35


def test_incidents(data):
    rows = read_jsonl(data / "synergi" / "incidents.jsonl")
    assert len(rows) == incidents.REPORTS and len({row["report_id"] for row in rows}) == len(rows)
    shares = {name: n / len(rows) for name, n in Counter(row["category"] for row in rows).items()}
    assert set(shares) == set(incidents.WEIGHTS) and min(shares.values()) > 0.04 and max(shares.values()) < 0.25
    assert {2, 3} < set(Counter(row["incident_id"] for row in rows).values())
    lengths = [len(row["text"].split()) for row in rows]
    assert np.percentile(lengths, 5) >= 23 and np.percentile(lengths, 95) <= 62


def test_pairs(data):
    raw = (data / "medmqp" / "mqp.csv").read_bytes()
    assert raw.count(b"\r\n") == raw.count(b"\n") == 2 * pairs.QUESTIONS
    rows = list(csv.reader(raw.decode().splitlines()))
    labels = Counter((row[1], row[3]) for row in rows)
    assert set(labels.values()) == {1} and len(labels) == 2 * len({row[1] for row in rows})
    texts = [row[1] for row in rows[::2]] + [row[2] for row in rows]
    assert len(set(texts)) == len(texts), "components stay of size two"
    assert {int(row[0]) for row in rows} == set(range(1, 12))
    assert all(5 <= len(text.split()) <= 25 for text in texts)


def test_questions(data):
    rows = read_jsonl(data / "medmcqa" / "test.jsonl")
    assert (
        len(rows) == questions.ITEMS == len({row["question"] for row in rows}) == len({row["realidx"] for row in rows})
    )
    for row in rows:
        assert list(row["options"]) == list("ABCD") and len(set(row["options"].values())) == 4
        assert row["answer"] == row["options"][row["answer_idx"]]
        assert all(len(option.split()) <= 5 for option in row["options"].values())
    assert all(0.2 <= n / len(rows) <= 0.3 for n in Counter(row["answer_idx"] for row in rows).values())


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
    for name, size in (("training", deid.TRAINING), ("validation", deid.VALIDATION), ("holdout", deid.HOLDOUT)):
        content = json.loads((data / "nor_deid" / f"{name}.json").read_text())
        assert set(content) == {"parameters", "scenarios", "prompts", "results", "cleaned_results"}
        assert all(len(content[key]) == size for key in ("scenarios", "prompts", "results", "cleaned_results"))
    pool = tagged_texts(data, "training.json", "validation.json")
    clean = [read for read in map(spans_of, pool) if read]
    assert 0.02 < 1 - len(clean) / len(pool) < 0.08, "a few percent carry the original's defects"
    assert sum("&lt;" in text for text in pool) == 2 and all(map(spans_of, tagged_texts(data, "holdout.json")))
    counts = Counter(label for _, spans in clean for *_, label in spans)
    assert set(counts) == set(deid.LABELS) and min(counts.values()) > 150
    assert np.percentile([len(spans) for _, spans in clean], 5) >= 6
    lengths = [len(text.split()) for text, _ in clean]
    assert np.percentile(lengths, 2) >= 45 and np.percentile(lengths, 98) <= 110


def test_corpora(data):
    for name, size in (("general", corpora.GENERAL_DOCUMENTS), ("clinical", corpora.CLINICAL_DOCUMENTS)):
        rows = read_jsonl(data / "corpus" / f"{name}.jsonl")
        assert len(rows) == size and set(rows[0]) == {"id", "document_type", "written_standard", "date", "text"}
        words = Counter(word for row in rows for word in re.findall(r"\w+", row["text"]))
        assert 180_000 <= sum(words.values()) <= 480_000 and len(words) <= 7_000
        assert 0.17 <= np.mean([row["written_standard"] == "nynorsk" for row in rows]) <= 0.23
        assert not any(set("{}|@<>") & set(row["text"]) for row in rows)
    assert {row["document_type"] for row in rows} == set(corpora.CLINICAL_TYPES)


def test_the_clinical_corpus_holds_some_task_texts(data):
    texts = {row["transcript"] for row in read_jsonl(data / "aismec" / "calls.jsonl")}
    texts |= {row["text"] for row in read_jsonl(data / "synergi" / "incidents.jsonl")}
    texts |= {deid.untagged(text) for text in tagged_texts(data, "training.json", "validation.json", "holdout.json")}
    planted = [row for row in read_jsonl(data / "corpus" / "clinical.jsonl") if row["text"] in texts]
    assert len(planted) == round(corpora.PLANTED_SHARE * corpora.CLINICAL_DOCUMENTS)
    assert len({row["document_type"] for row in planted}) > 4


def test_the_general_corpus_has_no_clinical_words(data):
    clinical = {term.lower() for term in clinical_terms() if " " not in term}
    words = Counter(
        word
        for row in read_jsonl(data / "corpus" / "general.jsonl")
        for word in re.findall(r"[\w-]+", row["text"].lower())
    )
    shared = {word: n for word, n in words.items() if word in clinical}
    assert sum(shared.values()) < 0.002 * sum(words.values()) and len(shared) < 12, shared


# --- difficulty -----------------------------------------------------------------------------------


def linear_features(texts):
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    word = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit(texts)
    character = TfidfVectorizer(analyzer="char_wb", ngram_range=(4, 4), sublinear_tf=True, min_df=2).fit(texts)
    return lambda new: hstack([word.transform(new), character.transform(new)]).tocsr()


def linear_predictions(train, gold, test):
    from sklearn.svm import LinearSVC

    return LinearSVC(C=0.5, class_weight="balanced", random_state=0).fit(train, gold).decision_function(test)


def sequence_f1(rows, text, label, group, **average):
    from sklearn.metrics import f1_score

    train, test = parts(rows, lambda row: row[group])
    features = linear_features([row[text] for row in train])
    labels = sorted({row[label] for row in rows})
    scores = linear_predictions(
        *(features([r[text] for r in train]), [r[label] for r in train], features([r[text] for r in test]))
    )
    best = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(1)
    return f1_score([row[label] for row in test], [labels[i] for i in best], **average)


def test_linear_model_on_calls(data):
    rows = read_jsonl(data / "aismec" / "calls.jsonl")
    assert 0.6 <= sequence_f1(rows, "transcript", "outcome", "caller_id", average="binary", pos_label="stroke") <= 0.87


def test_linear_model_on_incidents(data):
    rows = read_jsonl(data / "synergi" / "incidents.jsonl")
    assert 0.45 <= sequence_f1(rows, "text", "category", "incident_id", average="macro") <= 0.8


def test_linear_model_on_pairs(data):
    from scipy.sparse import hstack
    from sklearn.metrics import f1_score

    rows = list(csv.reader((data / "medmqp" / "mqp.csv").read_text().splitlines()))
    train, test = parts(rows, lambda row: row[1])
    features = linear_features([text for row in train for text in row[1:3]])

    def both(rows):
        left, right = (features([row[column] for row in rows]) for column in (1, 2))
        return hstack([3 * left.multiply(right), abs(left - right)]).tocsr()

    gold, wanted = ([int(row[3]) for row in part] for part in (train, test))
    assert 0.55 <= f1_score(wanted, linear_predictions(both(train), gold, both(test)) > 0) <= 0.85
    second = [features([row[2] for row in part]) for part in (train, test)]
    assert np.mean((linear_predictions(second[0], gold, second[1]) > 0) == wanted) <= 0.6, "guessed from one question"


def test_linear_model_on_exam_questions(data):
    from scipy.sparse import hstack
    from sklearn.metrics import f1_score

    train, test = parts(read_jsonl(data / "medmcqa" / "test.jsonl"), lambda row: row["question"])
    features = linear_features([text for row in train for text in (row["question"], *row["options"].values())])

    def choices(rows):
        question = features([row["question"] for row in rows for _ in "ABCD"])
        option = features([row["options"][letter] for row in rows for letter in "ABCD"])
        return hstack([option, 3 * question.multiply(option)]).tocsr()

    right = [int(letter == row["answer_idx"]) for row in train for letter in "ABCD"]
    picked = linear_predictions(choices(train), right, choices(test)).reshape(-1, 4).argmax(1)
    score = f1_score(["ABCD".index(row["answer_idx"]) for row in test], picked, average="macro", labels=range(4))
    assert 0.32 <= score <= 0.6


def test_linear_model_on_notes(data):
    """A token classifier that sees its neighbours, on a part of the pool; exact spans count."""
    from sklearn.feature_extraction import FeatureHasher
    from sklearn.linear_model import SGDClassifier

    def tokens(documents):
        for number, (text, spans) in enumerate(documents):
            found = [(t.group(), t.start(), t.end()) for t in re.finditer(r"\w+|[^\w\s]", text)]
            for place, (word, start, end) in enumerate(found):
                near = [(k, found[place + k][0]) for k in (-2, -1, 0, 1) if 0 <= place + k < len(found)]
                features = [f"{k}{w.lower()}" for k, w in near] + [
                    f"{k}{re.sub('[a-zæøå]+', 'a', w)}"[:6] for k, w in near
                ]
                covering = next((s for s in spans if s[0] <= start and end <= s[1]), None)
                label = "O" if covering is None else ("B" if covering[0] == start else "I") + covering[2]
                yield (number, start, end), [*features, f"^{word[:3]}", f"{word[-3:]}$"], label

    def entities(places, labels):
        spans = []
        for (number, start, end), label in zip(places, labels, strict=True):
            if label[0] == "B" or (label[0] == "I" and not (spans and spans[-1][3] == label[1:] and spans[-1][4])):
                spans.append([number, start, end, label[1:], True])
            elif label[0] == "I":
                spans[-1][2] = end
            elif spans:
                spans[-1][4] = False
        return {tuple(span[:4]) for span in spans}

    pool = [read for read in map(spans_of, tagged_texts(data, "training.json")) if read]
    hasher = FeatureHasher(2**17, input_type="string")
    _, features, labels = zip(*tokens(pool[:260]), strict=True)
    model = SGDClassifier(loss="hinge", alpha=1e-5, max_iter=4, tol=None, random_state=0)
    model.fit(hasher.transform(features), labels)
    for documents, low, high in (
        (pool[260:380], 0.65, 0.93),
        (list(map(spans_of, tagged_texts(data, "holdout.json"))), 0.5, 0.9),
    ):
        places, features, gold = zip(*tokens(documents), strict=True)
        wanted, got = entities(places, gold), entities(places, model.predict(hasher.transform(features)))
        assert low <= 2 * len(wanted & got) / (len(wanted) + len(got)) <= high


# --- knowledge that only the clinical corpus has ---------------------------------------------------


def decided_by_unseen(rows, text, group, terms_of, corpus):
    """Share of test rows all of whose deciding terms are absent from training, and how many of these the corpus has."""
    train, test = parts(rows, lambda row: row[group])
    seen = "\n".join(row[text] for row in train).lower()
    hinge, known = [], 0
    for row in test:
        content = row[text].lower()
        present = [form for form in terms_of(row) if form.lower() in content]
        if present and not any(form.lower() in seen for form in present):
            hinge.append(row)
            known += any(corpus.count(form.lower()) >= 5 for form in present)
    return len(hinge) / len(test), known / max(1, len(hinge))


def test_many_test_rows_hinge_on_terms_that_only_the_corpus_explains(data):
    corpus = "\n".join(row["text"] for row in read_jsonl(data / "corpus" / "clinical.jsonl")).lower()

    def forms(terms, row):
        return [t.said(row["written_standard"]).replace("{han}", "hun") for c in terms for t in c.terms]

    share_synergi, known = decided_by_unseen(
        read_jsonl(data / "synergi" / "incidents.jsonl"),
        "text",
        "incident_id",
        lambda row: forms([INCIDENTS[row["category"]]], row),
        corpus,
    )
    assert share_synergi >= 0.15 and known >= 0.65
    share_aismec, known = decided_by_unseen(
        read_jsonl(data / "aismec" / "calls.jsonl"),
        "transcript",
        "caller_id",
        lambda row: forms([STROKE] if row["outcome"] == "stroke" else MIMICS.values(), row),
        corpus,
    )
    assert share_aismec >= 0.04 and known >= 0.25
