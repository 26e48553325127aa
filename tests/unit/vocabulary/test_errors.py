from __future__ import annotations

import pytest

from gradcheck_cli.vocabulary import errors
from gradcheck_cli.vocabulary.errors import GradcheckError, UserFunctionError, did_you_mean

KINDS = [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_one_of_ours_with_a_message_and_a_hint(kind: type[GradcheckError]) -> None:
    error = kind("what was wrong", hint="what to try")
    assert isinstance(error, GradcheckError)
    assert (str(error), error.message, error.hint) == ("what was wrong", "what was wrong", "what to try")
    assert kind("alone").hint is None


@pytest.mark.parametrize(
    ("name", "near"), [("defalt", "default"), ("DEFAULT", "default"), ("w1", "W1"), ("xyz", None), ("", None)]
)
def test_did_you_mean_the_near_name_whatever_its_case(name: str, near: str | None) -> None:
    assert did_you_mean(name, ["default", "W1"]) == (f"did you mean {near!r}?" if near else None)


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("nte", ["scalar", "net", "init"], "net"),
        ("fun", ["run", "func"], "func"),
        ("thresh", ["--color", "threshold"], "threshold"),
        ("gradient", ["grad"], "grad"),
        ("--rtol", ["--color", "--plot"], None),
        ("target", ["at", "data"], None),
        ("a", ["b"], None),
    ],
)
def test_what_is_far_off_is_not_meant(name: str, known: list[str], near: str | None) -> None:
    assert did_you_mean(name, known) == (f"did you mean {near!r}?" if near else None)


def test_did_you_mean_nothing_where_nothing_is_known() -> None:
    assert did_you_mean("a", []) is None


def test_an_error_whose_text_cannot_be_had_is_still_reported() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert "raised MuteError" in UserFunctionError.of("f raised", MuteError()).message


def test_an_error_without_a_text_is_its_name() -> None:
    assert UserFunctionError.of("f raised", KeyError()).message == "f raised KeyError"


def test_an_error_in_the_call_itself_is_told_once_and_says_where_the_arguments_are_told() -> None:
    told = UserFunctionError.of("f raised", TypeError("f() takes 0 positional arguments but 1 was given"))
    assert (told.user_traceback, told.message.count("takes 0 positional arguments")) == ("", 1)
    assert "tell what functions are called with" in str(told.hint)
