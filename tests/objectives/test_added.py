"""An objective that nobody knew, added by one file: it is read from `params.yaml`, trained, and depended on."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from harness.pipeline import code, code_lists

OBJECTIVE = '''"""Replaced-token detection (after ELECTRA, Clark et al. 2020): which tokens were exchanged?"""

from dataclasses import dataclass

from harness.objectives.mlm import BERT
from harness.objectives.objective import Objective
from harness.text.bio import IGNORED
from harness.objectives.settings import BetweenZeroAndOne, Pretraining


@dataclass(frozen=True)
class Replacing(Pretraining):
    replace_rate: BetweenZeroAndOne


class ReplacedTokens(Objective):
    def batch(self, setup, rows, now, generator):
        import torch

        from harness.objectives.common.windows import padded

        inputs, v = padded(rows, setup.vocabulary), setup.vocabulary
        ids = inputs["input_ids"]
        drawn = v.replacements[torch.randint(len(v.replacements), ids.shape, generator=generator)]
        chosen = v.maskable(ids) & (torch.rand(ids.shape, generator=generator) < setup.settings.replace_rate)
        inputs["input_ids"] = torch.where(chosen, drawn, ids)
        return inputs, {"replaced": torch.where(v.maskable(ids), (inputs["input_ids"] != ids).long(), IGNORED)}

    def layers(self, config):
        import torch

        return torch.nn.Linear(config.hidden_size, 1)

    def losses(self, output, targets, heads):
        import torch

        asked = targets["replaced"] != IGNORED
        logits = heads.own(output.last_hidden_state[asked]).squeeze(-1).float()
        wanted = targets["replaced"][asked].float()
        return {"replaced": torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted, reduction="sum")}


replaced = ReplacedTokens(
    name="replaced",
    settings=Replacing,
    published={**{key: value for key, value in BERT.items() if "mask" not in key}, "replace_rate": 0.15},
)
'''
READ = """
import sys
from harness.params import profiles
from harness.params import reading as params
from harness.errors import ConfigError

text = profiles.text("embedded").replace("span, span_p: 0.5, span_modulus: 3", "replaced, replace_rate: 0.3")
recipe = params.parse(text).checkpoint("norbert3").pretraining
assert not {"torch", "numpy"} & set(sys.modules)

def refused(old, new):
    try:
        params.parse(text.replace(old, new)).everything()
    except ConfigError as error:
        return f"{error.message} {error.remedy}"

print(refused("replace_rate: 0.3", "replace_rate: 2"))
print(refused("replace_rate", "replace_rte"))
print(refused("recipe: replaced", "recipe: replacd"))
print(refused("recipe: mlm_nsp", "recipe: mlm_nsp, replace_rate: 0.3"))
"""
TRAIN = (
    READ
    + """
import dataclasses, json
from pathlib import Path

import tiny_training
from harness.training.pretrain.loop import Losses

small = dataclasses.replace(recipe, steps=150, effective_batch=16, device_batch=8, length=24, save_steps=50)
states, found = Path(sys.argv[1]), {}
for architecture in ("norbert3", "bert", "modernbert"):
    seen = []
    class Watching(tiny_training.Observer):
        def update(self, step, values):
            seen.append(values)
    weights, result = tiny_training.trained(architecture, small, states / architecture, observer=Watching())
    found[architecture] = {"losses": [v["loss"] for v in seen], "told": sorted(seen[0]), "weights": sorted(weights)}
    again, _ = tiny_training.trained(architecture, small, states / architecture)  # goes on from the state after 100
    found[architecture]["again"] = all((again[name] == value).all().item() for name, value in weights.items())
print(json.dumps(found))
"""
)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A copy of the package with one more file."""
    target = tmp_path_factory.mktemp("added") / "harness"
    shutil.copytree(code.PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__"))
    (target / "objectives" / "replaced.py").write_text(OBJECTIVE, encoding="utf-8")
    return target


def run(package, *command) -> list[str]:
    here = os.path.dirname(os.path.dirname(__file__))
    environment = {**os.environ, "PYTHONPATH": f"{package.parent}{os.pathsep}{here}"}
    done = subprocess.run(
        [sys.executable, "-c", *command], env=environment, capture_output=True, text=True, cwd=package.parent
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_its_settings_are_read_and_refused_as_others_are(package):
    at = "params.yaml: families.norbert3.general"
    out_of_range, misspelt, unknown, others = run(package, READ)
    assert out_of_range.startswith(f"{at}.replace_rate must be below 1, not 2. Correct ")
    assert misspelt.startswith(f"{at}.replace_rte is not a setting. Did you mean 'replace_rate'? Valid here: recipe, ")
    assert unknown.startswith(f"{at}.recipe must be one of dynamic, mlm, mlm_nsp, replaced, span, not 'replacd'")
    assert "Did you mean 'replaced'?" in unknown
    assert "nb_bert.general.replace_rate is a setting of the recipe replaced only." in others


@pytest.mark.parametrize(("file", "called"), [("other", "replaced"), ("replaced", "other")])
def test_an_objective_that_is_not_called_as_its_file_is_refused(package, file, called):
    """By its name its file is found, and with it what a checkpoint depends on."""
    root, place = package.parent, package / "objectives" / f"{file}.py"
    shutil.copy(code.PACKAGE.parent / "params.yaml", root / "params.yaml")
    aside = (package / "objectives" / "replaced.py").rename(root / "aside.py")
    place.write_text(OBJECTIVE.replace('name="replaced"', f'name="{called}"'), encoding="utf-8")
    try:
        command = [sys.executable, "-m", "harness", "pretrain", "norbert3"]
        environment = {**os.environ, "PYTHONPATH": str(root)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=root)
    finally:
        place.unlink()
        aside.rename(package / "objectives" / "replaced.py")
    assert done.returncode == 1 and done.stderr == (
        f"harness: harness/objectives/{file}.py defines an objective of another name, '{called}'.\n"
        f"Rename the objective to '{file}', or the file to {called}.py.\n"
    )


def test_one_file_is_an_objective(package, tmp_path):
    """The loss of a guess by frequency alone is .61 nats at 30 %."""
    found = json.loads(run(package, TRAIN, str(tmp_path))[-1])
    for architecture, told in found.items():
        losses = told["losses"]
        assert len(losses) == 150 and sum(losses[-20:]) / 20 < 0.5 < sum(losses[:20]) / 20, architecture
        assert told["told"] == ["learning_rate", "loss", "tokens"]
        assert not any("own" in name for name in told["weights"]) and told["again"]


def test_only_what_is_trained_by_it_depends_on_it(package):
    """No list of a stage or a family that does without it is another than before the file was added."""
    root = package.parent
    shutil.copy(code.PACKAGE.parent / "params.yaml", root / "params.yaml")
    text = (root / "params.yaml").read_text(encoding="utf-8")
    with_it = code_lists.listings(root)
    (package / "objectives" / "replaced.py").rename(root / "aside.py")
    try:
        assert code_lists.listings(root) == with_it
    finally:
        (root / "aside.py").rename(package / "objectives" / "replaced.py")
    replaced = text.replace("span, span_p: 0.5, span_modulus: 3", "replaced, replace_rate: 0.3")
    (root / "params.yaml").write_text(replaced, encoding="utf-8")
    now = code_lists.listings(root)
    changed = {path for path in now if now[path] != with_it[path]}
    assert changed == {f"pipeline/families/norbert3/{stage}.txt" for stage in ("checkpoint", "pretrain")}
    assert all("objectives/replaced.py" in now[path] and "span.py" not in now[path] for path in changed)
