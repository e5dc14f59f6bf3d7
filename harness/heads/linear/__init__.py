"""Linear baselines from scikit-learn over counted words, without torch."""
