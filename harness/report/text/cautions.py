"""Write the cautions of the report: conclusions that a reader must not draw, because of how the numbers were made."""

from harness.params.arms import BASELINE
from harness.report.model.judging import scope
from harness.report.model.results import Comparison, family_title
from harness.report.text import formats
from harness.report.text.checkpoints import BUILT, in_common, source_kind
from harness.text.escaping import plain

SMALL_TEST = 100  # rows
CHANCE = 0.05  # an arm at most this far above the best constant answer is near chance, on a scale of 0 to 1
# Public encoders that were not made for Norwegian, by the beginning of their names on the hub.
OTHER_LANGUAGES = {"answerdotai/ModernBERT": "English", "sentence-transformers/all-MiniLM": "English"}


def cautions(comparisons: list[Comparison], checkpoints: dict[tuple[str, str], dict]) -> tuple[str, ...]:
    """The cautions of the report. Each is a text that continues the sentence "You must not conclude". `checkpoints`
    maps (family, name of an encoder) to the card of the checkpoint."""
    items = [
        *_data(comparisons),
        "That a difference is real because a table shows it: the verdict says which are. Nor that there is no "
        "difference if the verdict is inconclusive: *detectable* says how large it must be to be found.",
    ]
    if not any(arm == "control" for c in comparisons for arm in c.arms):
        items.append(
            "That clinical text is the cause: the clinical arm also had more training steps than the baseline, and "
            "there is no arm that was trained equally long on general text."
        )
    if any(arm == "task" for c in comparisons for arm in c.arms):
        items.append(
            "That the gain of the arm *task* is knowledge of clinical text: it was pre-trained on the training texts "
            "of tasks that it is tested on, and a gain from these texts is limited to these tasks."
        )
    if any(scope(e) == "checkpoints" for c in comparisons for e in c.estimates.values()):
        items.append(
            "That pre-training again would give the same result: each arm is one pre-training run, and seeds vary only "
            "the fine-tuning."
        )
    if shared := in_common(checkpoints, (c.family for c in comparisons)):
        items.append(
            "That the intervals include all the variation between pre-training runs: the encoders of an arm share the "
            f"first {shared} of their training, so their differences are a lower bound for the procedure."
        )
    return (*items, *_sizes(checkpoints), *_unscanned(checkpoints), *_foreign(checkpoints), *_weak(comparisons))


def _data(comparisons: list[Comparison]) -> list[str]:
    named = {
        kind: formats.listing(formats.codes(c.task for c in comparisons if c.data_kind == kind))
        for kind in formats.KINDS
    }
    present = {c.data_kind for c in comparisons}
    sentences = {
        "synthetic": f"That it applies to real text: the data of {named['synthetic']} are synthetic. Generated text is "
        "more regular than what people write, and the difficulty of a task was chosen, not found.",
        "public": f"That it applies to a hospital's own records: {named['public']} are public sets, made for research.",
        "restricted": f"That it applies elsewhere: the restricted data of {named['restricted']} come from one place.",
    }
    found = [sentence for kind, sentence in sentences.items() if kind in present]
    if translated := formats.codes(c.task for c in comparisons if c.translated):
        found.append(
            f"That it applies to text by Norwegians: the texts of {formats.listing(translated)} were translated from "
            "English, and a translation keeps the style, and some of the words, of its original."
        )
    return found


def _sizes(checkpoints: dict[tuple[str, str], dict]) -> list[str]:
    """A caution on the small size of the encoders that the pipeline built itself."""
    counts = {
        round(card["parameters"] / 1e6, 1)
        for card in checkpoints.values()
        if source_kind(card) == BUILT and card.get("parameters")
    }
    if not counts:
        return []
    span = " to ".join(f"{n:.1f}" for n in sorted({min(counts), max(counts)}))
    return [
        f"That large encoders behave in the same way: those built here have {span} million parameters, the published "
        "ones more than 300 million. Encoders of this size have no medical knowledge."
    ]


def _unscanned(checkpoints: dict[tuple[str, str], dict]) -> list[str]:
    """A caution on encoders from elsewhere, because their training texts are not known here."""
    named = formats.unique(
        f"{family_title(family)}, {arm}" for (family, arm), card in checkpoints.items() if source_kind(card) != BUILT
    )
    if not named:
        return []
    return [
        "That no encoder had read the test texts, or the language, before: the training texts of encoders from "
        f"elsewhere cannot be searched here ({formats.listing(named)})."
    ]


def _foreign(checkpoints: dict[tuple[str, str], dict]) -> list[str]:
    """A caution on baselines that were trained on another language: their gain may be Norwegian, not medicine."""
    found = []
    for (family, arm), card in checkpoints.items():
        repository = (card.get("source") or {}).get("repository", "")
        for start, language in OTHER_LANGUAGES.items():
            if arm == BASELINE and repository.startswith(start):
                found.append(f"{family_title(family)} ({language})")
    if not found:
        return []
    return [
        f"That a gain over the baseline is medical knowledge for {formats.listing(found)}: that baseline was not "
        "trained for Norwegian, and any Norwegian text helps it. The comparison with the control separates the two."
    ]


