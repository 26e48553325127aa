"""Objects that hold their own parameters: found, checked, and left as they were."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import check_model
from gradcheck_cli.vocabulary.errors import GradcheckError, ProblemError
from gradcheck_cli.vocabulary.results import Verdict

R = np.random.default_rng(0)
X, Y = R.normal(size=(5, 3)), R.normal(size=(5, 2))
DATA = {"X": X, "y": Y}


class Affine:
    """A layer that keeps its input, its output and their gradients as well."""

    def __init__(self, W: Any, b: Any) -> None:
        self.W, self.b = W, b
        self.dW: Any = None
        self.db: Any = None

    def forward(self, x: Any) -> Any:
        self.x = x
        self.out = x @ self.W + self.b
        return self.out

    def backward(self, dout: Any) -> Any:
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        self.dx = dout @ self.W.T
        return self.dx


class Net:
    """Two layers; the first gradient is multiplied by `wrong`."""

    def __init__(self, wrong: float = 1.0, dtype: Any = np.float64) -> None:
        random = np.random.default_rng(1)
        self.wrong, self.lr = wrong, 0.1
        first = Affine(random.normal(size=(3, 4)).astype(dtype), random.normal(size=4).astype(dtype))
        self.layers = [first, Affine(random.normal(size=(4, 2)).astype(dtype), random.normal(size=2).astype(dtype))]

    def loss(self, X: Any, y: Any) -> Any:
        self.h = np.tanh(self.layers[0].forward(X))
        self.error = self.layers[1].forward(self.h) - y
        return np.mean(self.error**2)

    def backward(self) -> Any:
        dh = self.layers[1].backward(2 * self.error / self.error.size)
        dx = self.layers[0].backward(dh * (1 - self.h**2))
        self.layers[0].dW = self.wrong * self.layers[0].dW
        return dx


def names(report: Any) -> list[str]:
    return [row.name for row in report.parameters]


@pytest.mark.parametrize("wrong", [1.0, 1.0001])
def test_layers_that_keep_what_they_get_are_no_parameters_for_that(wrong: float) -> None:
    net = Net(wrong)
    for _ in range(2):  # the second time every attribute is there already
        report = check_model(net, data=DATA)
        assert report.passed == (wrong == 1.0)
        assert names(report) == ["layers[0].W", "layers[0].b", "layers[1].W", "layers[1].b"]
        assert [row.name for row in report.parameters if row.verdict is not Verdict.PASS] == ["layers[0].W"] * (
            wrong != 1
        )


def test_everything_is_left_as_it_was() -> None:
    net = Net(dtype=np.float32)
    arrays = [a for layer in net.layers for a in (layer.W, layer.b)]
    before = copy.deepcopy(arrays)
    report = check_model(net, data=DATA)
    assert report.passed
    assert not any("float32" in note for note in report.notes)  # they were in float64 meanwhile
    after = [a for layer in net.layers for a in (layer.W, layer.b)]
    for array, other, kept in zip(arrays, before, after, strict=True):
        assert kept is array
        assert array.dtype == np.float32
        assert (array == other).all()


def test_so_it_is_where_the_check_cannot_be_made() -> None:
    net = Net()
    there, before = net.layers[0].W, copy.deepcopy(net.layers[0].W)
    net.layers[1].backward = lambda dout: 1 / 0  # type: ignore[method-assign]
    with pytest.raises(GradcheckError, match="ZeroDivisionError"):
        check_model(net, data=DATA)
    assert net.layers[0].W is there
    assert (there == before).all()


class Parted:
    """Parameters by name; the layers hold the same arrays, or copies of them."""

    def __init__(self, *, copied: bool) -> None:
        random = np.random.default_rng(1)
        self.params = {"W": random.normal(size=(3, 2)), "b": random.normal(size=2)}
        self.layer = Affine(*(copy.deepcopy(list(self.params.values())) if copied else self.params.values()))

    def loss(self, X: Any, y: Any) -> Any:
        e = self.layer.forward(X) - y
        self.layer.backward(2 * e / e.size)
        return np.mean(e**2), {"W": self.layer.dW, "b": self.layer.db}


def test_a_dict_of_parameters_that_layers_share() -> None:
    report = check_model(Parted(copied=False), data=DATA)
    assert report.passed
    assert names(report) == ["W", "b"]


def test_parameters_that_were_copied_are_told_of() -> None:
    with pytest.raises(
        ProblemError, match=r"depends on none of the parameters that were found, W, b: were they copied"
    ):
        check_model(Parted(copied=True), data=DATA)
    with pytest.raises(ProblemError) as caught:
        check_model(Parted(copied=True), data=DATA)
    assert caught.value.hint == "layer.W holds the same numbers as W, in another array"


class Adding:
    """Gradients are added up, and the loss does it."""

    def __init__(self, scale: float = 2.0, *, zeroed: bool = False) -> None:
        self.w, self.w_diff, self.scale, self.zeroed = np.array([1.0, -2.0, 0.5]), np.zeros(3), scale, zeroed

    def loss(self, X: Any, y: Any) -> Any:
        if self.zeroed:
            self.w_diff[...] = 0
        e = X @ self.w - y[:, 0]
        self.w_diff += self.scale * X.T @ e
        return e @ e


@pytest.mark.parametrize(("scale", "passed"), [(2.0, True), (4.0, False)])
def test_gradients_that_are_added_up_are_set_to_zero_and_told_of(scale: float, passed: bool) -> None:
    report = check_model(Adding(scale), data=DATA)
    assert report.passed == passed
    assert any("accumulate from call to call" in note for note in report.notes)
    assert not any("accumulate" in note for note in check_model(Adding(zeroed=True), data=DATA).notes)


def test_a_gradient_of_before_does_not_pass_for_one_that_is_not_computed() -> None:
    class Stale(Adding):
        def loss(self, X: Any, y: Any) -> Any:
            e = X @ self.w - y[:, 0]
            return e @ e

    model = Stale()
    e = X @ model.w - Y[:, 0]
    model.w_diff = 2 * X.T @ e  # right, and of another day
    assert not check_model(model, data=DATA).passed


def test_some_without_a_gradient_are_told_of() -> None:
    model = SimpleNamespace(params={"w": np.ones(3), "v": np.ones(3)}, grads={"w": np.zeros(3)})

    def loss() -> float:
        model.grads["w"] = 2 * model.params["w"]
        return float((model.params["w"] ** 2).sum() + model.params["v"].sum())

    with pytest.raises(ProblemError, match="there is no gradient of v"):
        check_model(model, loss=loss)


def test_one_that_the_loss_ignores_while_its_gradient_says_otherwise_fails() -> None:
    model = SimpleNamespace(w=np.ones(3), dw=np.zeros(3), v=np.ones(2), dv=np.zeros(2))

    def loss() -> float:
        model.dw, model.dv = 2 * model.w, np.ones(2)
        return float((model.w**2).sum())

    report = check_model(model, loss=loss)
    assert [row.verdict for row in report.parameters] == [Verdict.PASS, Verdict.FAIL]


@pytest.mark.parametrize("wrong", [1.0, 2.0])
def test_numbers_and_their_gradients_in_objects(wrong: float) -> None:
    weights: list[Any] = [SimpleNamespace(data=data, grad=0) for data in (0.5, 1, 0)]
    model = SimpleNamespace(neurons=[SimpleNamespace(w=weights)])

    def loss() -> float:
        return float(sum(w.data**3 + w.data for w in weights))

    def backward() -> None:
        for w in weights:
            w.grad += wrong * (3 * w.data**2 + 1)

    report = check_model(model, loss=loss, gradients=backward)
    assert report.passed == (wrong == 1.0)
    assert names(report) == ["neurons[0].w[0]", "neurons[0].w[1]", "neurons[0].w[2]"]
    assert [repr(w.data) for w in weights] == ["0.5", "1", "0"]


@pytest.mark.parametrize("chosen", ["list", "dict"])
def test_the_parameters_may_be_said(chosen: str) -> None:
    model = SimpleNamespace(theta=np.array([1.0, 2.0]), prior=np.array([0.5, 0.5]))
    parameters: Any = [model.theta] if chosen == "list" else {"t": model.theta}
    report = check_model(
        model,
        loss=lambda: float((model.prior * model.theta**2).sum()),
        gradients=lambda: 2 * model.prior * model.theta,
        parameters=parameters,
    )
    assert report.passed
    assert names(report) == ["theta" if chosen == "list" else "t"]
    with pytest.raises(GradcheckError, match="not an array of the model"):
        check_model(model, loss=lambda: 0.0, gradients=lambda: 0.0, parameters=[model.theta.copy()])


def test_attributes_that_cannot_be_replaced_are_written_to() -> None:
    class Fixed:
        __slots__ = ("_grad", "_w")

        def __init__(self) -> None:
            self._w, self._grad = np.array([1.0, 2.0]), (np.zeros(2),)

    model = SimpleNamespace(params=(np.array([1.0, 2.0]), np.array([3.0])), inner=Fixed())
    report = check_model(
        model,
        loss=lambda: float((model.params[0] ** 2).sum() * model.params[1][0]),
        gradients=lambda: (2 * model.params[0] * model.params[1], (model.params[0] ** 2).sum(keepdims=True)),
    )
    assert report.passed
    assert model.params[0].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "model",
    [None, 3, object(), SimpleNamespace(loss=lambda: 1.0), SimpleNamespace(w=np.ones(2)), {"w": np.ones(2)}],
)
def test_what_is_no_model_is_refused(model: Any) -> None:
    with pytest.raises(GradcheckError):
        check_model(model)


@pytest.mark.parametrize("wrong", [1.0, 2.0])
def test_whole_numbers_may_be_parameters(wrong: float) -> None:
    class Line:
        def __init__(self) -> None:
            self.w, self.b, self.epochs, self.db = np.array([1, -2]), 0, 100, None

        def loss(self) -> Any:
            x = np.array([0.5, 1.0])
            e = self.w @ x + self.b - 1
            self.dw, self.db = 2 * e * x, wrong * 2 * e
            return e**2

    line = Line()
    report = check_model(line)
    assert names(report) == ["w", "b"]
    assert report.passed == (wrong == 1.0)
    assert line.w.dtype == int
    assert repr(line.b) == "0"


def test_of_a_dict_of_parameters_whole_numbers_are_some_only_with_a_gradient() -> None:
    params: dict[str, Any] = {"w": np.array([1.0, 2.0]), "b": 0, "layers": 3}
    model = SimpleNamespace(params=params)
    report = check_model(
        model,
        loss=lambda: (params["w"] ** 2).sum() + params["b"] ** 2 * params["layers"] + params["b"],
        gradients=lambda: {"w": 2 * params["w"], "b": 2 * params["b"] * params["layers"] + 1.0},
    )
    assert report.passed
    assert names(report) == ["w", "b"]


def test_an_array_without_a_gradient_on_which_the_loss_depends_is_told_of() -> None:
    net = Net()
    net.scale = np.array([1.0, 2.0])  # type: ignore[attr-defined]
    net.unused = np.array([1.0, 2.0])  # type: ignore[attr-defined]

    def loss(X: Any, y: Any) -> Any:
        return Net.loss(net, X, y) * net.scale[0]  # type: ignore[attr-defined]

    report = check_model(net, loss=loss, data=DATA)
    assert report.passed
    assert "the loss depends on scale as well, which has no gradient: not checked" in report.notes
    assert net.scale.tolist() == [1.0, 2.0]  # type: ignore[attr-defined]
    assert not any("depends on" in note for note in check_model(Net(), data=DATA).notes)


def test_a_class_is_told_from_an_object() -> None:
    with pytest.raises(ProblemError, match="Net is a class, expected an object of it"):
        check_model(Net, data=DATA)


def test_a_step_of_a_grid_is_no_gradient() -> None:
    model = SimpleNamespace(x=np.linspace(0, 1, 5), dx=0.25, w=np.array([1.0, 2.0]), dw=np.zeros(2))

    def loss() -> float:
        model.dw = np.array([1.0, model.x.sum()]) * model.dx
        return float((model.w[0] + model.w[1] * model.x.sum()) * model.dx)

    report = check_model(model, loss=loss)
    assert report.passed
    assert names(report) == ["w"]


def test_a_gradient_of_another_shape_is_told_of() -> None:
    model = SimpleNamespace(b=np.ones((3, 1)), db=None)

    def loss() -> float:
        model.db = (2 * model.b).sum(axis=1)
        return float((model.b**2).sum())

    with pytest.raises(ProblemError) as caught:
        check_model(model, loss=loss)
    assert "keepdims" in str(caught.value.hint)


def test_what_raises_when_it_is_looked_at_is_told_of() -> None:
    class Raising:
        def __init__(self) -> None:
            self.__dict__["w"] = np.ones(2)

        @property
        def w(self) -> Any:
            raise RuntimeError("not yet")

    with pytest.raises(GradcheckError, match="not yet"):
        check_model(Raising(), loss=lambda: 1.0)


def test_a_module_whose_arrays_are_in_float32_elsewhere_says_what_to_do() -> None:
    torch = pytest.importorskip("torch")
    net, x = torch.nn.Linear(3, 1), torch.ones(2, 3)
    with pytest.raises(GradcheckError) as caught:
        check_model(net, loss=lambda: net(x).sum())
    assert "float64" in str(caught.value.hint)
    assert net.weight.dtype == torch.float32


def test_a_model_that_holds_itself_is_walked_once() -> None:
    net = Net()
    net.layers[0].owner = net  # type: ignore[attr-defined]
    assert check_model(net, data=DATA).passed


@pytest.mark.parametrize("wrong", [1.0, 2.0])
def test_a_module_of_torch_is_left_as_it_was(wrong: float) -> None:
    torch = pytest.importorskip("torch")

    class Scaled(torch.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 1.0

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            return wrong * dout

    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    report = check_model(
        net, loss=lambda X, y: ((Scaled.apply(net[:3](X)) @ net[3].weight.T - y) ** 2).mean(), data=DATA
    )
    wrong_ones = [row.name for row in report.parameters if row.verdict is not Verdict.PASS]
    assert report.passed == (wrong == 1.0), report.reasons
    assert ("0.weight" in wrong_ones) == (wrong == 2.0)
    assert "3.weight" not in wrong_ones
    assert torch.get_default_dtype() == torch.float32
    after = net.state_dict()
    assert all(
        after[name].dtype == tensor.dtype and torch.equal(after[name], tensor) for name, tensor in before.items()
    )
    assert all(tensor.grad is None for tensor in net.parameters())


class Number:
    """A number of somebody's own that knows the way back."""

    def __init__(self, data: float, back: Any = None) -> None:
        self.data, self.grad, self.back = data, 0.0, back

    def cubed(self, slope: float) -> Number:
        def back(grad: float) -> None:
            self.grad += slope * self.data**2 * grad

        return Number(self.data**3, back)

    def backward(self) -> None:
        self.back(1.0)


