"""The configuration refuses what it does not know and gives each stage exactly what it may read."""

import copy
import datetime
import itertools
import re
from collections.abc import Iterator

import pytest
from ruamel.yaml import YAML

from harness.errors import ConfigError
from harness.objectives import OBJECTIVES
from harness.params import profiles
from harness.params import reading as parameters
from harness.params.arms import OPTIONAL


def values(name: str = "embedded") -> dict:
    return YAML(typ="safe", pure=True).load(profiles.text(name))


@pytest.mark.parametrize("name", profiles.names())
def test_every_profile_loads_whole_and_names_itself(name):
    params = parameters.parse(profiles.text(name)).everything()
    assert params.run.profile == name
    assert set(params.run.tasks) <= set(params.tasks)
    assert len(params.run.seeds) >= 5


def test_the_committed_parameters_load(repository):
    assert parameters.load(repository / "params.yaml").everything().run.tasks


def test_scientific_notation_is_a_number_as_it_is_for_dvc():
    assert parameters.parse(profiles.text("paper")).finetune("medmqp", "nb_bert").recipe.learning_rate == 2e-5


def set_at(tree: dict, path: str, value) -> dict:
    tree = copy.deepcopy(tree)
    *parents, last = path.split(".")
    node = tree
    for key in parents:
        node = node[key]
    node[last] = value
    return tree


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("tasks.medmqp.learning_rte", 1e-3, r"tasks\.medmqp\.learning_rte is not a setting.*'learning_rate'"),
        ("engin", {}, r"engin is not a setting.*'engine'"),
        ("tasks.medmqp.steps", "many", r"tasks\.medmqp\.steps must be a whole number, not 'many'\."),
        ("tasks.medmqp.steps", 10.5, r"tasks\.medmqp\.steps must be a whole number"),
        ("tasks.medmqp.steps", True, r"tasks\.medmqp\.steps must be a whole number, not true\."),
        ("tasks.medmqp.steps", 0, r"tasks\.medmqp\.steps must be 1 or more"),
        ("tasks.medmqp.learning_rate", "2e-5", r"learning_rate must be a number, not '2e-5'"),
        ("tasks.medmqp.learning_rate", float("nan"), r"learning_rate must be a finite number"),
        ("tasks.nor_deid.stride", 63, r"tasks\.nor_deid\.stride must be below max_length - 2"),
        ("statistics.level", 95, r"statistics\.level must be below 1, not 95"),
        ("statistics.margin", 2, r"statistics\.margin must be below 1, not 2"),
        ("statistics.primary", "linear", r"statistics\.primary must be one of control, baseline, not 'linear'"),
        ("cross_validation.folds.repeats", 10**9, r"cross_validation\.folds\.repeats must be at most 1,000"),
        ("robustness.kinds", ["nynorks"], r"robustness\.kinds\[0\] must be one of .*nynorsk, not 'nynorks'"),
        ("robustness.kinds", ["nynorsk", "nynorsk"], r"kinds\[0\] must be listed only once, not 'nynorsk'"),
        ("robustness.rate", 1.5, r"robustness\.rate must be below 1"),
        ("cross_validation.tasks", ["aismek"], r"cross_validation\.tasks\[0\] must be one of run\.tasks.*'aismec'"),
        ("tune", {"learning_rates": [1], "lengths": [1], "seeds": [1]}, r"tune\.seeds must be none of run\.seeds"),
        ("tune", {"learning_rates": [], "lengths": [1], "seeds": [9]}, r"tune\.learning_rates must be a list that"),
        ("tune", {"learning_rates": [1], "lengths": [1, 1], "seeds": [9]}, r"tune\.lengths must be a list that"),
        ("cross_validation.tasks", ["aismec", "aismec"], r"tasks\[0\] must be listed only once, not 'aismec'"),
        ("tasks.medmqp.steps", 10**12, r"tasks\.medmqp\.steps must be at most 100,000,000"),
        ("tasks.medmqp.batch", 10**9, r"tasks\.medmqp\.batch must be at most 1,000,000"),
        ("tasks.medmqp.patience", -1, r"tasks\.medmqp\.patience must be 0 or more"),
        ("tasks.medmqp.clip", 0.0, r"tasks\.medmqp\.clip must be above 0"),
        ("tasks.medmqp.weight_decay", -0.1, r"tasks\.medmqp\.weight_decay must be 0 or more"),
        ("families.nb_bert.learning_rate_factor", -1.0, r"learning_rate_factor must be above 0"),
        ("families.nb_bert.general.steps", 10**12, r"general\.steps must be at most 100,000,000"),
        ("families.nb_bert.encoder.layers", 0, r"families\.nb_bert\.encoder\.layers must be 1 or more"),
        ("families.nb_bert.encoder.vocabulary", 10**10, r"encoder\.vocabulary must be at most 10,000,000"),
        ("families.nb_bert.encoder.heads", 5, r"encoder\.hidden must be a multiple of heads \(5\), not 48"),
        ("families.nb_bert.encoder.dropout", 1.0, r"encoder\.dropout must be below 1"),
        ("engine.devices", 10**6, r"engine\.devices must be at most 4,096"),
        ("run.seeds", [1, 1, 2], r"seeds must be a list that is not empty and has no value twice, not \[1, 1, 2\]"),
        ("run.seeds", [1, -2], r"run\.seeds\[1\] must be 0 or more, not -2"),
        ("generate.seed", -1, r"generate\.seed must be 0 or more"),
        ("split.seed", 10**30, r"split\.seed must be at most 4,294,967,295"),
        ("families.nb_bert.general.seed", 10**30, r"general\.seed must be at most 4,294,967,295"),
        ("families.nb_bert.general.learning_rate", 10**9, r"general\.learning_rate must be at most 1"),
        ("families.nb_bert.learning_rate_factor", 1e308, r"learning_rate_factor must be at most 1,000"),
        ("families.nb_bert.baseline.source", [], r"baseline\.source must be one of build, hub, folder, not \[\]"),
        ("families.nb_bert.baseline.source", {}, r"baseline\.source must be one of build, hub, folder, not \{\}"),
        ("tasks.medmqp.learning_rate", 3.5, r"learning_rate must be at most 1, not 3\.5"),
        ("tasks.medmqp.learning_rate", 10**400, r"learning_rate must be a finite number"),
        ("run.seeds", [1, "2"], r"run\.seeds\[1\] must be a whole number"),
        ("run.tasks", ["medmqq"], r"run\.tasks\[0\] must be the name of a section under tasks, not 'medmqq'.*'medmqp'"),
        ("run.families", [], r"run\.families must be a list that is not empty"),
        ("engine.precision", "fp16", r"engine\.precision must be one of fp32, bf16.*Did you mean"),
        ("engine.precision", "bf16", r"engine\.precision must be fp32 if engine\.device is cpu"),
        ("engine.device", 3, r"engine\.device must be one of cpu, cuda"),
        ("split.test", 0.25, r"split must be three shares that add up to 1, not .*0\.25"),
        ("corpus.near_duplicate", 1.5, r"corpus\.near_duplicate must be at most 1"),
        ("corpus.near_duplicate", 0, r"corpus\.near_duplicate must be above 0"),
        ("corpus.overlap_n", 0, r"corpus\.overlap_n must be 1 or more"),
        ("corpus.replay", 1.0, r"corpus\.replay must be below 1"),
        ("corpus.replay", -0.1, r"corpus\.replay must be 0 or more"),
        ("corpus.allow_phi", "yes", r"corpus\.allow_phi must be true or false, not 'yes'"),
        ("corpus.allow_phi", {"genral": True}, r"a name in corpus\.allow_phi must be one of general, clinical"),
        ("corpus.allow_phi", {"general": True, "clinical": 1}, r"corpus\.allow_phi\.clinical must be true or false"),
        ("families.nb_bert.baseline", {"source": "hubb"}, r"baseline\.source must be one of build, hub, folder.*'hub'"),
        ("families.nb_bert.baseline", {"source": "folder"}, r"families\.nb_bert\.baseline\.path is missing"),
        ("families.nb_bert.baseline", "build", r"families\.nb_bert\.baseline must be a section"),
        ("families.nb_bert.adaptation", None, r"nb_bert\.adaptation must be a section if clinical is built"),
        ("families.nb_bert.general", None, r"nb_bert\.general must be a section if baseline is built here"),
        ("families.nb_bert.encoder.hiden", 3, r"encoder\.hiden is not a setting.*'hidden'"),
        ("families.Bad-Name", {}, r"a name in families must be small letters, digits and _ .*not 'Bad-Name'"),
        ("families.norbert3.general.recipe", "spam", r"general\.recipe must be one of .*mlm, mlm_nsp, span.*'span'"),
        ("families.norbert3.general.recipe", None, r"general\.recipe must be one of .*mlm, mlm_nsp, span"),
        ("families.norbert3.general.betas", [0.9], r"general\.betas must be two numbers, not \[0\.9\]"),
        ("families.norbert3.general.betas", [0.9, 1], r"general\.betas\[1\] must be below 1, not 1"),
        ("families.norbert3.general.betas", 0.9, r"general\.betas must be a list"),
        ("families.norbert3.general.eps", 0, r"general\.eps must be above 0, not 0"),
        ("families.norbert3.general.floor", 1.1, r"general\.floor must be at most 1"),
        ("families.norbert3.general.cooldown", -0.1, r"general\.cooldown must be 0 or more"),
        ("families.norbert3.general.cooldown_shape", "1-sqrt", r"general\.cooldown_shape must be one of linear, sqrt"),
        ("families.norbert3.general.schedule", "wsd", r"general\.schedule must be one of .*trapezoidal"),
        ("families.norbert3.general.mask_schedule", "square", r"general\.mask_schedule must be one of .*cosine"),
        ("families.norbert3.general.optimizer", "sgd", r"general\.optimizer must be one of adamw, stable_adamw"),
        ("families.norbert3.general.weight_decay", 250, r"general\.weight_decay must be below 250, not 250"),
        ("families.modernbert.general.head_weight_decay", 1, r"head_weight_decay must be below 1"),
        ("families.norbert3.general.clip", 0, r"general\.clip must be above 0"),
        ("families.norbert3.general.span_p", 1, r"general\.span_p must be below 1"),
        ("families.norbert3.general.span_p", None, r"general\.span_p must be a number, not null"),
        ("families.norbert3.general.span_modulus", 1, r"general\.span_modulus must be 2 or more"),
        ("families.nb_bert.general.short_rows", 1.1, r"general\.short_rows must be at most 1"),
        ("families.modernbert.general.short_rows", 0.1, r"short_rows must be 0 \(the recipe dynamic packs its rows"),
        ("families.modernbert.adaptation.recipe", "mlm_nsp", r"must be one that trains modernbert \(.*mlm, span\)"),
        ("families.nb_bert.general.recipe", "dynamic", r"recipe must be one that trains bert \(mlm, mlm_nsp, span\)"),
        ("families.nb_bert.general.span_q", 0.2, r"general\.span_q is not a setting"),
        ("families.norbert3.general.span_modulo", 3, r"general\.span_modulo is not a setting.*'span_modulus'"),
        ("families.norbert3.general.recipe", "mlm_nsp", r"span_p is a setting of the recipe span only"),
        ("families.nb_bert.general.span_p", 0.2, r"general\.span_p is a setting of the recipe span only"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(path, value, expected):
    with pytest.raises(ConfigError, match=expected) as caught:
        parameters.ParamsFile(set_at(values(), path, value)).everything()
    assert caught.value.remedy


@pytest.mark.parametrize("path", ["adaptation", "general"])
def test_what_a_recipe_leaves_out_is_as_published(path):
    """The numbers of the authors' own scripts and papers, written out a second time."""
    given = values()
    for key in ("span_p", "span_modulus"):  # the one setting that this profile states
        del given["families"]["norbert3"][path][key]
    families = parameters.ParamsFile(given).everything().families
    bert, ltg, modern = (getattr(families[name], path) for name in ("nb_bert", "norbert3", "modernbert"))
    assert (bert.optimizer, bert.betas, bert.eps, bert.clip) == ("adamw", (0.9, 0.999), 1e-6, 1.0)
    assert (bert.weight_decay, bert.head_weight_decay, bert.schedule, bert.floor) == (0.01, 0.01, "linear", 0.0)
    assert (ltg.optimizer, ltg.betas, ltg.eps, ltg.clip) == ("adamw", (0.9, 0.98), 1e-6, 2.0)
    assert (ltg.weight_decay, ltg.head_weight_decay, ltg.schedule, ltg.floor) == (0.1, 0.1, "cosine", 0.1)
    assert (ltg.mask_rate, ltg.mask_schedule, ltg.span_p, ltg.span_modulus) == (0.15, "constant", 1 / 3, 10)
    assert (modern.optimizer, modern.betas, modern.eps, modern.clip) == ("stable_adamw", (0.9, 0.98), 1e-6, None)
    assert (modern.weight_decay, modern.decay_with_rate, modern.mask_rate) == (1e-5, False, 0.3)
    assert (modern.schedule, modern.cooldown_shape, modern.floor) == ("trapezoidal", "sqrt", 0.0)
    assert (bert.short_rows, ltg.short_rows, modern.short_rows) == (0.1, 0.1, 0.0)


def test_the_paper_profile_changes_nothing_that_was_published():
    """Beside rates, sizes and the like it states no setting, so that each is its authors'."""
    for name, family in values("paper")["families"].items():
        stated = family["adaptation"] or {}
        assert not stated.keys() & {key for objective in OBJECTIVES.values() for key in objective.published}, name
    families = parameters.parse(profiles.text("paper")).everything().families
    warmups = {name: families[name].adaptation.warmup for name in ("nb_bert", "norbert3", "modernbert")}
    assert warmups == {"nb_bert": 0.01, "norbert3": 0.016, "modernbert": 0.0017}


def paths(tree, path: tuple = ()) -> Iterator[tuple]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from paths(value, (*path, key))


# Of every kind that YAML can make, and sections that are nearly right.
STRANGE = [
    None, True, -1, 10**400, "", "\ud800", [[]], {None: None}, {(1, 2): 3}, datetime.date(2026, 1, 1),
    {"source": "hub", "hub": 1}, {"recipe": []}, {"[key]": 1},
]  # fmt: skip


@pytest.mark.parametrize("value", STRANGE, ids=lambda value: ascii(value)[:12])
def test_whatever_stands_at_a_key_is_taken_or_told_of_in_words(value):
    given, refused = values(), 0
    for *parents, last in paths(values()):
        tree = copy.deepcopy(given)
        section = tree
        for key in parents:
            section = section[key]
        section[last] = value
        try:
            parameters.ParamsFile(tree).everything()
        except ConfigError as error:
            refused += 1
            # pydantic's own words begin so; those of the harness name the key, or the one that it does not fit.
            assert "Input should" not in error.message
            assert re.match(r"params\.yaml: (a name in )?[a-z_0-9]+[ .\[]", error.message), error.message
    assert refused > 100


def test_a_missing_key_is_named():
    tree = values()
    del tree["tasks"]["synergi"]["batch"]
    with pytest.raises(ConfigError, match=r"tasks\.synergi\.batch is missing"):
        parameters.ParamsFile(tree).everything()
    tree = values()
    del tree["families"]["norbert3"]["general"]["learning_rate"]
    with pytest.raises(ConfigError, match=r"families\.norbert3\.general\.learning_rate is missing"):
        parameters.ParamsFile(tree).everything()


def test_folds_do_not_test_on_what_the_task_arm_was_trained_on():
    tree = set_at(values(), "cross_validation.tasks", ["aismec"])
    assert parameters.ParamsFile(tree).everything().cross_validation.tasks == ("aismec",)
    # Without such an arm no encoder reads them.
    tree = set_at(tree, "corpus.training_texts_of", ["aismec"])
    parameters.ParamsFile(tree).everything()
    tree = set_at(tree, "families.nb_bert.task", True)
    with pytest.raises(ConfigError, match=r"tasks\[0\] must be none of corpus\.training_texts_of .*not 'aismec'"):
        parameters.ParamsFile(tree).everything()
    parameters.ParamsFile(set_at(tree, "cross_validation.tasks", ["medmqp"])).everything()


@pytest.mark.parametrize("arm", OPTIONAL)
def test_an_arm_beside_the_clinical_one_needs_what_trains_it(arm):
    tree = set_at(values(), "families.nb_bert.clinical", {"source": "folder", "path": "there"})
    tree = set_at(tree, "corpus.training_texts_of", ["nor_deid"])
    for other in OPTIONAL:
        tree = set_at(tree, f"families.nb_bert.{other}", other == arm)
    assert parameters.ParamsFile(tree).everything().families["nb_bert"].arms == ("baseline", "clinical", arm)
    untrained = set_at(tree, "families.nb_bert.adaptation", None)
    with pytest.raises(ConfigError, match=rf"nb_bert\.adaptation must be a section if {arm} is true"):
        parameters.ParamsFile(untrained).everything()
    unknown = set_at(set_at(tree, "families.elsewhere.architecture", "roberta"), f"families.elsewhere.{arm}", True)
    with pytest.raises(ConfigError, match=rf"elsewhere\.architecture must be one .* because the {arm} arm needs it"):
        parameters.ParamsFile(unknown).everything()


@pytest.mark.parametrize("texts_of", [[], ["elsewhere"]])
def test_a_task_arm_needs_a_task_of_the_run_to_read(texts_of):
    tree = set_at(set_at(values(), "families.nb_bert.task", True), "corpus.training_texts_of", texts_of)
    with pytest.raises(ConfigError, match=r"nb_bert\.task must be false if corpus\.training_texts_of names none"):
        parameters.ParamsFile(tree).everything()
    parameters.ParamsFile(set_at(tree, "run.families", ["norbert3", "modernbert"])).everything()


@pytest.mark.parametrize("revision", ["main", "v1.0", "95516b3", "95516B3DA81C28B2B29E1B8D575A6D9EED418669"])
def test_a_branch_name_is_refused_with_the_command_that_pins_it(revision):
    source = {"source": "hub", "repository": "ltg/norbert3-large", "revision": revision}
    with pytest.raises(ConfigError, match=r"must be a 40-digit commit, not") as caught:
        parameters.ParamsFile(set_at(values(), "families.norbert3.baseline", source)).everything()
    assert "harness pin ltg/norbert3-large" in caught.value.remedy


def test_texts_that_are_shown_hold_no_control_characters():
    """A reason stands in the checkpoint's card and on the terminal; it may be written over several lines."""
    folder = {"source": "folder", "path": "a", "despite_gate": "one\ntwo <b>\n"}
    tree = set_at(values(), "families.norbert3.baseline", folder)
    assert parameters.ParamsFile(tree).everything().families["norbert3"].baseline.despite_gate == "one\ntwo <b>\n"
    for path, text in (("families.norbert3.baseline.despite_gate", "\x1b[31mred"), ("run.profile", "a\u202eb")):
        with pytest.raises(
            ConfigError, match=rf"{re.escape(path)} must be plain characters \(it contains the control character U\+"
        ) as caught:
            parameters.ParamsFile(set_at(tree, path, text)).everything()
        assert all(line.isprintable() for line in str(caught.value).splitlines())


@pytest.mark.parametrize("text", ["run: [", "!!python/object/apply:os.system ['true']", "a: 1\na: 2\n", "", "- 1"])
def test_broken_yaml_is_refused(text):
    with pytest.raises(ConfigError):
        parameters.parse(text).everything()


def pipeline_stages(repository) -> dict:
    return YAML(typ="safe", pure=True).load((repository / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


def listed(stage: dict, item) -> list[str]:
    """The stage's parameter paths, with `${item}` and `${item.key}` filled in."""
    body = stage.get("do", stage)

    def fill(match: re.Match) -> str:
        return item if match[1] == "item" else item[match[1].split(".")[1]]

    return [re.sub(r"\$\{([^}]+)\}", fill, path) for path in body.get("params", [])]


def only(tree: dict, paths: list[str]) -> dict:
    """A copy of `tree` with nothing but `paths`."""
    kept: dict = {}
    for path in paths:
        source, target = tree, kept
        *parents, last = path.split(".")
        for key in parents:
            source, target = source[key], target.setdefault(key, {})
        target[last] = source[last]
    return kept


@pytest.mark.parametrize("profile", profiles.names())
def test_each_stage_lists_exactly_the_parameters_it_reads(repository, profile):
    """Settings made from the listed parameters alone equal those made from the whole file, and without
    any one of them the settings cannot be made: nothing is missing from the list, nothing superfluous.
    """
    tree = values(profile)
    stages = pipeline_stages(repository)
    family, task = tree["run"]["families"][0], tree["run"]["tasks"][0]
    readers = {
        "generate": (None, lambda p: p.generate()),
        "split": (task, lambda p: p.split()),
        "corpus": (None, lambda p: p.corpus()),
        "checkpoint": (family, lambda p: p.checkpoint(family)),
        "pretrain": (family, lambda p: p.pretrain(family)),
        "finetune": ({"task": task, "family": family}, lambda p: p.finetune(task, family)),
        "crossvalidate": ({"task": task, "family": family}, lambda p: p.crossvalidate(task, family)),
        "score_folds": (task, lambda p: p.score_folds()),
        "score": ({"task": task, "family": family}, lambda p: p.score()),
        "report": (None, lambda p: p.report()),
        "track": (None, lambda p: p.report()),
    }
    assert set(readers) == {name for name, stage in stages.items() if stage.get("do", stage).get("params")}
    for name, (item, read) in readers.items():
        paths = listed(stages[name], item)
        assert read(parameters.ParamsFile(only(tree, paths))) == read(parameters.ParamsFile(tree)), name
        for left_out in paths:
            with pytest.raises(ConfigError):
                read(parameters.ParamsFile(only(tree, [path for path in paths if path != left_out])))


def test_one_tasks_learning_rate_changes_only_that_tasks_settings():
    before, after = values(), set_at(values(), "tasks.medmqp.learning_rate", 0.5)
    for task, family in itertools.product(before["run"]["tasks"], before["run"]["families"]):
        settings = [parameters.ParamsFile(tree).finetune(task, family) for tree in (before, after)]
        same = settings[0] == settings[1]
        assert same == (task != "medmqp")


@pytest.mark.parametrize(("source", "refused"), [("build", True), ("folder, path: there", False)])
def test_a_batch_is_divided_over_devices_where_something_is_trained(source, refused):
    text = profiles.text("embedded").replace("devices: 1", "devices: 3")
    asked = parameters.parse(text.replace("baseline: {source: build}", f"baseline: {{source: {source}}}"))
    if refused:
        # It is a matter of the command that trains, and no other one stops for it.
        assert asked.everything().engine.devices == 3
        with pytest.raises(ConfigError, match=r"families\.nb_bert\.general\.effective_batch"):
            asked.checkpoint("nb_bert")
    else:
        assert asked.checkpoint("nb_bert").pretraining


def test_a_profiles_name_is_that_of_an_experiment():
    given = values()
    given["run"]["profile"] = "a" * 200
    assert parameters.ParamsFile(given).everything().run.profile == "a" * 200
    given["run"]["profile"] = "a" * 201
    with pytest.raises(ConfigError, match=r"run\.profile must be at most 200 characters"):
        parameters.ParamsFile(given).everything()
