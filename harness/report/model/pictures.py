"""The names of figure files that are needed both in the text of the report and in the code that draws the figures."""

LEARNING, LOSSES = "learning.png", "losses.png"


def thresholds(task: str) -> str:
    return f"thresholds-{task}.png"
