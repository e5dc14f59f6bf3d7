"""Translated versions of a public set: the memory of translations, their checks, and the reader of what was made."""
