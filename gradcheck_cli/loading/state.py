"""The state of a check that was not finished, as a JSON file: its journal."""

from __future__ import annotations

import base64
import binascii
import json
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradcheck_cli.loading.npz import MEBIBYTE, open_regular
from gradcheck_cli.vocabulary.errors import InputError

__all__ = ["FORMAT", "read_state", "state_text"]

FORMAT = "gradcheck state 3"
MAX_BYTES = 1024 * MEBIBYTE
KINDS = {
    "seed": int,
    "mode": str,
    "problem": str,
    "rounds": list,
    "beside": float,
    "digest": str,
    "losses": str,
}


def state_text(state: Mapping[str, Any]) -> str:
    """Return the content of the file: the fields of `evaluating.journal.Journal`."""
    losses = base64.b64encode(state["losses"].tobytes()).decode("ascii")
    return json.dumps({"format": FORMAT, **state, "losses": losses}, indent=1) + "\n"


def read_state(path: Path) -> dict[str, Any]:
    """Read such a file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict
        What `state_text` was given, by name.

    Raises
    ------
    InputError
        Where the file cannot be opened, or is none of ours.
    """
    with open_regular(path) as file:
        content = file.read(MAX_BYTES + 1)
    try:
        state = json.loads(content) if len(content) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        state = None
    if not (isinstance(state, dict) and state.get("format") == FORMAT and all(fits(state, key) for key in KINDS)):
        raise InputError(f"{path} was not written by --save")
    return {**{key: state[key] for key in KINDS}, "losses": unpacked(state["losses"], path)}


def fits(state: dict[str, Any], key: str) -> bool:
    """Whether a field is of its kind."""
    value = state.get(key)
    numbers = value if isinstance(value, list) else []
    return type(value) is KINDS[key] and all(type(number) is int and number > 0 for number in numbers)


def unpacked(packed: str, path: Path) -> array[float]:
    """Return the losses."""
    losses = array("d")
    try:
        losses.frombytes(base64.b64decode(packed, validate=True))
    except (binascii.Error, ValueError) as error:
        raise InputError(f"{path} is damaged: its losses cannot be read") from error
    return losses
