"""A Python file as text whose parts can be exchanged, and where they are.

Places are offsets into the UTF-8 text, for `ast` counts bytes; people count characters, and so do the spans that leave
this module. Line ends, tabs, a byte order mark and the file's own coding come through as they are.
"""

from __future__ import annotations

import ast
import codecs
import difflib
import io
import itertools
import json
import re
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from gradcheck_cli.loading.code.cells import cells_of
from gradcheck_cli.vocabulary.errors import InputError

__all__ = ["Edit", "NotebookPlace", "Replaced", "Source", "place_in_notebook"]

CELL = re.compile(r"(?P<file>.+\.ipynb):cell (?P<number>\d+)$")
LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$")
WORD = re.compile(r"\d[\w.]*|\w+(?:\.\w+)*|[ \t]+|\r\n|\*\*|//|[-+*/@<>=]=|.", re.DOTALL)


class Edit(NamedTuple):
    """A part of the text, and what is to stand there."""

    start: int
    end: int
    """Offsets in bytes."""
    new: str


class Replaced(NamedTuple):
    """A part of a file that was replaced; lines and columns count characters, from 1 on, and ends are exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int
    old: str
    new: str
    text: str
    """The whole lines that it stands on, without the end of the last."""


@dataclass(frozen=True)
class Source:
    """The text of one file."""

    path: str
    content: bytes
    """The text in UTF-8."""
    coding: str = "utf-8"
    mark: bytes = b""
    """The byte order mark that the file begins with."""

    @classmethod
    def read(cls, path: str) -> Source | None:
        """Read a file, or the cell of a notebook; None where there is none, or it is no Python text."""
        place = place_in_notebook(path)
        if place is not None:
            code = place.cell()
            return cls(path, code.encode()) if code else None
        try:
            raw = Path(path).read_bytes()
            coding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
            mark = codecs.BOM_UTF8 if raw.startswith(codecs.BOM_UTF8) else b""
            coding = "utf-8" if coding == "utf-8-sig" else coding
            return cls(path, raw[len(mark) :].decode(coding).encode(), coding, mark)
        except (OSError, SyntaxError, ValueError, LookupError):
            return None

    @property
    def raw(self) -> bytes:
        """The bytes of the file."""
        return self.mark + self.content.decode().encode(self.coding)

    @cached_property
    def lines(self) -> list[bytes]:
        """The lines with their ends, as Python counts them."""
        return LINE.findall(self.content)

    @cached_property
    def starts(self) -> list[int]:
        """The offset of each line."""
        return [0, *itertools.accumulate(len(line) for line in self.lines)]

    @cached_property
    def tree(self) -> ast.Module:
        """The whole file; nothing of it is run."""
        return ast.parse(self.content.decode())

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a place of `ast`: lines from 1, columns in bytes from 0."""
        return self.starts[line - 1] + column

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return where a node begins and ends."""
        start = self.offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        return start, self.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def text(self, node: ast.AST) -> str:
        """Return what stands there."""
        start, end = self.span(node)
        return self.content[start:end].decode()

    def place(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of an offset, both in characters and from 1 on."""
        line = max(k for k, start in enumerate(self.starts[: max(len(self.lines), 1)]) if start <= offset)
        return line + 1, len(self.content[self.starts[line] : offset].decode()) + 1

    def offset_of(self, line: int, column: int) -> int:
        """Return the offset of a place as people count: the inverse of `place`."""
        text = self.lines[line - 1].decode() if line <= len(self.lines) else ""
        return self.starts[line - 1] + len(text[: column - 1].encode())

    def changed(self, edits: Sequence[Edit]) -> Source:
        """Return the file with parts exchanged, which must not overlap."""
        pieces, at = [], 0
        for edit in sorted(edits):
            pieces += [self.content[at : edit.start], edit.new.encode()]
            at = edit.end
        return Source(self.path, b"".join([*pieces, self.content[at:]]), self.coding, self.mark)

    def edits_to(self, other: Source) -> list[Edit]:
        """Return what makes another text of this one, word by word."""
        ours, others = WORD.findall(self.content.decode()), WORD.findall(other.content.decode())
        first = next((k for k, (a, b) in enumerate(zip(ours, others, strict=False)) if a != b), None)
        if first is None:
            first = min(len(ours), len(others))
        last = 0
        while last < min(len(ours), len(others)) - first and ours[-1 - last] == others[-1 - last]:
            last += 1
        middle, new = ours[first : len(ours) - last], others[first : len(others) - last]
        found, before = [], len("".join(ours[:first]).encode())
        offsets = [before, *itertools.accumulate((len(w.encode()) for w in middle), initial=0)][1:]
        for tag, i, j, k, l in difflib.SequenceMatcher(None, middle, new, autojunk=False).get_opcodes():
            if tag != "equal":
                found.append(Edit(before + offsets[i], before + offsets[j], "".join(new[k:l])))
        return joined(found, self.content)

    def replaced(self, edit: Edit) -> Replaced:
        """Return an edit with its place as people count."""
        line, column = self.place(edit.start)
        end_line, end_column = self.place(edit.end)
        old = self.content[edit.start : edit.end].decode()
        whole = b"".join(self.lines[line - 1 : end_line]).decode().rstrip("\r\n")
        return Replaced(line, column, end_line, end_column, old, edit.new, whole)

    def difference(self, other: Source, shown: str) -> str:
        """Return the unified diff to another text of the same file, as `git apply` takes it."""
        pairs = [text.content.decode() for text in (self, other)]
        old, new = ([line + "\n" for line in pair.split("\n")] for pair in pairs)
        for lines in (old, new):  # git counts lines by their line feeds alone
            lines[-1] = lines[-1][:-1]
            if not lines[-1]:
                lines.pop()
        told = [
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in difflib.unified_diff(old, new, f"a/{shown}", f"b/{shown}")
        ]
        return "".join(told)