@pytest.mark.parametrize("slope", [3.0, 2.0])
def test_a_loss_of_somebody_s_own_kind_is_its_number_and_goes_back_by_itself(slope: float) -> None:
    class Model:
        def __init__(self) -> None:
            self.w = [Number(0.7), Number(-1.2)]

        def loss(self) -> Number:
            parts = [w.cubed(slope) for w in self.w]

            def back(grad: float) -> None:
                for part in parts:
                    part.back(grad)

            return Number(sum(part.data for part in parts), back)

    report = check_model(Model())
    assert report.passed == (slope == 3.0)
    assert [row.name for row in report.parameters] == ["w[0]", "w[1]"]


@pytest.mark.parametrize("wrong", [1.0, 2.0])
def test_a_bias_that_is_one_number_is_a_parameter_where_its_gradient_is_returned(wrong: float) -> None:
    class Line:
        def __init__(self) -> None:
            self.w, self.rate, self.b = np.array([0.5, -1.0]), 0.1, 0.3

        def loss(self, x: Any, y: Any) -> Any:
            return np.mean((x @ self.w + self.b - y) ** 2)

        def gradient(self, x: Any, y: Any) -> tuple[Any, Any]:
            e = x @ self.w + self.b - y
            return 2 * x.T @ e / len(e), wrong * 2 * e.mean()

    data = {"x": np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 1.0]]), "y": np.array([1.0, 0.0, -2.0])}
    line = Line()
    report = check_model(line, data=data)
    assert [row.name for row in report.parameters] == ["w", "b"]
    assert report.passed == (wrong == 1.0)
    assert (line.rate, line.b) == (0.1, 0.3)


