"""What the process says at its end, beside the verdicts' 0, 1 and 3."""

__all__ = ["COULD_NOT_CHECK", "INTERRUPTED"]

COULD_NOT_CHECK = 2
INTERRUPTED = 130