class NotebookPlace(NamedTuple):
    """A cell of a notebook."""

    file: str
    number: int
    """Among the cells of code, from 1 on."""

    def cell(self) -> str:
        """Return its code; empty where it is no longer there."""
        try:
            return cells_of(Path(self.file))[self.number - 1].source
        except (InputError, IndexError, OSError):
            return ""

    def changed(self, before: Source, after: Source) -> tuple[bytes, bytes]:
        """Return the notebook's bytes, and those with the lines of a changed cell; the same where it is not clear how.

        Only the text of these lines is exchanged, for a notebook that is written anew differs in other places too.
        """
        raw = content = Path(self.file).read_bytes()
        old, new = ([line.decode() for line in text.lines] for text in (before, after))
        for line, other in zip(old, new, strict=False):
            if line != other:
                as_json = [[json.dumps(t, ensure_ascii=a)[:-1].encode() for t in (line, other)] for a in (False, True)]
                found = next(((mine, others) for mine, others in as_json if content.count(mine + b'"') == 1), None)
                if found is None or len(old) != len(new):
                    return raw, raw
                content = content.replace(found[0] + b'"', found[1] + b'"')
        return raw, content


def place_in_notebook(name: str) -> NotebookPlace | None:
    """Return of which cell something is the name, as tracebacks call it; None where it is that of a file."""
    found = CELL.match(name)
    return NotebookPlace(found["file"], int(found["number"])) if found else None


def joined(edits: Sequence[Edit], content: bytes) -> list[Edit]:
    """Return edits with those as one that have nothing but blanks or a single sign between them, on one line."""
    found: list[Edit] = []
    for edit in edits:
        between = content[found[-1].end : edit.start] if found else b"\n"
        if found and b"\n" not in between and len(between.strip()) <= 1 and len(between) <= 3:
            before = found.pop()
            found.append(Edit(before.start, edit.end, before.new + between.decode() + edit.new))
        else:
            found.append(edit)
    return found
