"""The names of the counts that could identify a person, such as the number of missed rows of a label."""

# Counts of each run and label (COUNTED), and of each run over all labels together (IN_ALL).
COUNTED = ("called", "found", "missed", "invented")
IN_ALL = ("right", "wrong")
ALL = -1  # in place of a label
NAMES = {
    "gold": "how many there are", "called": "how many were predicted", "found": "how many were found",
    "missed": "how many were missed", "invented": "how many were predicted wrongly",
    "right": "how many were answered correctly", "wrong": "how many errors there are",
}  # fmt: skip
Counted = tuple[str, int, str, int]  # system, its run, what is counted, label
GOLD = ("", 0, "gold")
