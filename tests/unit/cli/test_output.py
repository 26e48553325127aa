from __future__ import annotations

import fcntl
import io
import os
import struct
import sys
import termios

import pytest

from gradcheck_cli.cli.output import OutputError, columns_of, discard, is_terminal, terminal_width, wants_color, write


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("choice", "environment", "terminal", "wanted"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "0"}, False, False),
        ("auto", {"FORCE_COLOR": ""}, False, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour_is_the_options_then_the_environments_then_the_terminals(
    choice: str, environment: dict[str, str], terminal: bool, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ({"TERM": "xterm"} | environment).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", Terminal() if terminal else io.StringIO())
    assert wants_color(choice) is wanted


@pytest.mark.parametrize(("stream", "width"), [(Terminal(), 33), (io.StringIO(), None), (None, None)])
def test_only_a_terminal_has_a_width(
    stream: io.StringIO | None, width: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "33")
    monkeypatch.setattr(sys, "stdout", stream)
    assert terminal_width() == width
    assert is_terminal(sys.stdout) is (width is not None)


@pytest.mark.parametrize(("named", "columns"), [("", 61), ("33", 33), ("0", 61), ("wide", 61), ("9" * 5000, 61)])
def test_a_terminal_is_as_wide_as_the_environment_says_or_else_it_itself(
    named: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", named)
    ours, its = os.openpty()
    with os.fdopen(ours, "rb"), os.fdopen(its, "w", encoding="utf-8") as terminal:
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("4H", 24, 61, 0, 0))
        assert columns_of(terminal) == columns


def test_what_does_not_say_how_wide_it_is_has_eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert columns_of(Terminal()) == 80


@pytest.mark.parametrize(
    ("encoding", "expected"), [("ascii", b"\\u2202 J"), ("cp1252", b"\\u2202 J"), ("utf-8", "∂ J".encode())]
)
def test_what_the_encoding_lacks_is_written_out(encoding: str, expected: bytes) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    write("∂ J", stream)
    assert raw.getvalue() == expected


def test_no_stream_and_no_text_are_no_error() -> None:
    write("text", None)
    write("", io.StringIO())
    discard(None)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device")  # noqa: PTH110
def test_a_full_disk_is_an_error_once() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full, pytest.raises(OutputError, match="No space"):  # noqa: PTH123
        write("text", full)


def test_a_reader_who_has_gone_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as pipe:
        write("text", pipe)
        write("more", pipe)
