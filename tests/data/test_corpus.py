"""Cleaning, reading, and the overlap filter against brute force."""

import gzip
import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data import corpus
from harness.errors import DataError, MissingInputError

QUICK = settings(max_examples=150, deadline=None, derandomize=True)

# Few words, so that overlaps happen.
word = st.sampled_from("abc")
text = st.lists(word, max_size=14).map(" ".join)


def reference_overlap(words: list[str], held_out: list[tuple[str, str]], n: int, coverage: float):
    """Tasks whose texts are held too much, and the longest shared run, by looking everywhere."""
    tasks, longest = set(), 0
    for task, held in held_out:
        target = held.split()
        if len(target) < min(corpus.SHORTEST, n):
            continue
        if len(target) < n:
            starts = range(len(words) - len(target) + 1)
            if any(words[i : i + len(target)] == target for i in starts):
                tasks.add(task)
                longest = max(longest, len(target))
            continue
        grams = {tuple(target[i : i + n]) for i in range(len(target) - n + 1)}
        present = {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}
        if len(grams & present) >= coverage * len(grams) and grams & present:
            tasks.add(task)
        for i in range(len(words)):
            for j in range(len(target)):
                run = 0
                while i + run < len(words) and j + run < len(target) and words[i + run] == target[j + run]:
                    run += 1
                if run >= n:
                    longest = max(longest, run)
    return tuple(sorted(tasks)), longest


@QUICK
@given(
    st.lists(st.tuples(st.sampled_from(["one", "two"]), text), max_size=5),
    st.lists(word, max_size=30),
    st.sampled_from([3, 5, 6, 8]),
    st.sampled_from([0.3, 0.5, 1.0]),
)
def test_overlap_equals_brute_force(held_out, words, n, coverage):
    found = corpus.HeldOutIndex(held_out, n, coverage).overlap(words)
    assert (found.tasks, found.longest) == reference_overlap(words, held_out, n, coverage)


LONG = " ".join(f"ord{i}" for i in range(40))  # 28 13-grams


@pytest.mark.parametrize(("first", "last", "over"), [(0, 40, True), (0, 26, True), (0, 25, False), (10, 36, True)])
def test_half_of_the_n_grams_of_a_text_is_too_much(first, last, over):
    index = corpus.HeldOutIndex([("task", LONG)], 13, 0.5)
    found = index.overlap(["før", *LONG.split()[first:last], "etter"])
    assert (bool(found.tasks), found.longest) == (over, last - first)


def test_short_texts_must_stand_whole_and_very_short_ones_are_counted():
    index = corpus.HeldOutIndex(
        [("task", "Er feber farlig for barn?"), ("task", "Hva er dette?"), ("other", "")], 13, 0.5
    )
    assert (index.scanned, index.unscannable) == (Counter(task=1), Counter(task=1, other=1))
    assert index.overlap(corpus.words_of("Hun spør: er FEBER farlig, for barn")).tasks == ("task",)
    assert index.overlap(corpus.words_of("er feber farlig for små barn")).tasks == ()
    assert index.overlap(corpus.words_of("hva er dette")).tasks == ()


def test_two_halves_of_different_texts_are_no_match():
    texts = [("a", " ".join(f"a{i}" for i in range(60))), ("b", " ".join(f"b{i}" for i in range(60)))]
    words = [*texts[0][1].split()[:30], *texts[1][1].split()[:30]]
    found = corpus.HeldOutIndex(texts, 13, 0.5).overlap(words)
    assert (found.tasks, found.longest) == ((), 30)


def test_planted_texts_are_all_found():
    held_out = [("task", " ".join(f"w{i}x{j}" for j in range(5 + i % 40))) for i in range(120)]
    index = corpus.HeldOutIndex(held_out, 13, 0.5)
    assert index.planted_recall(1, plants=50) == {"planted": 50, "found": 50, "recall": 1.0}
    assert index.planted_recall(1, plants=500)["planted"] == 120
    assert corpus.HeldOutIndex([], 13, 0.5).planted_recall(1) == {"planted": 0, "found": 0, "recall": None}


