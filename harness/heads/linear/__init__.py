"""Linear baselines of scikit-learn on counts of words, without torch."""
