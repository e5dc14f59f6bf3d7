"""The files of the report's pictures, by name: the text refers to what the renderer draws."""

LEARNING, LOSSES = "learning.png", "losses.png"


def thresholds(task: str) -> str:
    return f"thresholds-{task}.png"
