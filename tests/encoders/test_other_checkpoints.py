"""Other people's checkpoints: by three lines in params.yaml to fine-tuned predictions; damaged ones named."""

import json

import pytest
import torch
from other_checkpoints import PUBLISHED, SIZES, publish
from ruamel.yaml import YAML
from safetensors.torch import load_file
from tiny_encoders import TEXTS, imported

from harness.encoders import families
from harness.errors import CheckpointError, ConfigError
from harness.heads import HEADS
from harness.params import profiles
from harness.params.config import TRAINED
from harness.params.reading import ParamsFile
from harness.plugins import registry
from harness.stages import checkpoint, finetune, pretrain
from harness.system import files

TASK_OF = {"sequence": "aismec", "pair": "medmqp", "choice": "medmcqa", "tokens": "nor_deid"}
# Every head for two of them, for the others one.
TRIED = [
    *(("roberta", head) for head in TASK_OF),
    *(("deberta-v2", head) for head in TASK_OF),
    ("bert", "pair"),
    ("xlm-roberta", "tokens"),
    ("electra", "choice"),
    ("modernbert", "sequence"),
]


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A folder of each architecture, made when it is asked for."""
    made = {}

    def of(architecture: str, seed: int = 1):
        if (architecture, seed) not in made:
            folder = tmp_path_factory.mktemp(f"{architecture}-{seed}")
            made[architecture, seed] = publish(architecture, folder, seed)
        return made[architecture, seed]

    return of


def parameters(repository, task: str, change) -> ParamsFile:
    text = profiles.text("embedded")
    values = YAML(typ="safe", pure=True).load(text)
    values["run"]["seeds"] = [1]
    values["tasks"][task].update(steps=2, evaluate_every=2, batch=4, max_length=48, stride=4)
    if task != "nor_deid":
        values["tasks"][task]["stride"] = 0
    change(values)
    params = ParamsFile(values)
    params.everything()
    return params


def records(head: str) -> list[dict]:
    rows = []
    for i in range(12):
        row = {"id": f"r{i:02}", "group": f"g{i}", "part": "pool"}
        text, other = TEXTS[i % 5], TEXTS[(i + 1) % 5]
        if head == "choice":
            row |= {"question": text, "options": [w * 2 for w in other.split()[:4]], "label": "ABCD"[i % 4]}
        elif head == "tokens":
            word = next(word for word in text.split() if word[0].isupper())
            span = {"start": text.index(word), "end": text.index(word) + len(word), "label": "First_Name"}
            row |= {"text": f"{text} {other}", "spans": [span]}
        else:
            row |= {"text": text, "label": (("other", "stroke") if head == "sequence" else "01")[i % 2]}
            row |= {"text_pair": other} if head == "pair" else {}
        rows.append(row)
    return rows


def carried_out(root, repository, family: str, head: str, params: ParamsFile) -> list[dict]:
    """The stages from the two checkpoints to predictions; the lines of the clinical arm."""
    name = TASK_OF[head]
    root.mkdir(exist_ok=True)
    (root / "tasks").symlink_to(repository / "tasks")
    rows = records(head)
    files.write_jsonl(root / "artifacts" / "validated" / name / "records.jsonl", rows)
    splits = {row["id"]: ("train", "train", "test", "validation")[i % 4] for i, row in enumerate(rows)}
    files.write_json(root / "reports" / "splits" / f"{name}.json", {"splits": splits})
    checkpoint.run(root, family, params.checkpoint(family))
    pretrain.run(root, family, params.pretrain(family))
    finetune.run(root, registry.get(root, name), family, params.finetune(name, family))
    folder = root / "artifacts" / "predictions" / name / family
    lines = {arm: files.read_jsonl(folder / f"{arm}-seed1.jsonl") for arm in ("baseline", "clinical")}
    assert all(len(found) == 6 for found in lines.values())
    assert [line.get("scores") for line in lines["baseline"]] != [line.get("scores") for line in lines["clinical"]] or (
        head == "tokens"
    )
    return lines["clinical"]


@pytest.mark.parametrize(("architecture", "head"), TRIED)
def test_three_lines_make_a_further_family(architecture, head, published, repository, tmp_path):
    def change(values):
        section = values["families"]["elsewhere"]
        section["architecture"] = architecture
        for seed, arm in ((1, "baseline"), (2, "clinical")):
            section[arm] = {"source": "folder", "path": str(published(architecture, seed))}
        values["run"]["families"] = ["nb_bert", "elsewhere"]

    params = parameters(repository, TASK_OF[head], change)
    lines = carried_out(tmp_path, repository, "elsewhere", head, params)
    if head == "tokens":
        assert all(0 <= a < b <= line["length"] for line in lines for a, b, _ in line["prediction"])
        # Gold is that of the records for every tokenizer.
        assert all(line["gold"] for line in lines)
    else:
        assert all(sum(line["scores"]) == pytest.approx(1, abs=1e-5) for line in lines)
    runs = files.read_json(tmp_path / "artifacts" / "predictions" / TASK_OF[head] / "elsewhere" / "runs.json")
    assert runs["treatment"]["attention"] == ("eager" if architecture == "deberta-v2" else "sdpa")


def test_the_lines_of_the_page_on_checkpoints_are_enough(published, repository, tmp_path):
    page = (repository / "docs" / "checkpoints.md").read_text(encoding="utf-8")
    block = page.split("## Compare existing checkpoints")[1].split("```yaml")[1].split("```")[0]
    (tmp_path / "models").mkdir()
    for seed, name in ((1, "xlm-roberta-base"), (2, "xlm-roberta-klinisk")):
        (tmp_path / "models" / name).symlink_to(published("xlm-roberta", seed))

    def change(values):
        said = YAML(typ="safe", pure=True).load(block.replace("/models/", f"{tmp_path}/models/"))
        values["run"].update(said["run"])
        values["families"]["elsewhere"].update(said["families"]["elsewhere"])
        assert len(said["families"]["elsewhere"]) == 3

    carried_out(tmp_path, repository, "elsewhere", "sequence", parameters(repository, "aismec", change))


@pytest.mark.parametrize("architecture", ["bert", "modernbert"])
def test_a_checkpoint_with_another_tokenizer_is_an_arm_of_a_family(architecture, published, repository, tmp_path):
    """The clinical arm was trained elsewhere, with a vocabulary of its own."""
    other = publish(architecture, tmp_path / "other", 3)
    state = load_file(other / "model.safetensors")
    family = {"bert": "nb_bert", "modernbert": "modernbert"}[architecture]

    def change(values):
        values["families"][family]["baseline"] = {"source": "folder", "path": str(published(architecture))}
        values["families"][family]["clinical"] = {"source": "folder", "path": str(other)}
        values["families"][family]["control"] = False

    # Words of its own, and none of the baseline's ids mean the same.
    tokenizer = json.loads((other / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary = tokenizer["model"]["vocab"]
    plain = [token for token in vocabulary if vocabulary[token] >= 5]
    turned = dict(zip(plain, reversed([vocabulary[token] for token in plain]), strict=True))
    tokenizer["model"]["vocab"] = vocabulary | turned
    (other / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    carried_out(tmp_path / "root", repository, family, "sequence", parameters(repository, "aismec", change))
    made = tmp_path / "root" / "artifacts" / "checkpoints" / family / "clinical"
    assert load_file(made / "model.safetensors").keys() == state.keys()
    ids = [families.load_tokenizer(made.parent / arm)("Pasienten").input_ids for arm in ("baseline", "clinical")]
    assert ids[0] != ids[1]


@pytest.mark.parametrize("architecture", sorted(PUBLISHED))
def test_padding_and_neighbours_change_nothing(architecture, published, tmp_path):
    imported(published(architecture), architecture, tmp_path / "arm")
    tokenizer = families.load_tokenizer(tmp_path / "arm")
    torch.manual_seed(1)
    model = families.load_head(tmp_path / "arm", architecture, HEADS["sequence"], ("a", "b"), "sdpa", 0.0)
    with torch.no_grad():
        alone = model(**tokenizer([TEXTS[0][:20]], return_tensors="pt")).logits
        beside = model(**tokenizer([TEXTS[0][:20], TEXTS[1][:50]], padding=True, return_tensors="pt")).logits
    assert torch.allclose(alone[0], beside[0], atol=1e-5)


@pytest.mark.parametrize("architecture", sorted(PUBLISHED))
def test_more_tokens_than_it_has_positions_are_refused_before_training(architecture, published, tmp_path):
    imported(published(architecture), architecture, tmp_path / "arm")
    positions = SIZES["max_position_embeddings"]
    longest = {"bert": positions, "electra": positions, "roberta": positions - 1, "xlm-roberta": positions - 1}
    given = ([tmp_path / "arm"], architecture, HEADS["sequence"], ("a", "b"), "sdpa")
    if architecture not in longest:  # relative positions have no end
        families.preload(*given, 5000)
        return
    families.preload(*given, longest[architecture])
    with pytest.raises(CheckpointError, match=f"at most {longest[architecture]} tokens") as caught:
        families.preload(*given, longest[architecture] + 1)
    assert "max_length" in caught.value.remedy


def cut(path):
    path.write_bytes(path.read_bytes()[:-200])


def without(path, key):
    values = json.loads(path.read_text(encoding="utf-8"))
    del values[key]
    path.write_text(json.dumps(values), encoding="utf-8")


def pickled(folder):
    class Evil:
        def __reduce__(self):
            return (print, ("executed",))

    (folder / "model.safetensors").unlink()
    torch.save({"weight": Evil()}, folder / "pytorch_model.bin")


DAMAGES = {
    "truncated weights": (lambda f: cut(f / "model.safetensors"), "model.safetensors", "anew"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "model.safetensors or pytorch_model.bin", "Copy"),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "tokenizer.json", "save_pretrained"),
    "a torn tokenizer": (lambda f: cut(f / "tokenizer.json"), "tokenizer.json", "anew"),
    "no config": (lambda f: (f / "config.json").unlink(), "config.json is missing", "Copy"),
    "a config without architecture": (lambda f: without(f / "config.json", "model_type"), "config.json", "model_type"),
    "a pickle with code": (pickled, "pytorch_model.bin", "safetensors"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_or_missing_is_named_with_its_file(damage, published, tmp_path, capsys):
    import shutil

    folder = shutil.copytree(published("roberta"), tmp_path / "theirs")
    harm, named, remedy = DAMAGES[damage]
    harm(folder)
    with pytest.raises(CheckpointError) as caught:
        imported(folder, "roberta", tmp_path / "arm")
    assert named in caught.value.message and str(folder) in caught.value.message
    assert remedy in caught.value.remedy
    assert "executed" not in capsys.readouterr().out and not (tmp_path / "arm").exists()


def test_what_is_not_trained_here_is_refused_as_an_arm_to_train(repository):
    def change(values):
        values["families"]["nb_bert"]["architecture"] = "roberta"

    with pytest.raises(ConfigError, match=r"architecture must be one that can be trained here .* not 'roberta'") as no:
        parameters(repository, "aismec", change)
    assert all(name in no.value.message for name in TRAINED) and "existing checkpoints" in no.value.remedy