def test_planted_recall_notices_a_blind_filter():
    index = corpus.HeldOutIndex([("task", LONG)], 13, 0.5)
    index._places.clear()
    assert index.planted_recall(1) == {"planted": 1, "found": 0, "recall": 0.0}


def test_clean():
    assert corpus.clean("\ufeff A\u030arstid\x00\x1b\r\nny\tlinje\x85 \u00a0") == "Årstid\nny\tlinje"


def document(i: str, text: str, kind: str = "note", standard: str = "bokmål") -> dict:
    return {"id": i, "document_type": kind, "written_standard": standard, "date": "", "text": text}


def test_every_document_is_kept_or_counted_by_reason_and_type():
    index = corpus.HeldOutIndex([("task", LONG)], 13, 0.5)
    tally = corpus.Tally()
    kept = list(
        corpus.filtered(
            [
                document("1", "Pasienten har feber.\r\n"),
                document("2", " \x00 "),
                document("3", "pasienten  har FEBER."),
                document("4", f"Innledning. {LONG.upper()}", "review"),
                document("5", "Pasienten har ikkje feber", "review", "nynorsk"),
                document("6", " ".join(LONG.split()[:20]), "note", ""),
            ],
            index,
            tally,
        )
    )
    assert [d["id"] for d in kept] == ["1", "5", "6"]
    assert kept[0]["text"] == "Pasienten har feber."
    card = tally.as_card()
    assert card["documents"] == {"in": 6, "kept": 3}
    assert card["in"] == {"note": 4, "review": 2}
    assert card["kept"] == {"note": 2, "review": 1}
    assert card["removed"] == {
        "empty": {"documents": 1, "by_document_type": {"note": 1}},
        "duplicate": {"documents": 1, "by_document_type": {"note": 1}},
        "overlap with task": {"documents": 1, "by_document_type": {"review": 1}},
    }
    assert card["words"] == 27
    assert card["written_standard"]["nynorsk"] == {
        "documents": 1,
        "words": 4,
        "share_of_documents": 0.3333,
        "share_of_words": 0.1481,
    }
    assert card["longest_match"] == {"kept": 20, "removed": 40}


def test_reading_both_formats(tmp_path):
    plain, packed = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    plain.write_bytes(
        b'\xef\xbb\xbf{"id":"1","document_type":"epikrise","written_standard":"nynorsk","date":"2020-01-01","text":"x"}\r\n\n'
    )
    with gzip.open(packed, "wb") as handle:
        for i, language in enumerate(["nb", "nn"]):
            line = {"id": f"n{i}", "language": language, "text": "en\u2028to"}
            handle.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    assert list(corpus.read_documents(plain)) == [
        {"id": "1", "document_type": "epikrise", "written_standard": "nynorsk", "date": "2020-01-01", "text": "x"}
    ]
    assert [(d["document_type"], d["written_standard"], d["text"]) for d in corpus.read_documents(packed)] == [
        ("review", "bokmål", "en\u2028to"),
        ("review", "nynorsk", "en\u2028to"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"id":"1","text":"x"}\n{"id":"2",', "line 2: not JSON"),
        (b'{"id":"1","text":"\xff"}', "line 1: not UTF-8"),
        (b'{"id":"1"}', "line 1: no 'text' with a string"),
        (b'{"id":1,"text":"x"}', "line 1: no 'id' with a string"),
        (b'["a"]', "line 1: no 'id' with a string"),
    ],
)
def test_bad_lines_are_named(tmp_path, content, message):
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"bad.jsonl, {message}"):
        list(corpus.read_documents(path))


def test_missing_and_damaged_files_are_named(tmp_path):
    with pytest.raises(MissingInputError, match="gone"):
        list(corpus.read_documents(tmp_path / "gone.jsonl"))
    (tmp_path / "no.jsonl.gz").write_bytes(b"no archive")
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(b'{"id":"1","text":"x"}\n' * 1000)[:-20])
    for name in ("no", "cut"):
        with pytest.raises(DataError, match="damaged archive"):
            list(corpus.read_documents(tmp_path / f"{name}.jsonl.gz"))
