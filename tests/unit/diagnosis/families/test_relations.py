"""Relations that hold to the last digit where no mistake is known: each is told, and its twin is not."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from gradcheck_cli.diagnosis.diagnose import diagnose
from gradcheck_cli.diagnosis.evidence import Evidence
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import Finding
from tests.unit.diagnosis.support import single


def findings(point: dict[str, Array], right: dict[str, Array], claim: dict[str, Array]) -> tuple[Finding, ...]:
    """Diagnose a claim of which nothing but the right gradient is known."""
    floors = {name: np.full(values.shape, 1e-13 * np.abs(values).max()) for name, values in right.items()}
    return diagnose(Evidence(point, claim, right, floors, single(floors)))


def of_one(W: Array, G: Array, claim: Array) -> Finding:
    """Diagnose the claim of one parameter w."""
    (finding,) = findings({"w": W}, {"w": G}, {"w": np.asarray(claim)})
    return finding


class Planted(NamedTuple):
    """A claim that has a relation, and one that only nearly has it."""

    code: str
    says: str
    W: Array
    G: Array
    claim: Array
    twin: Array


R = np.random.default_rng(7)
W1, G1 = R.normal(size=(2, 9))
W2, G2 = R.normal(size=(2, 5, 6))
WS, GS = R.normal(size=(2, 5, 5))
W3, G3 = R.normal(size=(2, 3, 4, 5))
W4, G4 = R.normal(size=(2, 2, 2, 3, 3))
SCALES = np.array([2.0, 0.5, -1.0, 3.0, 0.25])[:, None]
UNIT = W1 / np.linalg.norm(W1)
SHARES = np.exp(W1) / np.exp(W1).sum()
SYMMETRIC = WS + WS.T
DIAGONAL = np.diag(np.diag(GS))
NEAR = 1 + 1e-3 * R.normal(size=9)
NEAR2 = 1 + 1e-3 * R.normal(size=(5, 6))
NEARS = 1 + 1e-3 * R.normal(size=(5, 5))
NEAR3 = 1 + 1e-3 * R.normal(size=(3, 4, 5))
GATES = np.isin(np.arange(6), (2, 3))
STEPS = np.arange(4)[:, None] > 0
OTHER = np.cos(9 * W2)
W5, G5 = np.abs(R.normal(size=(2, 7, 3)))
CENTRED = G2 - G2.mean(axis=0)


def beside(W: Array) -> Array:
    """Return a penalty's part."""
    return np.asarray(0.2 * W)


