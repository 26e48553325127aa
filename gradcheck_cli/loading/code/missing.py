"""What stands for a package that is not installed: it may be imported, and whoever uses it is told.

A class that can plot its own history imports matplotlib, and is checked without it.
"""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["Missing"]


class Missing:
    """A name out of a module that is not there.

    Parameters
    ----------
    error : ModuleNotFoundError
        What the import raised, and what any use of the name raises again.
    """

    def __init__(self, error: ModuleNotFoundError) -> None:
        self.__dict__["error"] = error

    def _raise(self, *_: Any, **__: Any) -> NoReturn:
        raise self.__dict__["error"].with_traceback(None)

    __getattr__ = __call__ = __getitem__ = __iter__ = __enter__ = __bool__ = __mro_entries__ = _raise
