"""The report's sections: what is said, and in which words."""
