"""What a checkpoint's card quotes of its corpora, and that a task more does not change it."""

import copy

import pytest

from harness.data.corpus_summary import summaries
from harness.encoders.cards import CorpusPart

SHA = "0123456789abcdef" * 4
CLINICAL = {
    "documents": {"in": 12, "kept": 10},
    "kept": {"epikrise": 10},
    "words": 99,
    "sha256": SHA,
    "written_standard": {"bokmål": {"documents": 8, "words": 80}, "nynorsk": {"documents": 2, "words": 19}},
}
CARD = {
    "source": {"kind": "restricted", "licence": "none", "language": "nb"},
    "parts": {"clinical": CLINICAL, "general": {**CLINICAL, "kind": "public"}},
}


def test_a_part_is_what_the_corpus_stage_counted():
    parts = {name: CorpusPart(**part) for name, part in summaries(CARD).items()}
    clinical, general = parts["clinical"], parts["general"]
    assert (clinical.documents, clinical.words, clinical.sha256) == (10, 99, SHA)
    assert clinical.written_standards == {"bokmål": 8, "nynorsk": 2} and clinical.document_types == {"epikrise": 10}
    assert (clinical.kind, clinical.language, clinical.licence) == ("restricted", "nb", "none")
    assert (general.kind, general.licence) == ("public", "none")
    assert clinical.phi is None
    assert summaries({"parts": {"clinical": CLINICAL}})["clinical"]["kind"] is None


@pytest.mark.parametrize(("parts", "flag"), [([], False), (["general"], False), (["clinical", "general"], True)])
def test_identifying_details_are_a_yes_or_no_of_each_part(parts, flag):
    looked = CARD | {"phi": {"allowed": True, "found": {}, "documents": 3 * len(parts), "parts": parts}}
    assert summaries(looked)["clinical"]["phi"] is flag


def test_what_was_looked_for_does_not_matter():
    more = copy.deepcopy(CARD) | {"inputs": {"new": {"records": SHA}}, "overlap": {"held_out_texts": {"new": 7}}}
    more["parts"]["clinical"]["held_out_kept"] = {"13": {"new": {"found": 0}}}
    assert summaries(more) == summaries(CARD)
    more["parts"]["clinical"]["sha256"] = "f" * 64
    assert summaries(more) != summaries(CARD)
