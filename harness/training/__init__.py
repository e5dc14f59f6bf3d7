"""Fine-tuning and pre-training of encoders, and the code that both share."""
