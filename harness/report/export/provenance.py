"""`provenance.json`: the hashes that every reported row was made from.

`provenance.json` is in git and belongs to the tables, so it holds what is the same wherever the
pipeline is run: a checkpoint's lineage (its card without what was measured), and the decisions of a
prediction file. The bits of weights, and with them the last digits of scores behind a decision,
differ between processors; their hashes stand in `artifacts/report.json`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.artifacts.runs import file_name
from harness.pipeline import code_lists
from harness.report.model.results import AGAINST, Comparison
from harness.system import files

# What training measured or a machine has installed, and the parent's bytes, which its own lineage stands for.
MEASURED = ("losses", "held_out", "held_out_loss", "libraries", "parent", "page")


def lineage(card: Mapping, tokenizer: str | None, parent: str | None) -> str:
    """Hash of how a checkpoint was made: source, recipe, corpora, tokenizer, parent."""
    made = {key: value for key, value in card.items() if key not in MEASURED}
    return files.sha256_value({"card": made, "tokenizer": tokenizer, "parent": parent})


def lineages(cards: Mapping[tuple[str, str], Mapping], tokenizers: Mapping[tuple[str, str], str | None]) -> dict:
    """(family, arm) → lineage; an arm that was trained on from the baseline includes the baseline's."""
    found: dict[tuple[str, str], str] = {}
    for family, arm in sorted(cards, key=lambda key: (key[1] != AGAINST, key)):
        card = cards[family, arm]
        parent = found.get((family, AGAINST)) if card.get("parent") else None
        found[family, arm] = lineage(card, tokenizers.get((family, arm)), parent)
    return found


def rows(comparisons: list[Comparison], lineages: Mapping, tokenizers: Mapping, code: Mapping) -> dict:
    """`provenance.json`: what each row of `results.csv` and `comparison.csv` rests on.

    `lineages` and `tokenizers` map (family, arm) to hashes, `code` a task to the hash of the code that
    made its numbers.
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
            metrics = [m if part == "test" else f"{part}_{m}" for part in c.parts for m in c.metrics]
            results.append(
                shared
                | {"arm": arm, "seed": seed, "metrics": metrics, "predictions": hashes[arm, seed]}
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
    """What the rows of `simple_baselines.csv` rest on: one entry per task."""
    linear = {c.task: c.linear for c in comparisons if c.linear}
    return [
        {
            "task": task,
            "system": c.arms[0],
            "metrics": [m if part == "test" else f"{part}_{m}" for part in c.parts for m in c.metrics],
            "data": c.inputs["records"],
            "split_manifest": c.inputs["manifest"],
            "parameters": files.sha256_value(c.provenance["settings"]),
            "code": code[task],
            "predictions": c.inputs["decisions"],
        }
        for task, c in linear.items()
    ]


def parameters(c: Comparison) -> str:
    """Hash of the recipe and engine both arms were trained with, and of the seeds."""
    made = {key: c.provenance.get(key) for key in ("recipe", "engine")}
    if "tuned" in c.provenance:
        made["tuned"] = c.provenance["tuned"]
    return files.sha256_value(made | {"seeds": list(c.seeds)})


def exact(comparisons: Iterable) -> dict:
    """`artifacts/report.json`: the hashes of the very files behind the numbers, and the libraries."""
    found = {
        f"{c.task}/{c.family}": {
            "predictions": c.inputs["predictions"],
            "checkpoints": (c.provenance.get("inputs") or {}).get("checkpoints"),
            "libraries": c.provenance.get("libraries"),
        }
        for c in comparisons
    }
    linear = {c.task: c.linear for c in comparisons if c.linear}
    keys = {task: {"predictions": c.inputs["predictions"], **c.provenance} for task, c in linear.items()}
    return found | {"linear": keys}


def tokenizer_hash(folder: Path) -> str | None:
    """One hash over a checkpoint's tokenizer files."""
    names = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json", "merges.txt")
    present = [name for name in names if (folder / name).is_file()]
    return files.sha256_value({name: files.sha256(folder / name) for name in present}) if present else None


def code_hash(task: str, lists: Mapping[str, str]) -> str:
    """SHA-256 over the names and hashes of those of `lists` that concern a task: of all stages' code, and its own."""
    digest = hashlib.sha256()
    for name, content in lists.items():
        if code_lists.concerns(name, task):
            digest.update(f"{name}\0{content}\n".encode())
    return digest.hexdigest()
