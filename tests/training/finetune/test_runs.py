"""One run: whose weights answer which part."""

import gc
from types import SimpleNamespace

import pytest
import torch

from harness.encoders import families
from harness.params.reading import load
from harness.system.files import read_jsonl
from harness.training.finetune import loop, predicting, runs


class Counted(torch.nn.Linear):
    """A model whose only weight says how far it was trained."""

    def __init__(self):
        super().__init__(1, 1, bias=False)
        self.config = SimpleNamespace()
        self.weight.data.fill_(0.0)


@pytest.mark.parametrize("best", [1, 2, 3])
def test_validation_is_answered_by_the_weights_that_were_kept(best, repository, monkeypatch, tmp_path):
    """The stored answers of every part are those of the weights of the best update."""

    def train(model, examples, recipe, engine, *, validate, kept, **_):
        scores = []
        for update in (1, 2, 3):
            model.weight.data.fill_(update / 10)
            scores.append(validate())
            if update <= best:
                kept()
        held = [each for each in gc.get_objects() if type(each) is dict and each.get("part") == "validation"]
        assert len(held) <= 2 * 2, "answers of weights that are not kept are held"
        assert [score["selection"] for score in scores] == [0.1, 0.2, 0.3]
        model.weight.data.fill_(best / 10)
        curve = [{"step": step, **score} for step, score in enumerate(scores, start=1)]
        return loop.Outcome(3, best, scores[best - 1]["selection"], curve, False)

    def logits(model, examples, *_):
        p = torch.tensor(model.weight.item())
        return [torch.stack([(1 - p).log(), p.log()]) for _ in examples]

    monkeypatch.setattr(families, "load_head", lambda *_: Counted())
    monkeypatch.setattr(loop, "train", train)
    monkeypatch.setattr(predicting, "logits", logits)
    parts = {
        part: [{"id": f"{part}{i}", "group": f"g{i}", "label": "stroke"} for i in range(2)]
        for part in ("train", "validation", "test misspelled", "test")
    }
    encoded = {"baseline": runs.Encoded({part: [None] * 2 for part in parts}, 0)}
    settings = load(repository / "params.yaml").finetune("aismec", "nb_bert")

    def judge(_, lines, records):
        assert list(records) == ["validation0", "validation1"]
        return {"selection": lines[0]["scores"][1], "validation": 0.5}

    worker = runs.Worker(repository, "aismec", settings, parts, encoded, judge)
    job = runs.Job("baseline", 1, 1, tmp_path / "baseline", tmp_path / "p.jsonl", settings.recipe)
    worker(job, lambda _: None)
    lines = read_jsonl(tmp_path / "p.jsonl")
    assert [line["part"] for line in lines] == [*["test"] * 2, *["validation"] * 2, *["test misspelled"] * 2]
    assert {line["scores"][1] for line in lines} == {best / 10}
