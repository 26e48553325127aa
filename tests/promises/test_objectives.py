"""Objectives for boosting libraries: gradient and Hessian in one check, each sample for itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcheck_cli import check_objective
from gradcheck_cli.vocabulary.errors import GradcheckError
from gradcheck_cli.vocabulary.results import Verdict

Y = np.array([1.0, 0, 1, 0, 0, 1, 1, 0])


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def log_loss(z: Any, y: Any) -> Any:
    return -(y * np.log(sigmoid(z)) + (1 - y) * np.log(1 - sigmoid(z)))


def right(z: Any, y: Any) -> Any:
    return sigmoid(z) - y, sigmoid(z) * (1 - sigmoid(z))


def verdicts(report: Any) -> list[str]:
    return [row.verdict.value for row in report.parameters]


@pytest.mark.parametrize("loss", [log_loss, lambda z, y: log_loss(z, y).sum(), lambda z, y: log_loss(z, y)[:, None]])
def test_a_right_one_passes_whether_the_loss_is_one_number_or_one_for_each(loss: Any) -> None:
    report = check_objective(right, loss, Y)
    assert report.passed
    assert [row.name for row in report.parameters] == ["grad", "hess"]


@pytest.mark.parametrize(
    ("wrong", "expected", "said"),
    [
        (
            lambda z, y: (right(z, y)[0] * np.where(y == 0, 1.01, 1), right(z, y)[1]),
            ["FAIL", "FAIL"],
            "where y is 0: 4 of 8",
        ),
        (lambda z, y: (right(z, y)[0], np.ones_like(z)), ["PASS", "FAIL"], "hess is wrong for 8 of 8"),
        (
            lambda z, y: (right(z, y)[0], right(z, y)[1] * np.where(y == 1, 2, 1)),
            ["PASS", "FAIL"],
            "exactly where y is 1",
        ),
        (
            lambda z, y: (right(z, y)[0] + (np.arange(8) == 2), right(z, y)[1]),
            ["FAIL", "PASS"],
            "only where y is 1: 1 of 8",
        ),
        (lambda z, y: (right(z, y)[0] * np.nan, right(z, y)[1]), ["FAIL"], "8 of 8"),
    ],
)
def test_a_wrong_one_fails_and_says_for_which_labels(wrong: Any, expected: list[str], said: str) -> None:
    report = check_objective(wrong, log_loss, Y)
    assert report.verdict is Verdict.FAIL
    assert verdicts(report) == expected
    assert said in " ".join([*report.notes, *(finding.message for finding in report.findings)])


def test_the_order_of_scikit_learn_and_the_libraries_own_holders_are_told_by_their_names() -> None:
    assert check_objective(lambda y_true, y_pred: right(y_pred, y_true), log_loss, Y).passed
    assert check_objective(lambda preds, dtrain: right(preds, dtrain.get_label()), log_loss, Y).passed
    assert check_objective(lambda y_pred, train_data: right(y_pred, train_data.get_label()), log_loss, Y).passed
    assert not check_objective(lambda a, b: right(b, a), log_loss, Y).passed


def test_several_scores_for_each_sample() -> None:
    labels, scores = np.array([0.0, 2, 1]), np.random.default_rng(0).normal(size=(3, 3))

    def softmax(z: Any) -> Any:
        e = np.exp(z)
        return e / e.sum(axis=1, keepdims=True)

    def loss(z: Any, y: Any) -> Any:
        return -np.log(softmax(z)[np.arange(3), y.astype(int)])

    def objective(z: Any, y: Any, scale: float = 1.0) -> Any:
        p = softmax(z)
        return p - np.eye(3)[y.astype(int)], scale * p * (1 - p)

    assert check_objective(objective, loss, labels, scores).passed
    assert verdicts(check_objective(lambda z, y: objective(z, y, 2.0), loss, labels, scores)) == ["PASS", "FAIL"]


def test_of_many_samples_some_are_drawn() -> None:
    labels = (np.arange(1000) % 2).astype(float)
    report = check_objective(right, log_loss, labels, seed=3)
    assert report.passed
    assert any("500 of 1,000 samples" in note for note in report.notes)


@pytest.mark.parametrize(
    ("objective", "labels", "scores"),
    [
        (lambda z, y: z, Y, None),
        (lambda z, y: (z, z[:3]), Y, None),
        (lambda z, y: right(z, y)[0], Y[:2], None),
        (right, [], None),
        (right, 1.0, None),
        (right, Y, [1.0]),
        (right, ["a"], None),
        (3, Y, None),
    ],
)
def test_what_is_no_objective_is_refused(objective: Any, labels: Any, scores: Any) -> None:
    with pytest.raises(GradcheckError):
        check_objective(objective, log_loss, labels, scores)


def test_what_is_wrong_has_the_name_that_it_has_in_the_objective() -> None:
    def named(wrong: Any) -> list[tuple[str, str]]:
        return [(finding.code, finding.where) for finding in check_objective(wrong, log_loss, Y).findings]

    assert named(lambda z, y: (right(z, y)[0], 2 * right(z, y)[1])) == [("factor", "hess")]
    assert named(lambda z, y: (right(z, y)[0] + 0.5, right(z, y)[1])) == [("offset", "grad")]
    assert named(lambda z, y: (right(z, y)[0] + (y == 0) * np.cos(z), right(z, y)[1])) == [
        ("some-labels", "grad"),
        ("some-labels", "hess"),
    ]
    for finding in check_objective(lambda z, y: (z, np.exp(z)), log_loss, Y).findings:
        assert "dx" not in finding.message
