"""What a reader holds encoders against: linear models from scikit-learn over counted words, without torch."""
