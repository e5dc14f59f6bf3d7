"""Norwegian versions of public tasks: the memory of translations, their checks, and the reader of translated data."""
