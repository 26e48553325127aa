"""The one way to whatever is the user's: a call, a conversion, an attribute, a key, a text of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gradcheck_cli.vocabulary.alarm import LateError
from gradcheck_cli.vocabulary.errors import GradcheckError, UserFunctionError

__all__ = ["asking", "called", "kind_of", "safe_text"]


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Let the user's code run, and make an error of ours of whatever it raises.

    Parameters
    ----------
    what : str
        What is done with it, up to the word raised: ``"model.py, while it was imported, raised"``.

    Raises
    ------
    UserFunctionError
        Where it raises anything, or exits; Ctrl-C, the alarm and errors of our own go on as they are.
    """
    try:
        yield
    except (KeyboardInterrupt, LateError, GradcheckError):
        raise
    except BaseException as error:  # sys.exit and pytest.fail are no Exceptions
        raise UserFunctionError.of(what, error) from error


def called(something: Any) -> str:
    """Return what the messages call something of the user's: its name, else its text, else its kind."""
    try:
        name = getattr(something, "__name__", None)
        has_text = getattr(type(something), "__repr__", None) is not object.__repr__
        return str(name or (repr(something) if has_text else kind_of(something)))
    except (KeyboardInterrupt, LateError):
        raise
    except BaseException:  # noqa: BLE001  (it has neither)
        return kind_of(something)


def safe_text(error: BaseException) -> str:
    """Return the text of an exception, whatever its own code does; none where it has none."""
    try:
        return str(error)
    except BaseException:  # noqa: BLE001  (it has none)
        return ""


def kind_of(something: Any) -> str:
    """Return the name of the type of something, which its own code has no say in."""
    return str(type.__getattribute__(type(something), "__name__"))
