"""Layers as people write them: right backward passes pass and wrong ones fail, whatever their outputs' size."""

from __future__ import annotations

import pytest

from gradcheck_cli import Verdict, check_layer
from tests.layer_zoo import KINDS, WRONG, at_scale

scales = pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])


@scales
@pytest.mark.parametrize("kind", KINDS)
def test_a_right_backward_pass_passes(kind: str, scale: float) -> None:
    layer = KINDS[kind]
    report = check_layer(*at_scale(layer, layer.backward, scale), layer.point, seed=1)
    assert report.verdict is Verdict.PASS
    assert report.evaluations <= 2 * sum(values.size for values in layer.point.values()) + 30


@scales
@pytest.mark.parametrize(("kind", "mistake"), WRONG)
def test_a_wrong_backward_pass_fails(kind: str, mistake: str, scale: float) -> None:
    layer = KINDS[kind]
    report = check_layer(*at_scale(layer, layer.wrong[mistake], scale), layer.point, seed=1)
    assert report.verdict is Verdict.FAIL


@pytest.mark.parametrize(("kind", "mistake"), WRONG)
def test_a_screen_sees_it_as_well(kind: str, mistake: str) -> None:
    layer = KINDS[kind]
    assert check_layer(layer.forward, layer.wrong[mistake], layer.point, seed=1, mode="screen").verdict is Verdict.FAIL
