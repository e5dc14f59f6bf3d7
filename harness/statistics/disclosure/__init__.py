"""Statistical disclosure control: check whether a small count could be inferred from the released figures."""
