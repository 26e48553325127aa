from __future__ import annotations

import pytest

from tests.unit.cli.support import invoke, refused


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["--x", "2", "--theta", "4"], 0, "PASS"),
        (["--x", "0", "--theta", "4"], 0, "PASS"),
        (["--x", "-2", "--theta", "-4"], 0, "PASS"),
        (["--x", "2", "--theta", "4", "--dtheta", "2"], 0, "PASS"),
        (["--x", "2", "--theta", "4", "--dtheta", "2.1"], 1, "FAIL"),
        (["--x", "2", "--theta", "4", "--dtheta", "nan"], 1, "FAIL"),
        (["--x", "2", "--theta", "4", "--dtheta", "-inf"], 1, "FAIL"),
        (["--x", "2", "--theta", "4", "--epsilon", "1", "--threshold", "1e-12"], 0, "PASS"),
    ],
)
def test_verdict_stands_first_and_is_the_exit_code(arguments: list[str], code: int, word: str) -> None:
    result = invoke("scalar", *arguments)
    assert (result.exit_code, result.stderr) == (code, "")
    assert result.stdout.startswith(word)


def test_a_wrong_number_is_set_beside_the_right_one() -> None:
    report = invoke("scalar", "--x", "2", "--theta", "4", "--dtheta", "2.1").stdout
    assert "error[unknown]: dtheta is 2.1 where 2 is right, 1.05 times that" in report
    assert "error[non-finite]" in invoke("scalar", "--x", "2", "--theta", "4", "--dtheta", "inf").stdout


def test_shows_j_and_both_gradients() -> None:
    report = invoke("scalar", "--x", "2", "--theta", "4").stdout
    for part in ("J = 8.0", "theta", "yours 2, numeric 2", "difference", "<= 2e-07"):
        assert part in report


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--x", "2"], ["--theta"]),
        (["--x", "abc", "--theta", "4"], ["--x", "'abc'"]),
        (["--x", "nan", "--theta", "4"], ["--x", "'nan'", "finite"]),
        (["--x", "2", "--theta", "inf"], ["--theta", "'inf'", "finite"]),
        (["--x", "1e200", "--theta", "1e200", "--epsilon", "1e190"], ["inf", "finite"]),
        (["--x", "2", "--theta", "1e12"], ["theta", "1e+12", "is too small for theta", "adding it changes nothing"]),
        *(
            (["--x", "2", "--theta", "4", f"--{name}", value], [name, repr(value), "greater than 0"])
            for name in ("epsilon", "threshold")
            for value in ("0", "-1", "nan", "inf", "1e-999")
        ),
        (["--x", "2", "--theta", "4", "--epsilon", "1_0"], ["--epsilon", "'1_0'"]),
        (["--x", "2", "--theta", "4", "--color", "pink"], ["--color", "'pink'", "'always'"]),
        (["--x", "2", "--theta", "4", "more"], ["more"]),
        (["--x", "2", "--theta", "4", "--thet", "1"], ["--thet"]),
    ],
    ids=" ".join,
)
def test_refuses_in_one_line_with_the_value(arguments: list[str], parts: list[str]) -> None:
    line = refused("scalar", *arguments)
    for part in parts:
        assert part in line
