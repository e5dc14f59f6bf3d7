"""Write the `model-index` block of a Hugging Face model card: one file per encoder family and arm, to paste into the
header of the card.

The numbers are the scores of the models that were fine-tuned from one encoder, averaged over seeds. The card is the
card of this encoder.
"""

import io

from harness import heads
from harness.metrics import METRICS
from harness.report.model.results import Comparison, four_decimals, spread
from harness.report.text import formats


def files(comparisons: list[Comparison]) -> dict[str, str]:
    """The `model-index` blocks as YAML text, by file name (`FAMILY-ARM.yaml`), in the form that `huggingface_hub`
    reads."""
    from huggingface_hub.repocard_data import eval_results_to_model_index
    from ruamel.yaml import YAML

    found: dict[tuple[str, str], list] = {}
    for c in comparisons:
        for arm in c.arms:
            found.setdefault((c.family, arm), []).extend(_results(c, arm))
    written = {}
    for (family, arm), results in found.items():
        index = eval_results_to_model_index(f"{family}-{arm}", results)
        writer, text = YAML(), io.StringIO()
        writer.default_flow_style, writer.width = False, 120
        writer.dump({"model-index": index}, text)
        written[f"{family}-{arm}.yaml"] = text.getvalue()
    return written


def _results(c: Comparison, arm: str) -> list:
    from huggingface_hub.repocard_data import EvalResult

    found = []
    for part in c.parts:
        for metric in c.metrics:
            if c.withheld(metric, part):
                continue
            values = c.over_seeds(arm, metric, part)
            deviation = spread(values)
            arguments = {"seeds": len(c.seeds)} | (
                {} if deviation is None else {"standard_deviation": four_decimals(deviation)}
            )
            found.append(
                EvalResult(
                    task_type=heads.named(c.head).hub,
                    dataset_type=c.task,
                    dataset_name=f"{c.short_title} ({formats.data_of([c])})",
                    dataset_split=part,
                    dataset_revision=c.inputs["records"],
                    metric_type=METRICS[metric].hub or metric,
                    metric_name=formats.capital(METRICS[metric].title),
                    metric_value=four_decimals(c.mean(arm, metric, part)),
                    metric_args=arguments,
                )
            )
    return found
