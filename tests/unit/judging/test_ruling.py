from __future__ import annotations

from collections import Counter

import pytest

from gradcheck_cli.judging.ruling import RULES, Facts, Rule, Ruling, difference_verdict, entries_verdict, ruling
from gradcheck_cli.vocabulary.results import EntryVerdict, Verdict
from gradcheck_cli.vocabulary.settings import Settings
from tests.unit.judging.recording import facts_of, read

AGREES, KINK, UNRESOLVED, DISAGREES = EntryVerdict
ROWS = read()
FACTS = [facts_of(row) for row in ROWS]


def test_every_recorded_check_is_ruled_on_as_it_was() -> None:
    expected = [Ruling(Verdict(row["verdict"]), tuple(row["reasons"])) for row in ROWS]
    assert [ruling(facts) for facts in FACTS] == expected


def test_the_recording_has_many_checks_of_every_verdict() -> None:
    assert len(ROWS) > 200
    assert min(Counter(row["verdict"] for row in ROWS).values()) > 30


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_counts(rule: Rule) -> None:
    others = [other for other in RULES if other is not rule]
    assert any(ruling(facts, others) != ruling(facts) for facts in FACTS)


def test_the_names_of_the_rules_differ() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


NOTHING = Facts(Settings(), [], difference=0.0, refined_difference=0.0, sizes={})


def test_where_no_rule_holds_it_is_a_pass() -> None:
    assert ruling(NOTHING) == (Verdict.PASS, ())


@pytest.mark.parametrize("difference", [3e-7, float("nan"), float("inf")])
def test_a_difference_above_the_threshold_or_none_is_never_a_pass(difference: float) -> None:
    assert ruling(NOTHING._replace(difference=difference)).verdict is Verdict.INCONCLUSIVE
    classic = Settings(classic=True)
    assert ruling(NOTHING._replace(difference=difference, settings=classic)).verdict is Verdict.FAIL


def test_a_parameter_of_which_nothing_was_checked_is_never_a_pass() -> None:
    assert ruling(NOTHING._replace(sizes={"w": 2})).verdict is Verdict.INCONCLUSIVE


def test_the_first_rule_with_a_verdict_decides_and_all_that_hold_speak_in_order() -> None:
    rules = [
        Rule("remark", None, lambda _: True, lambda _: ["a remark", "another"]),
        Rule("other", Verdict.FAIL, lambda _: False, lambda _: ["nothing"]),
        Rule("silent", Verdict.FAIL, lambda _: True),
        Rule("doubt", Verdict.INCONCLUSIVE, lambda _: True, lambda _: ["a doubt"]),
    ]
    assert ruling(NOTHING, rules) == (Verdict.FAIL, ("a remark", "another", "a doubt"))


def test_rules_that_fail_stand_before_those_that_doubt() -> None:
    verdicts = [rule.verdict for rule in RULES if rule.verdict]
    assert verdicts == sorted(verdicts, key=[Verdict.FAIL, Verdict.INCONCLUSIVE].index)


def test_a_claim_of_low_precision_is_held_to_what_the_step_leaves() -> None:
    facts = NOTHING._replace(difference=1e-4, low_precision=["w"])
    assert ruling(facts._replace(held=1e-8)) == (Verdict.PASS, ())
    assert ruling(facts._replace(held=1e-6)).verdict is Verdict.INCONCLUSIVE
    assert ruling(facts._replace(held=float("nan"))).verdict is Verdict.INCONCLUSIVE


def test_a_doubt_is_never_a_pass_and_says_what_accepts_it() -> None:
    verdict, (reason,) = ruling(NOTHING._replace(doubts=["w", "b"]))
    assert verdict is Verdict.INCONCLUSIVE
    assert reason.startswith("w, b: errors as small as those of float32 rounding, a small slip")
    assert "--precision float32 accepts them" in reason


def test_of_a_constant_loss_one_sentence_is_said() -> None:
    some = [facts for facts in FACTS if facts.constant and not facts.screened]
    assert {ruling(facts).verdict for facts in some} >= {Verdict.PASS, Verdict.FAIL}
    for facts in some:
        verdict, reasons = ruling(facts)
        if verdict is Verdict.PASS:
            assert reasons == (
                "this loss does not change: it checks nothing; weight the outputs, as in loss = (w * out).sum()",
            )


@pytest.mark.parametrize(
    ("entries", "verdict"),
    [
        ([AGREES, KINK], Verdict.PASS),
        ([AGREES, AGREES, UNRESOLVED], Verdict.INCONCLUSIVE),
        ([AGREES, UNRESOLVED, DISAGREES], Verdict.FAIL),
    ],
)
def test_a_parameter_is_judged_by_its_entries(entries: list[EntryVerdict], verdict: Verdict) -> None:
    assert entries_verdict(bytes(entries)) is verdict


def test_the_courses_verdict_fails_what_is_not_a_number() -> None:
    verdicts = [difference_verdict(difference, 2e-7) for difference in (0.0, 2e-7, 3e-7, float("nan"))]
    assert verdicts == [Verdict.PASS, Verdict.PASS, Verdict.FAIL, Verdict.FAIL]
