"""Archives as no honest program writes them."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import numpy as np


def npy(array: object) -> bytes:
    """Return an array as an .npy file."""
    stream = io.BytesIO()
    np.save(stream, np.asarray(array), allow_pickle=True)
    return stream.getvalue()


def npy_header(header: str | bytes, *, version: int = 1, data: bytes = b"") -> bytes:
    """Return an .npy file with a header of its own."""
    text = header.encode() if isinstance(header, str) else header
    size = struct.pack("<H" if version == 1 else "<I", len(text) + 1)
    return b"\x93NUMPY" + bytes([version, 0]) + size + text + b"\n" + data


def header(shape: str, descr: str = "'<f8'", order: str = "False") -> str:
    """Return the header of an .npy file."""
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


def write_zip(path: Path, *members: tuple[str, bytes], packed: int = zipfile.ZIP_STORED) -> Path:
    """Write members, the same name several times where it is given so."""
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, content in members:
            archive.NameToInfo.pop(name, None)  # or zipfile warns
            archive.writestr(name, content)
    return path


def patch_directory(path: Path, offset: int, value: bytes) -> Path:
    """Overwrite bytes of the first entry of the list of contents: 8 flags, 10 method, 16 CRC, 20 packed, 24 size."""
    content = bytearray(path.read_bytes())
    start = content.index(b"PK\x01\x02") + offset
    content[start : start + len(value)] = value
    path.write_bytes(content)
    return path


def patch_end(path: Path, offset: int, value: bytes) -> Path:
    """Overwrite bytes of the end record: 10 count, 12 bytes of the list of contents."""
    content = bytearray(path.read_bytes())
    start = content.rindex(b"PK\x05\x06") + offset
    content[start : start + len(value)] = value
    path.write_bytes(content)
    return path
