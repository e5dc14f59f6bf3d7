"""Groups: what ties records together, against a slow obvious reference and on the real question pairs."""

import csv
import math
import random
import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data import cosines, grouping
from harness.errors import DataError
from harness.heads import HEADS
from harness.task import Groups

QUICK = settings(max_examples=60, deadline=None, derandomize=True)


def reference_components(keys: dict[str, frozenset[str]], near: list[tuple[str, str]]) -> dict[str, str]:
    """Flood fill over all pairs of records.

    Rests on the rule for what ties two records, as the code does; the components of the real MedMQP, counted outside
    this project, are the evidence that the rule is the right one.
    """

    def tied(a: str, b: str) -> bool:
        return bool(keys[a] & keys[b]) or any(
            (x in keys[a] and y in keys[b]) or (x in keys[b] and y in keys[a]) for x, y in near
        )

    group = {}
    for start in sorted(keys):
        if start in group:
            continue
        reached, frontier = {start}, [start]
        while frontier:
            here = frontier.pop()
            further = {other for other in keys if other not in reached and tied(here, other)}
            reached |= further
            frontier += further
        group |= dict.fromkeys(reached, min(reached))
    return dict(sorted(group.items()))


def reference_cosines(texts: list[str]) -> dict[tuple[int, int], float]:
    """Smoothed log TF-IDF over the 4-grams of each word with one blank on either side, by definition.

    Written from scikit-learn's documentation; the code asks scikit-learn itself, so the two are independent.
    """
    counts = []
    for text in texts:
        words = [f" {word} " for word in re.findall(r"\S+", text)]
        counts.append(Counter(w[i : i + 4] for w in words for i in range(max(1, len(w) - 3))))
    n = len(texts)
    documents_with = Counter(gram for count in counts for gram in count)
    vectors = []
    for count in counts:
        vector = {g: (1 + math.log(c)) * (math.log((1 + n) / (1 + documents_with[g])) + 1) for g, c in count.items()}
        length = math.sqrt(sum(v * v for v in vector.values()))
        vectors.append({g: v / length for g, v in vector.items()})
    return {
        (i, j): sum(v * vectors[j].get(g, 0.0) for g, v in vectors[i].items())
        for i in range(n)
        for j in range(i + 1, n)
    }


keys_by_id = st.dictionaries(
    st.integers(0, 30).map(lambda i: f"r{i:02d}"),
    st.frozensets(st.sampled_from("abcdefghijklmnop"), max_size=3),
    min_size=1,
    max_size=14,
)
near_pairs = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("ijklmnop")), max_size=3)


@QUICK
@given(keys_by_id, near_pairs)
def test_components_equal_the_reference(keys, near):
    links = grouping.Links(keys, tuple((x, y, 0.95) for x, y in near), 0.9)
    assert grouping.components(links, list(keys)) == reference_components(keys, near)


@QUICK
@given(keys_by_id, near_pairs, st.randoms(use_true_random=False))
def test_components_ignore_the_order_of_records_and_links(keys, near, rng):
    links = grouping.Links(keys, tuple((x, y, 0.95) for x, y in near), 0.9)
    shuffled = list(keys.items())
    rng.shuffle(shuffled)
    again = grouping.Links(dict(shuffled), tuple(reversed(links.near)), 0.9)
    assert grouping.components(again, [k for k, _ in shuffled]) == grouping.components(links, sorted(keys))


def test_records_left_out_connect_nothing():
    links = grouping.Links({"a": frozenset("x"), "b": frozenset("xy"), "c": frozenset("z")}, (("y", "z", 0.95),), 0.9)
    assert grouping.components(links, "abc") == {"a": "a", "b": "a", "c": "a"}
    assert grouping.components(links, "ac") == {"a": "a", "c": "c"}


def test_a_near_link_between_placed_splits_needs_more_than_the_threshold():
    keys = {"a": frozenset("x"), "b": frozenset("y")}
    just, clearly = (grouping.Links(keys, (("x", "y", cosine),), 0.9) for cosine in (0.905, 0.93))
    apart = {"a": "train", "b": "test"}
    assert grouping.components(just, "ab") == {"a": "a", "b": "a"}
    assert grouping.components(just, "ab", apart) == {"a": "a", "b": "b"}
    assert grouping.components(just, "ab", {"a": "train"}) == {"a": "a", "b": "a"}
    assert grouping.components(just, "ab", {"a": "train", "b": "train"}) == {"a": "a", "b": "a"}
    assert grouping.components(clearly, "ab", apart) == {"a": "a", "b": "a"}


