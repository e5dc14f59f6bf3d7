"""Fine-tuning: from a split task and a checkpoint to predictions."""
