"""Fine-tuning: from the split data of a task and a checkpoint of an encoder to predictions."""