def test_near_duplicates_equal_the_definition():
    rng = random.Random(4)
    words = ["hjerte", "lunge", "lever", "nyre", "milt", "smerte", "feber", "hoste", "a", "ø"]
    texts = sorted({" ".join(rng.choices(words, k=rng.randint(1, 6))) for _ in range(60)})
    expected = {pair: cosine for pair, cosine in reference_cosines(texts).items() if cosine >= 0.6}
    found = {(i, j): cosine for i, j, cosine in grouping.near_duplicates(texts, 0.6)}
    assert len(expected) > 20
    assert found == pytest.approx(expected)


def test_a_shared_ruled_line_is_no_likeness():
    line = "-" * 80
    texts = [f"utskrivningsbrev for burkitt lymfom {line}", f"skade etter kollisjon med lastebil {line}"]
    assert grouping.near_duplicates(texts, 0.5) == []


def test_near_duplicates_across_blocks(monkeypatch):
    rng = random.Random(5)
    texts = sorted({" ".join(rng.choices(["alfa", "beta", "gamma", "delta", "epsilon"], k=5)) for _ in range(40)})
    whole = grouping.near_duplicates(texts, 0.8)
    monkeypatch.setattr(cosines, "BLOCK_ROWS", 7)
    in_blocks = grouping.near_duplicates(texts, 0.8)
    assert [p[:2] for p in in_blocks] == [p[:2] for p in whole]
    assert [p[2] for p in in_blocks] == pytest.approx([p[2] for p in whole])
    assert grouping.near_duplicates([], 0.8) == grouping.near_duplicates(["one"], 0.8) == []


def group_of(records, groups, head):
    links = grouping.find_links(records, groups, HEADS[head])
    return grouping.components(links, [record["id"] for record in records])


def test_case_and_edge_space_are_folded_and_punctuation_is_not():
    def sick(i, text):
        return {"id": i, "text": text}

    groups = Groups(near_duplicate=1.0, link_equal=("text",))
    same = group_of([sick("a", " Feber og HOSTE\u00a0"), sick("b", "feber  og hoste\n")], groups, "sequence")
    assert same == {"a": "a", "b": "a"}
    signs = group_of([sick("a", "significant at p<0.05"), sick("b", "significant at p>0.05")], groups, "sequence")
    assert signs == {"a": "a", "b": "b"}


def test_each_column_ties_by_its_own_rule():
    records = [
        {"id": "1", "text": "Er det farlig med feber?", "caller": "x"},
        {"id": "2", "text": "Bilen min vil ikke starte", "caller": "x"},
        {"id": "3", "text": "Er det farlig med febre?", "caller": "y"},
        {"id": "4", "text": "Noe helt annet igjen", "caller": 7},
    ]
    assert group_of(records, Groups(column="caller", near_duplicate=0.99), "sequence") == {
        "1": "1",
        "2": "1",
        "3": "3",
        "4": "4",
    }
    assert group_of(records, Groups(column=None, near_duplicate=0.5), "sequence") == {
        "1": "1",
        "2": "2",
        "3": "1",
        "4": "4",
    }
    with pytest.raises(DataError, match="'1' has no 'incident'"):
        group_of(records, Groups(column="incident"), "sequence")
    with pytest.raises(DataError, match="'1' occurs twice"):
        group_of([records[0], records[0]], Groups(), "sequence")


def test_a_choice_item_is_its_question_with_its_options():
    def item(i, question, options):
        return {"id": i, "question": question, "options": options}

    records = [
        item("a", "Which is true?", ["ka", "kb", "kc", "kd"]),
        item("b", "which is TRUE?", ["KD", "kb", "kc", "ka"]),
        item("c", "Which is true?", ["long bones", "flat bones", "irregular", "none"]),
    ]
    assert group_of(records, Groups(near_duplicate=0.95), "choice") == {"a": "a", "b": "a", "c": "c"}
    linked = group_of(records, Groups(near_duplicate=0.95, link_equal=("question",)), "choice")
    assert set(linked.values()) == {"a"}


def test_medmqp_components(mirror):
    with open(mirror / "medmqp" / "mqp.csv", encoding="utf-8", newline="") as handle:
        records = [{"id": f"{i:04d}", "text": row[1], "text_pair": row[2]} for i, row in enumerate(csv.reader(handle))]
    groups = Groups(link_equal=("text", "text_pair"), near_duplicate=0.7)
    links = grouping.find_links(records, groups, HEADS["pair"])
    ids = [record["id"] for record in records]
    by_text = grouping.components(grouping.Links(links.keys, (), 0.7), ids)
    assert Counter(Counter(by_text.values()).values()) == {2: 1515, 4: 3, 6: 1}
    linked = Counter(grouping.components(links, ids).values())
    assert len(linked) == 1500
    assert max(linked.values()) == 6
    shuffled = records[:]
    random.Random(0).shuffle(shuffled)
    assert grouping.find_links(shuffled, groups, HEADS["pair"]).near == links.near
