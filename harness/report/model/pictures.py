"""The file names of the report's figures, which the text and the renderer share."""

LEARNING, LOSSES = "learning.png", "losses.png"


def thresholds(task: str) -> str:
    return f"thresholds-{task}.png"
