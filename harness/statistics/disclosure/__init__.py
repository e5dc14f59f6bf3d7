"""Statistical disclosure control: check whether a reader could infer a small count from the released figures."""
