"""Fixtures: what is read, and that every other kind is refused by a line with the file, the key and the value."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradcheck_cli.checks.check import check
from gradcheck_cli.problems.networks.cases import built_in_case
from gradcheck_cli.problems.networks.fixtures import load_fixture, save_fixture
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.vocabulary.errors import InputError
from gradcheck_cli.vocabulary.results import Verdict
from tests.support import claimed, content, small_network, write_npz
from tests.unit.loading.archives import npy, write_zip

NAN, INF = float("nan"), float("inf")
COURSE = content()
L = 3


def load(folder: Path, arrays: dict[str, Any]) -> Network:
    return load_fixture(write_npz(folder / "case.npz", arrays))


def refused(folder: Path, arrays: dict[str, Any], *parts: str) -> InputError:
    with pytest.raises(InputError) as caught:
        load(folder, arrays)
    for part in (str(folder / "case.npz"), *parts):
        assert part in caught.value.message
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 600 + len(str(folder))
    return caught.value


def spoiled(key: str, value: float) -> np.ndarray[Any, Any]:
    array = np.array(COURSE[key])
    array[0, 0] = value
    return array


# what is read


def test_the_course_as_a_fixture_is_the_built_in_case(tmp_path: Path) -> None:
    network, built_in = load(tmp_path, COURSE), built_in_case("default")
    assert (network.name, network.activations, network.loss_name) == ("net, case", built_in.activations, "bce")
    assert network.loss(network.parameters) == built_in.loss(built_in.parameters)
    assert network.notes == ()


@pytest.mark.parametrize(
    "network",
    [
        built_in_case("default"),
        built_in_case("planted-bugs"),
        small_network([3, 4, 5, 2], ["tanh", "gelu", "softmax"], "softmax_ce", l2=0.3, masked=[1, 2]),
        small_network([2, 3], ["identity"], "mse"),
    ],
    ids=["default", "planted-bugs", "everything", "one layer"],
)
def test_what_is_saved_is_read_again(tmp_path: Path, network: Network) -> None:
    save_fixture(network, tmp_path / "test.npz")
    again = load_fixture(tmp_path / "test.npz")
    for field in dataclasses.fields(Network):
        if field.name != "name":
            np.testing.assert_equal(getattr(again, field.name), getattr(network, field.name), err_msg=field.name)


@pytest.mark.parametrize(
    "dtype", ["?", "i1", "u2", ">i4", "i8", "u8", "f2", "f4", ">f8", "g"], ids=lambda d: np.dtype(d).str
)
def test_other_real_dtypes_are_converted_with_a_note(tmp_path: Path, dtype: str) -> None:
    weights = np.ones((5, 4), dtype=dtype)
    network = load(tmp_path, content(W1=weights))
    assert network.parameters["W1"].dtype == np.float64
    assert list(network.notes) == [f"read as float64 from {weights.dtype}: W1"]


def test_integer_weights_are_not_moved_as_integers(tmp_path: Path) -> None:
    arrays = {key: np.rint(3 * value).astype(int) for key, value in COURSE.items() if key != "Y"}
    assert check(load(tmp_path, {**arrays, "Y": COURSE["Y"]}), threshold=1e-5).passed


def test_a_claimed_gradient_of_float32_is_converted_with_a_note(tmp_path: Path) -> None:
    claims = {key: value.astype(np.float32) for key, value in claimed().items()}
    assert "dW2" in load(tmp_path, COURSE | claims).notes[0]


def test_fortran_order_is_read_by_its_meaning(tmp_path: Path) -> None:
    network = load(tmp_path, content(W1=np.asfortranarray(COURSE["W1"])))
    np.testing.assert_array_equal(network.parameters["W1"], COURSE["W1"])
    assert network.parameters["W1"].flags.c_contiguous


def test_flat_biases_and_labels_are_read_as_columns_and_a_row_with_a_note(tmp_path: Path) -> None:
    network = load(tmp_path, content(b1=COURSE["b1"].ravel(), Y=COURSE["Y"].ravel()))
    assert network.parameters["b1"].shape == (5, 1)
    assert network.Y.shape == (1, 3)
    assert len(network.notes) == 2


@pytest.mark.parametrize("dtype", ["S7", "<U7", ">U7"])
def test_texts_may_be_of_any_kind(tmp_path: Path, dtype: str) -> None:
    arrays = content(activations=np.array(["tanh", "tanh", "sigmoid"], dtype), loss=np.array(["bce"]))
    assert load(tmp_path, arrays).activations == ("tanh", "tanh", "sigmoid")


def test_the_arrays_can_be_written_to(tmp_path: Path) -> None:
    assert all(values.flags.writeable for values in load(tmp_path, COURSE).parameters.values())


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, Verdict.PASS), (2.0, Verdict.FAIL)])
def test_a_claimed_gradient_is_what_is_checked(tmp_path: Path, factor: float, verdict: Verdict) -> None:
    assert check(load(tmp_path, COURSE | claimed(factor))).verdict is verdict


@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_a_claimed_gradient_that_is_not_finite_fails(tmp_path: Path, value: float) -> None:
    claims = claimed()
    claims["db2"][0, 0] = value
    assert check(load(tmp_path, COURSE | claims)).verdict is Verdict.FAIL


def test_a_claimed_gradient_that_is_all_nan_fails(tmp_path: Path) -> None:
    assert check(load(tmp_path, COURSE | claimed(NAN))).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("loss", "activation", "labels"), [("bce", "sigmoid", [1.0, 0.0]), ("softmax_ce", "softmax", [1.0, 0.0])]
)
def test_a_loss_that_overflows_is_taken_in_its_stable_form_with_a_note(
    tmp_path: Path, loss: str, activation: str, labels: list[float]
) -> None:
    arrays = {"X": np.eye(1), "Y": np.transpose([labels]), "W1": np.zeros((2, 1)), "b1": np.array([-800.0, 800.0])}
    network = load(tmp_path, {**arrays, "activations": np.array([activation]), "loss": np.array(loss)})
    assert network.loss(network.parameters) == pytest.approx(1600)
    assert "stable" in network.notes[-1]


# what is refused

KEYS: list[tuple[dict[str, Any], list[str]]] = [
    ({"X": None}, ["X is missing"]),
    ({"Y": None}, ["Y is missing"]),
    ({"b2": None}, ["b2 is missing", "W2"]),
    ({"W2": None, "b2": None}, ["W2 is missing", "W1, b1, W3, b3"]),
    ({"W2": None}, ["W2 is missing"]),
    ({f"{kind}{l}": None for kind in "Wb" for l in (1, 2, 3)}, ["W1 is missing", "given are none"]),
    ({"W9999": COURSE["W1"]}, ["W4 is missing"]),
    ({"b4": COURSE["b1"]}, ["W4 is missing"]),
    ({"dW4": COURSE["W1"]}, ["dW4 is for a layer that does not exist"]),
    ({"D3": np.ones((1, 3))}, ["D3 is not the mask of a hidden layer"]),
    ({"l2": np.array([1.0, 2.0])}, ["l2 has shape (2,)"]),
    ({"l2": np.zeros(0)}, ["l2 has shape (0,)"]),
    ({"l2": np.array(-1.0)}, ["l2 is -1", "at least 0"]),
    ({"l2": np.array(NAN)}, ["l2 is nan"]),
    ({"l2": np.array("1")}, ["l2 has dtype <U1"]),
]
SHAPES: list[tuple[dict[str, Any], list[str]]] = [
    ({"X": np.zeros(4)}, ["X has shape (4,)", "(n0, m)"]),
    ({"X": np.array(1.0)}, ["X has shape ()"]),
    ({"X": np.zeros((4, 3, 1))}, ["X has shape (4, 3, 1)"]),
    ({"X": np.zeros((4, 0)), "Y": np.zeros((1, 0))}, ["m = 0"]),
    ({"X": np.zeros((0, 3))}, ["n0 = 0"]),
    ({"Y": np.ones((1, 4))}, ["Y has shape (1, 4), expected (1, 3)"]),
    ({"Y": np.ones((2, 3))}, ["Y has shape (2, 3), expected (1, 3)"]),
    ({"Y": np.ones((1, 1))}, ["Y has shape (1, 1), expected (1, 3)"]),
    ({"Y": np.array(1.0)}, ["Y has shape (), expected (1, 3)"]),
    ({"Y": np.ones(4)}, ["Y has shape (4,), expected (1, 3)"]),
    ({"W1": np.zeros(20)}, ["W1 has shape (20,), expected (n1, 4)"]),
    ({"W1": np.zeros((0, 4)), "b1": np.zeros((0, 1))}, ["W1 has shape (0, 4)", "no units"]),
    ({"W2": np.zeros((3, 4))}, ["W2 has shape (3, 4)", "W1", "(5, 4)", "expected (n2, 5)"]),
    ({"b1": np.zeros((4, 1))}, ["b1 has shape (4, 1), expected (5, 1)", "W1", "(5, 4)"]),
    ({"b1": np.zeros((5, 3))}, ["b1 has shape (5, 3)"]),
    ({"b1": np.array(0.0)}, ["b1 has shape ()"]),
    ({"b3": np.zeros(3)}, ["b3 has shape (3,), expected (1, 1)"]),
    ({"D1": np.ones((5, 1))}, ["D1 has shape (5, 1), expected (5, 3)"]),
]
TRANSPOSED: list[tuple[dict[str, Any], str]] = [
    ({"X": COURSE["X"].T}, "X"),
    ({"W1": COURSE["W1"].T}, "W1"),
    ({"W2": COURSE["W2"].T}, "W2"),
    ({"Y": COURSE["Y"].T}, "Y"),
    ({"b2": COURSE["b2"].T}, "b2"),
    ({**claimed(), "dW1": claimed()["dW1"].T}, "dW1"),
    ({**claimed(), "db1": claimed()["db1"].T}, "db1"),
]
DTYPES: list[tuple[dict[str, Any], list[str]]] = [
    ({"W1": COURSE["W1"] + 0j}, ["'W1'", "complex128"]),
    ({"W1": COURSE["W1"].astype(str)}, ["W1 has dtype <U"]),
    ({"W1": COURSE["W1"].astype(object)}, ["'W1'", "Python objects"]),
    ({"W1": COURSE["W1"].astype("m8[s]")}, ["'W1'", "timedelta64[s]"]),
    ({"W1": np.zeros((5, 4), dtype=[("a", "f8")])}, ["'W1'", "[('a', '<f8')]"]),
    ({"activations": np.zeros(3)}, ["activations has dtype float64, expected text"]),
    ({"loss": np.array(1)}, ["loss has dtype int64, expected text"]),
    ({"dW1": claimed()["dW1"] + 0j}, ["'dW1'", "complex128"]),
]
VALUES: list[tuple[dict[str, Any], list[str]]] = [
    *(({key: spoiled(key, bad)}, [f"{key}[0, 0] is {bad}"]) for key in ("X", "W1", "b2", "Y") for bad in (NAN, INF)),
    ({"D1": np.full((5, 3), -INF)}, ["D1[0, 0] is -inf"]),
    ({"W1": np.full((5, 4), np.longdouble("1e400"))}, ["W1[0, 0] is inf"]),
    *(({"Y": spoiled("Y", bad)}, [f"label {bad:g}", "[0, 1]", "bce"]) for bad in (-1.0, 1.0000001, 255.0)),
]
TEXTS: list[tuple[dict[str, Any], list[str]]] = [
    ({"activations": np.array(["relu", "sigmoid"])}, ["shape (2,), expected (3,)"]),
    ({"activations": np.array("sigmoid")}, ["shape (), expected (3,)"]),
    ({"activations": np.array([["relu", "relu", "sigmoid"]])}, ["shape (1, 3), expected (3,)"]),
    ({"activations": np.array(["relu", "Relu ", "sigmoid"])}, ["unknown name 'Relu '", "softplus"]),
    ({"activations": np.array(["relu", "", "sigmoid"])}, ["unknown name ''"]),
    ({"activations": np.array(["relu", "\x1b[31m", "sigmoid"])}, [r"unknown name '\x1b[31m'"]),
    ({"activations": np.array(["relu", "x" * 10_000, "sigmoid"])}, ["unknown name 'xxxx"]),
    ({"activations": np.array(["softmax", "relu", "sigmoid"])}, ["softmax is in layer 1"]),
    ({"activations": np.array([b"relu", b"\xff", b"sigmoid"])}, ["activations contains bytes that are not ASCII"]),
    ({"activations": np.array(["relu", "relu", "tanh"])}, ["loss bce needs sigmoid", "not tanh"]),
    ({"activations": np.frombuffer(b"r\0\0\1" * 3, dtype="U1")}, ["activations contains invalid Unicode"]),
    ({"loss": np.array("softmax_ce")}, ["loss softmax_ce needs softmax"]),
    ({"loss": np.array("hinge")}, ["loss: unknown name 'hinge'", "bce, softmax_ce, mse"]),
    ({"loss": np.array(["bce", "mse"])}, ["loss has shape (2,)"]),
    ({"loss": np.array([], dtype="U3")}, ["loss has shape (0,)"]),
]
CLAIMS: list[tuple[dict[str, Any], list[str]]] = [
    ({"dW1": claimed()["dW1"]}, ["has dW1 but not db1, dW2", "all or none"]),
    ({**claimed(), "db3": None}, ["but not db3"]),
    ({**claimed(), "dW1": np.array(0.0)}, ["dW1 has shape (), expected (5, 4)"]),
    ({**claimed(), "dW1": np.zeros((1, 4))}, ["dW1 has shape (1, 4), expected (5, 4)"]),
    ({**claimed(), "db1": np.zeros((5, 3))}, ["db1 has shape (5, 3), expected (5, 1)"]),
    ({**claimed(), "db1": np.zeros((1, 1))}, ["db1 has shape (1, 1), expected (5, 1)"]),
]


REFUSED = KEYS + SHAPES + DTYPES + VALUES + TEXTS + CLAIMS


@pytest.mark.parametrize(("changes", "parts"), REFUSED, ids=[", ".join(parts) for _, parts in REFUSED])
def test_refuses_naming_the_key_the_value_and_what_was_expected(
    tmp_path: Path, changes: dict[str, Any], parts: list[str]
) -> None:
    refused(tmp_path, content(**changes), *parts)


@pytest.mark.parametrize(("changes", "key"), TRANSPOSED, ids=[key for _, key in TRANSPOSED])
def test_says_where_the_transpose_would_fit(tmp_path: Path, changes: dict[str, Any], key: str) -> None:
    error = refused(tmp_path, content(**changes), "shape")
    assert "transpose" in str(error.hint)
    assert key in f"{error.message} {error.hint}"


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("x", "X"),
        ("w1", "W1"),
        ("B2", "b2"),
        ("dw1", "dW1"),
        ("L2", "l2"),
        ("activation", "activations"),
        ("Loss", "loss"),
        ("W01", "W1"),
        ("W_1", "W1"),
        ("W1 ", "W1"),
        ("d1", "D1"),
    ],
)
def test_an_unknown_key_is_refused_with_the_near_one(tmp_path: Path, key: str, near: str) -> None:
    error = refused(tmp_path, COURSE | {key: np.ones(1)}, f"unknown key {key!r}")
    assert error.hint == f"did you mean {near!r}?"


@pytest.mark.parametrize(
    "key", ["W0", "b-1", "W1.0", "W¹", "W١", "../W1", "/etc/passwd", "a\nb", "\x1b[2J", "W" * 9000]
)
def test_a_strange_key_is_refused_in_one_bearable_line(tmp_path: Path, key: str) -> None:
    refused(tmp_path, COURSE | {key: np.ones(1)}, "unknown key")


def test_an_archive_without_arrays_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, {}, "the archive is empty")


def test_thousands_of_layers_are_named_in_one_bearable_line(tmp_path: Path) -> None:
    refused(tmp_path, {"X": 1, "Y": 1} | {f"W{l}": np.zeros(1) for l in range(1, 2000)}, "b1 is missing", "more")


# saving


def test_saving_leaves_no_other_file(tmp_path: Path) -> None:
    save_fixture(built_in_case("default"), tmp_path / "a.npz")
    save_fixture(built_in_case("planted-bugs"), tmp_path / "a.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
    assert load_fixture(tmp_path / "a.npz").claimed is not None


def test_a_save_that_fails_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: Any, **arrays: Any) -> None:
        file.write(b"PK")
        raise OSError(28, "No space left on device")

    save_fixture(built_in_case("default"), tmp_path / "a.npz")
    before = (tmp_path / "a.npz").read_bytes()
    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        save_fixture(built_in_case("default"), tmp_path / "a.npz")
    assert (tmp_path / "a.npz").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


# properties

BYTES = {key: npy(value) for key, value in (COURSE | claimed()).items()} | {
    "activations": npy(["relu", "relu", "sigmoid"]),
    "loss": npy("bce"),
    "l2": npy(0.5),
    "D1": npy(np.ones((5, 3))),
}
many_examples = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read_or_refuse(path: Path) -> None:
    """Load a file: what is not refused is a problem whose loss can be taken."""
    try:
        network = load_fixture(path)
    except InputError as error:
        assert "\n" not in error.message
    else:
        network.loss(network.parameters)
        network.gradient(network.parameters)


@many_examples
@given(st.sampled_from(sorted(BYTES)), st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=6))
def test_a_fixture_with_mutated_bytes_raises_nothing_else(tmp_path: Path, key: str, place: float, value: bytes) -> None:
    mutated = bytearray(BYTES[key])
    start = int(place * len(mutated))
    mutated[start : start + len(value)] = value
    members = {f"{name}.npy": data for name, data in (BYTES | {key: bytes(mutated)}).items()}
    read_or_refuse(write_zip(tmp_path / "mutated.npz", *members.items()))


keys = st.sampled_from(sorted(BYTES)) | st.from_regex(r"(d?[WbD][0-4]|[XYxy]|loss|l2)", fullmatch=True)
arrays_of_any_kind = st.one_of(
    st.lists(st.integers(0, 5), max_size=3).map(np.ones),
    st.sampled_from(["f2", "i8", "?", "c8", "U4", "S3", "m8[s]", ">f4"]).map(lambda dtype: np.zeros((5, 4), dtype)),
    st.floats().map(np.array),
    st.text(st.characters(exclude_characters="\0"), max_size=5).map(np.array),
)


@many_examples
@given(st.dictionaries(keys, st.none() | arrays_of_any_kind, min_size=1, max_size=3))
def test_a_fixture_with_other_arrays_raises_nothing_else(tmp_path: Path, changes: dict[str, Any]) -> None:
    data = BYTES | {key: None if array is None else npy(array) for key, array in changes.items()}
    members = [(f"{key}.npy", array) for key, array in data.items() if array is not None]
    with np.errstate(all="ignore"):
        read_or_refuse(write_zip(tmp_path / "other.npz", *members))
