"""An objective of a boosting library: scores and labels in, gradient and Hessian of each sample out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.problems.functions.calling import arguments_of
from gradcheck_cli.problems.functions.returned import is_number, scalar_loss
from gradcheck_cli.vocabulary.asking import asking, called, kind_of
from gradcheck_cli.vocabulary.errors import ProblemError
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["Objective"]

LABELS = {"y", "y_true", "label", "labels", "target", "targets", "t", "actual", "truth"}
"""Arguments that are the labels; scikit-learn's order has them first."""
DATASETS = {"dtrain", "train_data", "dtest", "eval_data", "dataset", "dmatrix", "train_set"}
"""Arguments that are the library's own holder of labels."""


@dataclass(frozen=True)
class Labels:
    """Labels as XGBoost's DMatrix and LightGBM's Dataset hold them."""

    values: Any

    def get_label(self) -> Any:
        """Return the labels."""
        return self.values

    def get_weight(self) -> Any:
        """Return no weights."""
        return None


@dataclass(frozen=True)
class Objective:
    """An objective and its loss at some labels, as functions of the scores."""

    objective: Callable[..., Any]
    """(scores, labels) -> (gradient, Hessian), each of the shape of the scores."""
    loss_function: Callable[..., Any]
    """(scores, labels) -> loss, a number for all samples or one for each."""
    labels: Any

    def loss(self, scores: Array) -> float:
        """Return the loss of all samples."""
        answer = called_with(self.loss_function, scores, self.labels)
        source = f"what {called(self.loss_function)} returned"
        if is_number(answer):
            return scalar_loss(answer, source)
        with asking(f"summing {source} raised"):
            values = np.asarray(answer, dtype=np.float64)
        if values.shape[:1] != scores.shape[:1]:
            raise ProblemError(f"{source} has shape {values.shape}, expected a number, or one for each sample")
        return float(np.sum(values))

    def gradient(self, scores: Array) -> Any:
        """Return the gradient of each sample."""
        return self.pair(scores)[0]

    def hessian(self, scores: Array) -> Any:
        """Return the Hessian of each sample."""
        return np.reshape(self.pair(scores)[1], np.size(scores))

    def pair(self, scores: Array) -> tuple[Array, Array]:
        """Return both, each of the shape of the scores."""
        answer = called_with(self.objective, scores, self.labels)
        name = called(self.objective)
        with asking(f"unpacking what {name} returned raised"):
            if not (isinstance(answer, tuple | list) and len(answer) == 2):
                raise ProblemError(f"{name} returned {kind_of(answer)}, expected a pair (gradient, Hessian)")
            gradient, hessian = (np.asarray(part, dtype=np.float64) for part in answer)
        for what, array in (("gradient", gradient), ("Hessian", hessian)):
            if array.shape != scores.shape and array.size != scores.size:
                raise ProblemError(f"the {what} from {name} has shape {array.shape}, expected {scores.shape}")
        return gradient.reshape(scores.shape), hessian.reshape(scores.shape)


def called_with(function: Callable[..., Any], scores: Array, labels: Any) -> Any:
    """Call a function of scores and labels in the order that the names of its arguments tell."""
    names = list(arguments_of(function))[:2]
    given = [Labels(labels) if name in DATASETS else np.copy(labels) for name in names] or [np.copy(labels)]
    first_is_labels = len(names) == 2 and names[0] in LABELS | DATASETS and names[1] not in LABELS | DATASETS
    copied = np.copy(scores)
    return function(given[0], copied) if first_is_labels else function(copied, given[-1])
