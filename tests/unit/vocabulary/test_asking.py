from __future__ import annotations

import pytest

from gradcheck_cli.vocabulary.alarm import LateError
from gradcheck_cli.vocabulary.asking import asking, called, kind_of
from gradcheck_cli.vocabulary.errors import InputError, UserFunctionError


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(0), GeneratorExit(), StopIteration()])
def test_what_is_raised_becomes_an_error_of_ours_with_its_traceback(error: BaseException) -> None:
    with (
        pytest.raises(UserFunctionError, match=f"asking it raised {type(error).__name__}") as found,
        asking("asking it raised"),
    ):
        raise error
    assert "raise error" in found.value.user_traceback


@pytest.mark.parametrize("error", [KeyboardInterrupt(), LateError(), InputError("ours")])
def test_the_users_wish_to_end_the_alarm_and_our_own_errors_go_on(error: BaseException) -> None:
    with pytest.raises(type(error)), asking("asking it raised"):
        raise error


def test_something_without_a_name_or_a_text_is_called_by_its_type() -> None:
    class Mute:
        def __repr__(self) -> str:
            raise SystemExit

    assert called(len) == "len"
    assert called([1]) == "[1]"
    assert called(Mute()) == "Mute"


def test_a_type_has_no_say_in_what_its_kind_is_called() -> None:
    class Meta(type):
        def __getattribute__(cls, name: str) -> object:
            raise SystemExit

    class Thing(metaclass=Meta):
        pass

    assert kind_of(Thing()) == "Thing"