def test_gradients_that_are_not_checked_are_told_of() -> None:
    class Line:
        def __init__(self) -> None:
            self.w = np.array([0.5, -1.0])

        def loss(self, x: Any) -> Any:
            return np.sum((x @ self.w) ** 2)

        def gradient(self, x: Any) -> tuple[Any, Any]:
            return 2 * x.T @ (x @ self.w), 2 * np.outer(x @ self.w, self.w)

    report = check_model(Line(), data={"x": np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 1.0]])})
    assert report.passed
    assert "2 gradients are returned, but only 1 checked" in "".join(report.notes)


@pytest.mark.parametrize("wrong", [1.0, 2.0])
def test_gradients_under_the_last_steps_of_the_names(wrong: float) -> None:
    class Inner:
        def __init__(self) -> None:
            self.w, self.c = np.array([0.5, -1.0]), 0.3

    class Outer:
        def __init__(self) -> None:
            self.p = Inner()

        def loss(self) -> Any:
            return np.sum(self.p.w**3) * self.p.c

        def gradient(self) -> dict[str, Any]:
            return {"dw": wrong * 3 * self.p.w**2 * self.p.c, "dc": np.sum(self.p.w**3)}

    report = check_model(Outer())
    assert {row.name: row.verdict for row in report.parameters} == {
        "w": Verdict.PASS if wrong == 1 else Verdict.FAIL,
        "c": Verdict.PASS,
    }


@pytest.mark.parametrize("wrong", [1.0, 2.0])
def test_what_a_returned_gradient_names_is_a_parameter_beside_those_in_a_container(wrong: float) -> None:
    class Line:
        def __init__(self) -> None:
            self.params, self.scale = {"w": np.array([0.5, -1.0])}, 0.7

        def loss(self) -> Any:
            return np.sum(self.params["w"] ** 3) * self.scale

        def gradient(self) -> dict[str, Any]:
            return {"w": 3 * self.params["w"] ** 2 * self.scale, "scale": wrong * np.sum(self.params["w"] ** 3)}

    report = check_model(Line())
    assert {row.name.rpartition(".")[2]: row.verdict for row in report.parameters} == {
        "w": Verdict.PASS,
        "scale": Verdict.PASS if wrong == 1 else Verdict.FAIL,
    }
