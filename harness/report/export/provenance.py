"""Collect the hashes of everything that the reported numbers were made from, for `provenance.json` and
`artifacts/report.json`.

`provenance.json` is in git with the tables, so it has only hashes that are the same on every computer: the lineage of a
checkpoint (a hash of its card without measurements), and the hash of the decisions in a prediction file. The bits of
weights, and the last digits of the scores behind a decision, differ between processors. The hashes of the files with
these bits and digits are in `artifacts/report.json`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.artifacts.runs import file_name
from harness.params.arms import BASELINE
from harness.pipeline import code_lists
from harness.report.model.results import Comparison, column
from harness.system import files

# Card fields with measurements, installed libraries, and the parent's bytes, which the parent's lineage replaces.
MEASURED = ("losses", "held_out", "libraries", "parent", "page")


def lineage(card: Mapping, tokenizer: str | None, parent: str | None) -> str:
    """The hash of how a checkpoint was made: its source, recipe, corpora, tokenizer and parent. Measurements in the
    `card` of the checkpoint do not enter the hash.

    `tokenizer` is the hash of the tokenizer files, or None without such files. `parent` is the lineage of the
    checkpoint from which this checkpoint was trained further, or None if it was not trained from another one.
    """
    made = {key: value for key, value in card.items() if key not in MEASURED}
    return files.sha256_value({"card": made, "tokenizer": tokenizer, "parent": parent})


def lineages(cards: Mapping[tuple[str, str], Mapping], tokenizers: Mapping[tuple[str, str], str | None]) -> dict:
    """The lineage (a hash of how a checkpoint was made) by (family, name of an encoder). The lineage of an arm that was
    trained from the baseline includes the lineage of the baseline. `cards` and `tokenizers` have the same keys."""
    found: dict[tuple[str, str], str] = {}
    for family, arm in sorted(cards, key=lambda key: (key[1] != BASELINE, key)):
        card = cards[family, arm]
        parent = found.get((family, BASELINE)) if card.get("parent") else None
        found[family, arm] = lineage(card, tokenizers.get((family, arm)), parent)
    return found


def rows(comparisons: list[Comparison], lineages: Mapping, tokenizers: Mapping, code: Mapping) -> dict:
    """The hashes behind each row of three CSV files, for `provenance.json`. The keys of the result are "linear"
    (`simple_baselines.csv`), "comparison" (`comparison.csv`) and "results" (`results.csv`), each with a list of
    entries.

    `lineages` and `tokenizers` map (family, name of an encoder) to hashes. `code` maps a task to the hash of the code
    that made its numbers.
    """
    results, comparison = [], []
    for c in comparisons:
        shared = {
            "task": c.task,
            "family": c.family,
            "data": c.inputs["records"],
            "split_manifest": c.inputs["manifest"],
            "parameters": parameters(c),
            "code": code[c.task],
        }
        encoders = dict.fromkeys(c.encoder(arm, seed) for arm in c.arms for seed in c.seeds)
        made = {encoder: lineages.get((c.family, encoder)) for encoder in encoders}
        tokens = {encoder: tokenizers.get((c.family, encoder)) for encoder in encoders}
        names = {(arm, seed): file_name(arm, seed) for arm in c.arms for seed in c.seeds}
        hashes = {key: c.inputs["decisions"][name] for key, name in names.items()}
        for arm, seed in names:
            results.append(
                shared
                | {"arm": arm, "seed": seed, "metrics": _columns(c), "predictions": hashes[arm, seed]}
                | {"checkpoint": made[c.encoder(arm, seed)], "tokenizer": tokens[c.encoder(arm, seed)]}
            )
        comparison += [
            shared
            | {"against": against, "metric": c.primary, "checkpoints": made, "tokenizers": tokens}
            | {"predictions": {names[key]: value for key, value in hashes.items()}}
            for against in c.others
        ]
    return {"linear": linear(comparisons, code), "comparison": comparison, "results": results}


def linear(comparisons: list[Comparison], code: Mapping) -> list[dict]:
    """The hashes behind the rows of `simple_baselines.csv`, one entry per task with a linear model. `code` maps a task
    to the hash of the code that made its numbers."""
    linear = {c.task: c.linear for c in comparisons if c.linear}
    return [
        {
            "task": task,
            "system": c.arms[0],
            "metrics": _columns(c),
            "data": c.inputs["records"],
            "split_manifest": c.inputs["manifest"],
            "parameters": files.sha256_value(c.provenance["settings"]),
            "code": code[task],
            "predictions": c.inputs["decisions"],
        }
        for task, c in linear.items()
    ]


def _columns(c: Comparison) -> list[str]:
    return [column(part, metric) for part in c.parts for metric in c.metrics]


def parameters(c: Comparison) -> str:
    """The hash of the recipe (and each arm's tuned recipe), the engine settings and the seeds of a comparison."""
    made = {key: c.provenance.get(key) for key in ("recipe", "engine")}
    if "tuned" in c.provenance:
        made["tuned"] = c.provenance["tuned"]
    return files.sha256_value(made | {"seeds": list(c.seeds)})


def exact(comparisons: Iterable) -> dict:
    """The hashes of the exact files behind the numbers, by "TASK/FAMILY". Each entry has the hashes of prediction files
    by name (`predictions`), the hashes of encoders (`checkpoints`) and the versions of libraries (`libraries`).

    `comparisons` are Comparison or CrossValidated objects.
    """
    return {
        f"{c.task}/{c.family}": {
            "predictions": c.inputs["predictions"],
            "checkpoints": (c.provenance.get("inputs") or {}).get("checkpoints"),
            "libraries": c.provenance.get("libraries"),
        }
        for c in comparisons
    }


def exact_linear(comparisons: Iterable[Comparison]) -> dict:
    """The hashes of the exact prediction files of the linear models, with library versions and chosen settings, by
    task."""
    linear = {c.task: c.linear for c in comparisons if c.linear}
    return {task: {"predictions": c.inputs["predictions"], **c.provenance} for task, c in linear.items()}


def tokenizer_hash(folder: Path) -> str | None:
    """One SHA-256 over all tokenizer files in the `folder` of a checkpoint, or None if the folder has no such file."""
    names = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json", "merges.txt")
    present = [name for name in names if (folder / name).is_file()]
    return files.sha256_value({name: files.sha256(folder / name) for name in present}) if present else None


def code_hash(task: str, lists: Mapping[str, str]) -> str:
    """The SHA-256 over all code that can change the numbers of a task: the code of every stage, and the code of the
    task itself.

    `lists` maps the path of each code list (`harness.pipeline.code_lists`) to its hash. A code list names the files
    that a stage or a task depends on.
    """
    digest = hashlib.sha256()
    for name, content in lists.items():
        if code_lists.concerns(name, task):
            digest.update(f"{name}\0{content}\n".encode())
    return digest.hexdigest()
