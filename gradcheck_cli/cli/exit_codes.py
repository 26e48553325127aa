"""What the process says at its end where there is no verdict, whose codes are 0, 1 and 3."""

__all__ = ["COULD_NOT_CHECK"]

COULD_NOT_CHECK = 2