PLANTED = [
    Planted("data-scaled", "20 times the right gradient -3.8 times w", W1, G1, 20 * G1 - 19 * beside(W1),
            20 * G1 - 19 * beside(W1) * NEAR),
    Planted("penalty-differs", "-0.7 times the sign of w", W1, G1, G1 - 0.7 * np.sign(W1),
            G1 - 0.7 * np.sign(W1) * NEAR),
    Planted("penalty-differs", "+0.3 times the sign of w and -0.6 times w", W1, G1, G1 + 0.3 * np.sign(W1) - 0.6 * W1,
            G1 + 0.3 * np.sign(W1) * NEAR - 0.6 * W1),
    Planted("penalty-differs", "log det w", WS, GS, GS - np.linalg.inv(WS).T, GS - np.linalg.inv(WS).T * NEARS),
    Planted("penalty-differs", "times w", W1, G1, G1 - 0.1 * W1, G1 - 0.1 * W1 * NEAR),
    Planted("link-derivative", "lacks exp(w)", W1, G1, G1 / np.exp(W1), G1 / np.exp(W1) * NEAR),
    Planted("link-derivative", "has sigmoid'(w) once too often at every entry, and a factor of 3", W1, G1,
            3 * G1 * np.exp(-W1) / (1 + np.exp(-W1)) ** 2, 3 * G1 * np.exp(-W1) / (1 + np.exp(-W1)) ** 2 * NEAR),
    Planted("factor-along-axis", "axis 0: 2, 0.5, -1, 3, 0.25", W2, G2, SCALES * G2, SCALES * G2 * NEAR2),
    Planted("factor-along-axis", "the penalty term 0.2 w is right", W2, G2, SCALES * (G2 - beside(W2)) + beside(W2),
            SCALES * (G2 - beside(W2)) + beside(W2) * NEAR2),
    Planted("constant-along-axis", "the right one is dw minus its mean along axis 0", W2, CENTRED,
            CENTRED + G2.mean(axis=0), CENTRED + G2.mean(axis=0) * NEAR2),
    Planted("constant-along-axis", "at every index of axes 0 and 2", W3, G3, G3 + W3[:1, :, :1],
            G3 + W3[:1, :, :1] * NEAR3),
    Planted("made-symmetric", "(G + G^T) / 2", WS, GS, (GS + GS.T) / 2, (GS + GS.T) / 2 * NEARS),
    Planted("off-diagonal-doubled", "G + G^T - diag(G)", WS, GS, GS + GS.T - DIAGONAL, (GS + GS.T - DIAGONAL) * NEARS),
    Planted("half-stored", "the upper triangle", WS, GS, np.triu(GS), np.triu(GS) * NEARS),
    Planted("transposed", "axes in the order 0, 1, 3, 2", W4, G4, G4.transpose(0, 1, 3, 2),
            G4.transpose(0, 1, 3, 2) * (1 + 1e-3 * W4)),
    Planted("permuted", "flipped along axes 2 and 3", W4, G4, G4[:, :, ::-1, ::-1],
            G4[:, :, ::-1, ::-1] * (1 + 1e-3 * W4)),
    Planted("permuted", "indices along axis 1 in another order: 0 has what belongs to 5", W2, G2,
            G2[:, [5, 0, 1, 3, 4, 2]], G2[:, [5, 0, 1, 3, 4, 2]] * NEAR2),
    Planted("slices", "wrong at index 2, 3 of the last axis only", W2, G2, np.where(GATES, W2, G2),
            np.where(GATES, W2, G2) * np.where(R.random((5, 6)) < 0.5, 1, 1.1)),
    Planted("slices", "right at index 0 of axis 1 only", W3, G3, np.where(STEPS, W3, G3),
            np.where(STEPS, W3, G3) * np.where(R.random((3, 4, 5)) < 0.5, 1, 1.1)),
    Planted("rank-one", "off by one column times one row", W2, G2, G2 + np.outer(W2[:, 0], W2[0]),
            G2 + np.outer(W2[:, 0], W2[0]) * NEAR2),
    Planted("sums-right", "the sums of dw along axis 0 are right", W2, G2, G2 + OTHER - OTHER.mean(axis=0),
            G2 + (OTHER - OTHER.mean(axis=0)) * NEAR2),
    Planted("normalisation", "a number plus a multiple of w: as if w were normalised along axis 0", W2, G2,
            G2 + 2 + G2[:1] * W2, G2 + 2 + G2[:1] * W2 * NEAR2),
    Planted("normalisation", "plus a multiple of the right gradient", W5, G5, 3 * G5 + 2 + G5[0] * W5,
            3 * G5 + 2 + G5[0] * W5**1.001),
    Planted("zero", "0.2 times w and nothing else", W1, G1, beside(W1), beside(W1) * NEAR),
    Planted("right-on-a-set", "the unit sphere", UNIT, G1, G1 - (G1 @ UNIT) * UNIT, (G1 - (G1 @ UNIT) * UNIT) * NEAR),
    Planted("right-on-a-set", "the simplex", SHARES, G1, G1 - G1.mean(), (G1 - G1.mean()) * NEAR),
    Planted("right-on-a-set", "symmetric", SYMMETRIC, GS, GS + np.triu(WS, 1) - np.triu(WS, 1).T,
            GS + (np.triu(WS, 1) - np.triu(WS, 1).T) * NEARS),
    Planted("elementwise", "0.5 times the right gradient to the power of 0.5, entry by entry", W1, G1,
            np.sign(G1) * np.sqrt(np.abs(G1)) / 2, np.sign(G1) * np.sqrt(np.abs(G1)) / 2 * (1 + 99 * (NEAR - 1))),
    Planted("elementwise", "is monotonic in the size of the right entry", W1, G1, np.tanh(3 * G1),
            np.tanh(3 * G1) * (1 + 600 * (NEAR - 1))),
    Planted("elementwise", "is monotonic in the entry of w", W1, G1, G1 * (2 + np.arctan(W1)),
            G1 * (2 + np.arctan(W1)) * (1 + 99 * (NEAR - 1))),
    Planted("half-stored", "the lower triangle", W2, G2, np.tril(G2), np.tril(G2) * NEAR2),
    Planted("zero", "zero at every entry but for rounding", W1, G1, np.full(9, -1e-18), np.full(9, 1e-6)),
]  # fmt: skip
every_relation = pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: f"{planted.code} {planted.says}")


@every_relation
def test_a_relation_is_told(planted: Planted) -> None:
    finding = of_one(planted.W, planted.G, planted.claim)
    told = [f"{finding.code}: {finding.message}", *finding.alternatives]
    assert any(text.startswith(planted.code) and planted.says in text for text in told), told


@every_relation
def test_one_that_holds_only_nearly_is_not(planted: Planted) -> None:
    finding = of_one(planted.W, planted.G, planted.twin)
    assert planted.code not in (finding.code, *(text.split(":")[0] for text in finding.alternatives)), finding.message


