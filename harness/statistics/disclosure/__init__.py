"""Statistical disclosure control: whether a small count could be worked out from the figures that are released."""
