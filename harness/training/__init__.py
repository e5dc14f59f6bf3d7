"""Fine-tuning and pre-training of encoders, and the code that fine-tuning and pre-training share."""
