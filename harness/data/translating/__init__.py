"""Norwegian versions of public English tasks: the memory of translations, the checks of translations, and the reader of
translated data."""
