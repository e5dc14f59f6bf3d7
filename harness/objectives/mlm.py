"""The pre-training objective of masked language modelling alone, with the settings of BERT."""

from harness.objectives.masked import Masked, Masks

# Devlin et al. 2019, section 3.1 and appendix A.2, with run_pretraining.py and optimization.py of
# google-research/bert: 15 % of the tokens; Adam with .9, .999 and eps 1e-6; weight decay .01 except for biases and
# normalisation; the gradient norm clipped at 1; warm-up over 10,000 of 1,000,000 updates, then linearly to zero. Its
# create_pretraining_data.py cuts a tenth of the documents at a length drawn from 2 up (short_seq_prob = 0.1).
BERT = {
    "optimizer": "adamw", "betas": [0.9, 0.999], "eps": 1e-6,
    "weight_decay": 0.01, "head_weight_decay": 0.01, "decay_with_rate": True, "clip": 1.0,
    "schedule": "linear", "warmup": 0.01, "floor": 0.0, "cooldown": 0.1, "cooldown_shape": "linear",
    "mask_rate": 0.15, "mask_rate_end": 0.15, "mask_schedule": "constant", "short_rows": 0.1,
}  # fmt: skip

mlm = Masked(name="mlm", settings=Masks, published=BERT)