def test_fewer_equations_than_a_relation_needs_tell_nothing() -> None:
    W, G = W1[:4], G1[:4]
    assert of_one(W, G, 20.123 * G - 3 * W).code == "unknown"  # 4 equations, 2 numbers
    doubled = np.repeat(W, 3), np.repeat(G, 3)  # no more equations than before
    assert of_one(*doubled, 20.123 * doubled[1] - 3 * doubled[0]).code == "unknown"


def test_the_data_s_part_of_all_gradients_is_one_finding() -> None:
    point, right = {"w": W1, "b": np.array(0.3)}, {"w": G1, "b": np.array(-0.4)}
    claim: dict[str, Any] = {"w": 7 * G1 - 6 * beside(W1), "b": 7 * right["b"]}
    (finding,) = findings(point, right, claim)
    assert (finding.code, finding.where) == ("data-scaled", "all")
    assert finding.factor == pytest.approx(7)
    (_, other) = findings(point, right, {**claim, "b": np.array(1.2345)})
    assert other.code == "unknown"


def test_a_constant_of_every_layer_is_one_finding() -> None:
    shapes = {"W1": (4, 3), "b1": (4,), "W2": (5, 4), "b2": (5,), "W3": (2, 5), "b3": (2,)}
    point, right = ({name: R.normal(size=shape) for name, shape in shapes.items()} for _ in range(2))
    factors = {"1": 1 / 9, "2": 1 / 3, "3": 1.0}
    claim = {name: factors[name[1]] * G for name, G in right.items()}
    (finding,) = findings(point, right, claim)
    assert (finding.code, finding.where) == ("delta-factor", "dZ2")
    assert "a further factor 0.333333 at every layer" in finding.message
    claim["b1"] = claim["b1"] * (1 + 1e-3 * point["b1"])
    finding = findings(point, right, claim)[0]
    assert finding.where == "dZ2"
    assert "first wrong step of the backward pass: dW2 is 0.333333 times the right gradient (1/3)" in finding.message


def test_the_same_of_many_parameters_is_one_finding() -> None:
    point = {"Wx": R.normal(size=(5, 12)), "Wh": R.normal(size=(4, 12)), "b": R.normal(size=12)}
    right = {name: np.cos(3 * values) for name, values in point.items()}
    gate = {name: np.where(np.arange(12) // 3 != 1, values, values + point[name]) for name, values in right.items()}
    (finding,) = findings(point, right, gate)
    assert (finding.code, finding.where, finding.also) == ("slices", "dWx", ("dWh", "db"))
    assert finding.message == "dWx, dWh, db: each of them is wrong at index 3 to 5 of the last axis only, all over"
    alike = findings(point, right, {name: 2 * values + (name == "b") for name, values in right.items()})
    assert [(f.where, f.also) for f in alike] == [("dWx", ("dWh",)), ("db", ())]


def test_what_cannot_be_named_is_told_with_what_is_right() -> None:
    point = {"w": W1, "b": W2}
    right = {"w": G1, "b": G2}
    (finding,) = findings(point, right, {"w": G1 * (1 + 99 * (NEAR - 1)), "b": G2})
    assert finding.message == "dw is wrong at 9 of 9 entries, in no known pattern"
    assert finding.note == "db is right"


def test_a_single_number_is_set_beside_the_right_one() -> None:
    (finding,) = findings({"a": np.array(2.0)}, {"a": np.array(3.0)}, {"a": np.array(3.9)})
    assert (finding.code, finding.message) == (
        "unknown",
        "da is 3.900000e+00 instead of 3.000000e+00, 1.3 times that",
    )


def test_a_term_of_another_parameter_is_named_and_one_that_is_only_near_it_is_not() -> None:
    point = {name: R.normal(size=(4, 3)) for name in ("u", "v")}
    right = {name: R.normal(size=(4, 3)) for name in point}
    added = {**right, "u": right["u"] + 0.1 * point["v"]}
    (finding,) = findings(point, right, added)
    assert (finding.code, finding.where) == ("penalty-differs", "du")
    assert "+0.1 times v, another parameter" in finding.message
    instead = {**right, "u": right["u"] + 0.1 * (point["v"] - point["u"])}
    (finding,) = findings(point, right, instead)
    assert "0.1 times v instead of as much of u" in finding.message
    near = {**right, "u": right["u"] + 0.1 * point["v"] * (1 + 1e-3 * point["u"])}
    assert all("another parameter" not in finding.message for finding in findings(point, right, near))


def test_one_wrong_row_is_not_called_a_product_of_a_column_and_a_row() -> None:
    right = R.normal(size=(5, 4))
    claim = right.copy()
    claim[2] = R.normal(size=4)
    (finding,) = findings({"w": W2[:5, :4]}, {"w": right}, {"w": claim})
    assert finding.code == "rows"
    assert not any("rank-one" in other for other in finding.alternatives)
    (finding,) = findings({"w": W2[:5, :4]}, {"w": right}, {"w": right + np.outer(R.normal(size=5), R.normal(size=4))})
    assert finding.code == "rank-one"
