"""The code that fine-tuning and pre-training share: optimizers, schedules, precision, devices, worker processes."""