def _weak(comparisons: list[Comparison]) -> list[str]:
    """Cautions about tasks with weak evidence: small test splits, scores near or below those of simple systems
    (constant answers, linear model), holdouts from the same source, and runs that diverged or did not learn the
    task."""
    # To say that a constant answer or the linear model beats a hidden score would disclose something about that score.
    items, measured = _unmeasured(comparisons), [c for c in comparisons if not (c.unmeasured() or c.rung)]
    if small := {c.task: n for c in comparisons if (n := c.n["test"]) is not None and n < SMALL_TEST}:
        sizes = [f"`{task}` ({n} rows, each {100 / n:.1f} % of them)" for task, n in small.items()]
        items.append(f"Small differences on a small test split: {formats.listing(sizes)}.")
    if near := [c for c in measured if beats_constants(c) and near_chance(c)]:
        named = [f"`{c.task}` with {c.family_title}" for c in near]
        items.append(
            "A strong conclusion from a difference near chance: no arm is more than "
            f"{formats.margin(CHANCE, (c.primary for c in near))} above a constant answer on {formats.listing(named)}. "
            "A larger encoder or more rows are needed before arms can differ."
        )
    if holdouts := formats.codes(c.task for c in comparisons if "holdout" in c.parts):
        items.append(
            f"That a score on the shipped holdout of {formats.listing(holdouts)} applies to text from elsewhere: the "
            "authors of the data set made it as they made the rest. Its names are new, but its style is the same."
        )
    if weak := [f"`{c.task}` with {c.family_title}" for c in measured if not beats_constants(c)]:
        items.append(
            "That the encoders can do every task: a constant answer scores at least as well as one of the arms on "
            f"{formats.listing(weak)}."
        )
    if beaten := [f"`{c.task}` with {c.family_title}" for c in measured if not beats_linear(c)]:
        items.append(
            "That an encoder is needed: a linear model of counted words scores at least as well as one of the arms on "
            f"{formats.listing(beaten)}."
        )
    if unsteady := [text for c in measured for text in _unsteady(c)]:
        items.append(
            "That an interval is reliable if only some runs of an arm learnt the task: with few runs, such intervals "
            f"are often too narrow. These runs were no better than a constant answer: {formats.listing(unsteady)}."
        )
    if diverged := [f"`{c.task}` with {c.family_title}, {a}, seed {s}" for c in comparisons for a, s in c.diverged]:
        items.append(
            f"That every run trained well: these diverged and were scored nevertheless: {'; '.join(diverged)}."
        )
    return items


def _unsteady(c: Comparison) -> list[str]:
    """One phrase for each arm with some runs that beat the best constant answer and other runs that do not."""
    found = []
    for arm in c.arms:
        scores = c.over_seeds(arm)
        low = sum(c.metric.gain(score - c.best_constant) <= 0 for score in scores)
        if 0 < low < len(scores):
            found.append(f"{low} of {len(scores)} runs on `{c.task}` with {c.family_title}, {arm}")
    return found


def _unmeasured(comparisons: list[Comparison]) -> list[str]:
    """Cautions on scores that cannot be measured or earned, or weights not chosen well, because gold lacks labels."""
    first = {c.task: c for c in comparisons}.values()
    items = []
    if without := [f"{c.metric.title} of `{c.task}`: {plain(c.unmeasured())}" for c in first if c.unmeasured()]:
        items.append(
            f"Anything about scores that {formats.UNMEASURED}. This is not a fault of the encoders: "
            f"{'; '.join(without)}."
        )
    if means := [f"`{c.task}` ({said})" for c in first if "macro_f1" in c.metrics and (said := _unearned(c))]:
        items.append(
            "That macro-F1 can reach its highest value everywhere. It is the mean over all declared labels, and some "
            f"of them can only score 0: {formats.listing(means)}."
        )
    gaps = {c.task: c.lacking.get("validation", []) for c in first}
    if kept := [f"`{task}` ({formats.listing(map(plain, labels))})" for task, labels in gaps.items() if labels]:
        items.append(
            "That the best weights of each run were kept: they are chosen by the validation part, which lacks labels "
            f"of {formats.listing(kept)}."
        )
    return items


def _unearned(c: Comparison) -> str:
    """A phrase on the labels that the test or the training part lacks, empty if macro-F1 cannot be measured at all."""
    if c.unmeasured("macro_f1"):
        return ""
    said = [(name, c.lacking.get(part, [])) for part, name in (("test", "test"), ("train", "training"))]
    return "; ".join(f"the {name} part lacks {formats.listing(map(plain, labels))}" for name, labels in said if labels)


def beats_constants(c: Comparison) -> bool:
    """True if the baseline and the clinical arm both have a better mean score than every constant answer."""
    return _both_better(c, c.best_constant)


def near_chance(c: Comparison) -> bool:
    """True if no arm has a mean score that is more than CHANCE better than the best constant answer."""
    return all(c.metric.gain(c.mean(arm) - c.best_constant) <= CHANCE for arm in c.arms)


def beats_linear(c: Comparison) -> bool:
    """True if the baseline and the clinical arm both have a better mean score than the linear model, or if the task has
    no linear model."""
    return c.linear is None or _both_better(c, c.linear.mean(*c.linear.arms))


def _both_better(c: Comparison, score: float) -> bool:
    return all(c.metric.gain(c.mean(arm) - score) > 0 for arm in (BASELINE, "clinical"))
