"""Reduce a report on restricted data to what may be shown."""
