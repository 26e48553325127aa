"""Files of arrays as other programs write them, made by hand."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

KINDS = {"f8": (6, 9), "f4": (7, 7), "i1": (8, 1), "u1": (9, 2), "i4": (12, 5), "i8": (14, 12)}
"""Of a .mat file: the class of an array, and the kind of its numbers."""


def safetensors(arrays: Mapping[str, Any], **changes: Any) -> bytes:
    """Return a .safetensors file; `changes` go over the entry of the first array."""
    names = {"float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "uint8": "U8", "bool": "BOOL"}
    header: dict[str, Any] = {"__metadata__": {"format": "np"}}
    body = b""
    for name, array in arrays.items():
        content = np.asarray(array).tobytes()
        place = [len(body), len(body) + len(content)]
        header[name] = {"dtype": names[str(array.dtype)], "shape": list(array.shape), "data_offsets": place}
        body += content
    header[next(iter(arrays))].update(changes)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def element(kind: int, data: bytes, order: str = "<") -> bytes:
    """Return an element of a .mat file, in the small form where it fits."""
    if 0 < len(data) <= 4:
        return struct.pack(f"{order}I", len(data) << 16 | kind) + data.ljust(4, b"\0")
    return struct.pack(f"{order}II", kind, len(data)) + data + b"\0" * (-len(data) % 8)


def mat(arrays: Mapping[str, Any], *, order: str = "<", packed: bool = False, flags: int = 0, kind: int = 0) -> bytes:
    """Return a .mat file of version 5; `flags` and `kind` go in the place of an array's own."""
    content = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack(f"{order}HH", 0x0100, 0x4D49)
    for name, array in arrays.items():
        what, numbers = KINDS[np.asarray(array).dtype.str[1:]]
        body = element(6, struct.pack(f"{order}II", (kind or what) | flags << 8, 0), order)
        body += element(5, struct.pack(f"{order}{array.ndim}i", *array.shape), order)
        body += element(1, name.encode(), order)
        body += element(numbers, np.asarray(array, array.dtype.newbyteorder(order)).tobytes("F"), order)
        whole = element(14, body, order)
        if packed:
            squeezed = zlib.compress(whole)
            whole = struct.pack(f"{order}II", 15, len(squeezed)) + squeezed
        content += whole
    return content
