"""A function of tensors as a map of named numpy arrays, and a framework's products with its Jacobian J as the claim.

    outputs  F(x)
    vjp      J^T u, by the framework's backward pass: torch.autograd.grad(F(x), x, u), jax.vjp
    jvp      J v, by its forward mode: torch.autograd.forward_ad, jax.jvp
    pulled   the map (x, u) -> J(x)^T u, itself such a map, whose own backward pass is the double backward

What the function defines itself, as a torch.autograd.Function or a jax.custom_vjp, is so part of the claim and not of
F. Outputs that are whole numbers have no derivative and are left out.
"""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from gradcheck_cli.problems.devices.make import device_of
from gradcheck_cli.problems.functions.arguments import as_parameter
from gradcheck_cli.problems.functions.autograd import converted, double, import_framework
from gradcheck_cli.problems.functions.calling import by_name_or_position, by_position
from gradcheck_cli.problems.functions.complex_numbers import as_complex, is_complex
from gradcheck_cli.problems.functions.function import call
from gradcheck_cli.problems.functions.pytrees import leaves_of, replaced, with_arrays
from gradcheck_cli.vocabulary.asking import called, kind_of
from gradcheck_cli.vocabulary.errors import ProblemError, SettingError, UserFunctionError
from gradcheck_cli.vocabulary.parameters import Array, Parameters

if TYPE_CHECKING:
    from gradcheck_cli.problems.devices.jax_device import JaxDevice
    from gradcheck_cli.problems.devices.torch_device import TorchDevice

__all__ = ["BACKENDS", "AutogradMap", "autograd_map", "hinted", "is_loss", "is_module", "point_in_form"]

Tensors = Sequence[Any]
Function = Callable[..., list[Any]]
"""Of tensors, one after another, to tensors."""
OF_CUTS = ("numpy()", "requires grad", "does not require grad", "TracerArrayConversionError", "ConcretizationTypeError")
"""In what a framework raises where a function leaves its arrays."""
CUT = "look for detach(), .item(), .numpy() and torch.no_grad()"


class Backend(Protocol):
    """What a framework does with a function of its tensors; numbers come and go as float64 or complex128 arrays."""

    name: str
    hint: str
    """What to look for where a derivative is zero that should not be."""

    def tensor(self, array: Any) -> Any:
        """Return an array as a tensor."""

    def is_tensor(self, value: Any) -> bool:
        """Whether a value is a tensor."""

    def is_continuous(self, tensor: Any) -> bool:
        """Whether the numbers of a tensor are real or complex, and not whole."""

    def run(self, function: Function, arrays: Sequence[Array]) -> list[Array]:
        """Return what the function makes of arrays."""

    def vjp(self, function: Function, arrays: Sequence[Array], cotangents: Sequence[Array]) -> list[Array]:
        """Return J^T u for cotangents u of all outputs, an array for each argument."""

    def jvp(self, function: Function, arrays: Sequence[Array], tangents: Sequence[Array]) -> list[Array]:
        """Return J v for tangents v of all arguments, an array for each output."""

    def pulled(self, function: Function, count: int) -> Function:
        """Return the function of `count` arguments and then of cotangents that returns J^T u."""


@dataclass(frozen=True)
class AutogradMap:
    """A function of tensors at a point."""

    backend: Backend
    function: Function
    names: Sequence[str]
    """Of the parameters, which are its arguments."""
    output_names: Sequence[str]
    point: Parameters

    def arrays(self, values: Mapping[str, Array]) -> list[Array]:
        """Return arrays by name in the order of the parameters."""
        return [values[name] for name in self.names]

    def outputs(self, point: Mapping[str, Array]) -> dict[str, Array]:
        """Return the outputs at a point."""
        return self.by_output(self.backend.run(self.function, self.arrays(point)))

    def vjp(self, point: Mapping[str, Array], cotangents: Mapping[str, Array]) -> dict[str, Array]:
        """Return the gradient that the backward pass makes of cotangents."""
        given = [cotangents[name] for name in self.output_names]
        return dict(zip(self.names, self.backend.vjp(self.function, self.arrays(point), given), strict=True))

    def jvp(self, point: Mapping[str, Array], tangents: Mapping[str, Array]) -> dict[str, Array]:
        """Return the derivative of the outputs along tangents."""
        return self.by_output(self.backend.jvp(self.function, self.arrays(point), self.arrays(tangents)))

    def by_output(self, arrays: Sequence[Array]) -> dict[str, Array]:
        """Return what there is for each output by its name."""
        if len(arrays) != len(self.output_names):
            raise ProblemError(
                f"the function returned {len(arrays)} arrays of numbers, and {len(self.output_names)} before"
            )
        return dict(zip(self.output_names, arrays, strict=True))

    def pulled(self, cotangents: Mapping[str, Array]) -> AutogradMap:
        """Return the map (x, u) -> J(x)^T u at cotangents u: dy is the cotangent of y there, dx the gradient of x."""
        more = [f"d{name}" for name in self.output_names]
        if set(more) & set(self.names):
            more = [f"cotangent of {name}" for name in self.output_names]
        return AutogradMap(
            self.backend,
            self.backend.pulled(self.function, len(self.names)),
            [*self.names, *more],
            [f"d{name}" for name in self.names],
            {**self.point, **dict(zip(more, (cotangents[name] for name in self.output_names), strict=True))},
        )


def autograd_map(
    framework: str, function: Any, parameters: Any, data: Mapping[str, Any], device: str | None = None
) -> AutogradMap:
    """Make a map of a function of a framework's tensors, or of a torch.nn.Module.

    Parameters
    ----------
    framework : {"torch", "jax"}
        Whose tensors it takes.
    function : callable
        See `called_in_its_way`; a module has its own parameters besides, by their names.
    parameters : array_like, or mappings, lists and tuples of them
        The point; names are key paths, as ``layers.0.w``.
    data : mapping of str to object
        What the function gets by keyword.
    device : str, optional
        Where the framework keeps its arrays.

    Raises
    ------
    SettingError
        Where there is no such framework or device, or it has no such products.
    ProblemError
        Where the parameters are no real numbers, or the function returns something else than tensors.
    """
    backend = backend_of(framework, device)
    if is_module(function):
        function, parameters = of_module(backend, function, parameters, data)
    parameters = with_arrays(parameters)
    leaves = list(leaves_of(parameters, "x"))
    require_distinct([name for name, _ in leaves])
    point: dict[str, Any] = {
        name: (as_complex if is_complex(leaf) else as_parameter)(name, leaf) for name, leaf in leaves
    }
    if not point or not all(values.size for values in point.values()):
        raise ProblemError("there are no parameters, or an empty one: nothing to check")
    flat = Flat(backend, called_in_its_way(function, parameters, data), parameters, data)
    first_run(backend, flat, called(function), [values.copy() for values in point.values()])
    return AutogradMap(backend, flat, list(point), list(flat.output_names), point)


def backend_of(framework: str, device: str | None) -> Backend:
    """Return what a framework does on one of its devices, on the processor where none is asked for.

    Raises
    ------
    SettingError
        As for `autograd_map`.
    """
    import_framework(framework)
    if framework not in BACKENDS:
        known = ", ".join(BACKENDS)
        raise SettingError(f"autograd is {framework!r}, expected {known} for a function of more than one output")
    return BACKENDS[framework](device_of(framework, device))


def require_distinct(names: Sequence[str]) -> None:
    """Raise ProblemError where two leaves of a tree have one key path."""
    twice = [name for number, name in enumerate(names) if name in names[:number]]
    if twice:
        raise ProblemError(f"two arrays have the key path {twice[0]!r}, expected each to have its own")


@dataclass
class Flat:
    """A user's function as one of tensors, one after another, to tensors."""

    backend: Backend
    function: Callable[..., Any]
    parameters: Any
    """In the form in which the function gets them."""
    data: Mapping[str, Any]
    output_names: Sequence[str] = ()
    """Of what it returned last."""

    def __call__(self, *tensors: Any) -> list[Any]:
        """Return the outputs."""
        each = iter(tensors)
        arguments = replaced(self.parameters, lambda _: next(each))
        answer = self.function(arguments, **converted(dict(self.data), self.backend.tensor))
        found = list(self.outputs_in(answer))
        require_distinct([name for name, _ in found])
        outputs = dict(found)
        if not outputs:
            raise ProblemError(f"{called(self.function)} returned no tensor of real numbers: nothing to check")
        self.output_names = list(outputs)
        return list(outputs.values())

    def outputs_in(self, answer: Any) -> Iterator[tuple[str, Any]]:
        """Yield the tensors of real and complex numbers in an answer, by name."""
        for name, value in leaves_of(answer, "y"):
            if not self.backend.is_tensor(value):
                if isinstance(value, int | str):  # a flag or a size beside the outputs
                    continue
                raise ProblemError(
                    f"{name} from {called(self.function)} is {kind_of(value)}, expected what {self.backend.name} made",
                    hint=f"a graph ends where an array leaves {self.backend.name}: {self.backend.hint}",
                )
            if self.backend.is_continuous(value):
                yield name, value


def called_in_its_way(function: Any, parameters: Any, data: Mapping[str, Any]) -> Callable[..., Any]:
    """Return a function of the parameters in the form in which they are given, and of data by keyword.

    Where the parameters are a mapping, a function that has an argument for each is called by their names; one that
    takes them one after another, as ``Function.apply`` does, by position.
    """
    if not callable(function):
        raise ProblemError(f"the function is {kind_of(function)}, expected something to call")
    if isinstance(function, type) and hasattr(function, "apply"):
        name = called(function)
        raise ProblemError(f"{name} is a class, expected something to call with arrays", hint=f"{name}.apply is one")
    if not isinstance(parameters, Mapping):
        return partial(_applied, by_position(function, ["x"], list(data))) if data and is_apply(function) else function
    names = [str(name) for name in parameters]
    return by_name_or_position(function, names, list(data))


def _applied(function: Callable[..., Any], array: Any, /, **data: Any) -> Any:
    return function({"x": array}, **data)


def point_in_form(function: Any, parameters: Mapping[str, Any], data: Mapping[str, Any]) -> Any:
    """Return the point as a function gets it: one parameter as an array, unless it is taken by its name."""
    plain = not is_module(function) and called_in_its_way(function, parameters, data) is function
    alone = plain and len(parameters) == 1
    return next(iter(parameters.values())) if alone else parameters


def is_loss(
    framework: str, function: Any, parameters: Mapping[str, Any], data: Mapping[str, Any], device: str | None
) -> bool:
    """Whether what a function of tensors returns is one number; a torch.autograd.Function or a module is no loss."""
    if is_module(function) or is_apply(function):
        return False
    backend = backend_of(framework, device)
    form = point_in_form(function, parameters, data)
    taking = called_in_its_way(function, form, data)
    answer: Any = None

    def kept(*tensors: Any) -> list[Any]:
        nonlocal answer
        each = iter(tensors)
        answer = taking(replaced(form, lambda _: next(each)), **converted(dict(data), backend.tensor))
        return []

    first_run(backend, kept, called(function), [double(np.asarray(leaf) + 0.0) for _, leaf in leaves_of(form)])
    if backend.is_tensor(answer):
        return bool(math.prod(answer.shape) == 1)
    return isinstance(answer, float | np.generic)


def first_run(backend: Backend, function: Function, name: str, arrays: Sequence[Any]) -> None:
    """Call a function for the first time; an error of its own tells where a graph may end."""
    run = partial(backend.run, function)
    run.__name__ = name  # type: ignore[attr-defined]  # by which messages call it
    with hinted(backend.hint):
        call(run, arrays)


@contextmanager
def hinted(hint: str) -> Iterator[None]:
    """Say where to look if the function raises because a graph ends in it."""
    try:
        yield
    except UserFunctionError as error:
        if any(word in error.message for word in OF_CUTS):
            error.hint = f"a graph ends there: {hint}"
        raise


def is_apply(function: Any) -> bool:
    """Whether a function is the apply of a class."""
    return isinstance(getattr(function, "__self__", None), type) and called(function) == "apply"


def is_module(function: Any) -> bool:
    """Whether something is a torch.nn.Module, or a class of such; torch is imported by now, if it is."""
    kinds = function.__mro__ if isinstance(function, type) else type(function).__mro__
    return any(kind.__module__.startswith("torch.nn.") and kind.__name__ == "Module" for kind in kinds)


def of_module(backend: Any, module: Any, inputs: Any, data: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return a function of a module's inputs and of its own parameters, and all of them; the module is copied."""
    torch = backend.torch
    with torch.random.fork_rng():
        torch.manual_seed(0)
        own = (module() if isinstance(module, type) else copy.deepcopy(module)).double().to(backend.device.where)
    weights = {n: p.detach().cpu().numpy().copy() for n, p in own.named_parameters() if p.requires_grad}
    given = dict(inputs) if isinstance(inputs, Mapping) else {"x": inputs}
    both = sorted(set(given) & set(weights))
    if both:
        raise ProblemError(f"{both[0]!r} is both an input and a parameter of the module, expected one of them")
    forward = called_in_its_way(own.forward, given, data)
    names = list(given)
    if len(names) == 1 and forward == own.forward:  # it has an argument of another name
        forward = lambda named, /, **more: own.forward(named[names[0]], **more)  # noqa: E731

    class Around(torch.nn.Module):  # type: ignore[misc, name-defined]  # so that its parameters can be replaced
        def __init__(self) -> None:
            super().__init__()
            self.own = own

        def forward(self, named: Any, more: Any) -> Any:
            return forward(named, **more)

    around = Around()

    def function(tensors: Mapping[str, Any], /, **more: Any) -> Any:
        held = {f"own.{name}": tensors[name] for name in weights}
        return torch.func.functional_call(around, held, ({name: tensors[name] for name in names}, more))

    function.__name__ = called(module) if isinstance(module, type) else kind_of(module)
    return function, {**given, **weights}


class TorchBackend:
    """The products of torch."""

    name = "torch"
    hint = CUT

    def __init__(self, device: TorchDevice) -> None:
        self.device, self.torch = device, device.torch
        self.tensor, self.in_double = device.put, partial(device.default_of, "float64")

    def is_tensor(self, value: Any) -> bool:
        """Whether a value is a tensor."""
        return isinstance(value, self.torch.Tensor)

    def is_continuous(self, tensor: Any) -> bool:
        """Whether the numbers of a tensor are real or complex, and not whole."""
        return bool(tensor.is_floating_point() or tensor.is_complex())

    def watched(self, arrays: Sequence[Array]) -> list[Any]:
        """Return arrays as tensors whose use is recorded."""
        return [self.tensor(array).requires_grad_() for array in arrays]

    def copies(self, tensors: Tensors) -> list[Any]:
        """Return recorded copies: a function may write to them, as an activation in place does."""
        return [tensor.clone() for tensor in tensors]

    def run(self, function: Function, arrays: Sequence[Array]) -> list[Array]:
        """Return the outputs; the arguments are watched, for a function may differentiate by them itself."""
        with self.in_double():
            return [self.number(y) for y in function(*self.copies(self.watched(arrays)))]

    def vjp(self, function: Function, arrays: Sequence[Array], cotangents: Sequence[Array]) -> list[Array]:
        """Return J^T u; zeros where no graph leads to an argument."""
        with self.in_double():
            x = self.watched(arrays)
            y = function(*self.copies(x))
            given = [self.cotangent(u, output) for u, output in zip(cotangents, y, strict=True)]
            return [self.number(slope) for slope in self.slopes(y, x, given, create_graph=False)]

    def jvp(self, function: Function, arrays: Sequence[Array], tangents: Sequence[Array]) -> list[Array]:
        """Return J v; zeros where no tangent leads to an output."""
        forward = self.torch.autograd.forward_ad
        with warnings.catch_warnings(), self.in_double(), forward.dual_level():
            warnings.filterwarnings("ignore", module=r"torch\.")  # of what it loads for forward mode
            pairs = zip(arrays, tangents, strict=True)
            x = [forward.make_dual(self.tensor(array), self.tensor(v)) for array, v in pairs]
            duals = [forward.unpack_dual(y) for y in function(*self.copies(x))]
            return [self.number(self.torch.zeros_like(y) if v is None else v) for y, v in duals]

    def pulled(self, function: Function, count: int) -> Function:
        """Return the function (x, u) -> J^T u, recorded so that it can be differentiated."""

        def pulled(*tensors: Any) -> list[Any]:
            x, u = tensors[:count], tensors[count:]
            y = function(*self.copies(x))
            given = [v.to(output.dtype) for v, output in zip(u, y, strict=True)]
            return self.slopes(y, x, given, create_graph=True)

        return pulled

    def slopes(self, y: Tensors, x: Tensors, u: Tensors, *, create_graph: bool) -> list[Any]:
        """Return J^T u as tensors.

        Raises
        ------
        ProblemError
            Where no graph leads from any output to the arguments.
        """
        pairs = [(output, v) for output, v in zip(y, u, strict=True) if output.requires_grad]
        if not pairs:
            raise ProblemError("no graph leads from the outputs to the parameters", hint=self.hint)
        outputs, given = zip(*pairs, strict=True)
        found = self.torch.autograd.grad(outputs, x, given, create_graph=create_graph, allow_unused=True)
        if any(slope is None for slope in found) and self.is_once(outputs):
            raise ProblemError("a backward pass is marked with @once_differentiable")
        return [self.torch.zeros_like(of) if slope is None else slope for slope, of in zip(found, x, strict=True)]

    def is_once(self, outputs: Tensors) -> bool:
        """Whether a backward pass that may not be differentiated is part of the graph."""
        waiting, seen = [output.grad_fn for output in outputs], set()
        while waiting:
            node = waiting.pop()
            if node is None or node in seen:
                continue
            seen.add(node)
            if node.name().rpartition("::")[2] in ("Error", "DelayedError"):
                return True
            waiting += [following for following, _ in node.next_functions]
        return False

    def cotangent(self, u: Array, output: Any) -> Any:
        """Return a cotangent of an output, in its precision."""
        return self.tensor(u).to(output.dtype)

    def number(self, tensor: Any) -> Array:
        """Return a tensor as an array."""
        wide = self.torch.complex128 if tensor.is_complex() else self.torch.float64
        return np.array(tensor.detach().resolve_conj().to(wide).cpu().numpy())


class JaxBackend:
    """The products of jax."""

    name = "jax"
    hint = "look for stop_gradient, and for numpy instead of jax.numpy"

    def __init__(self, device: JaxDevice) -> None:
        self.device, self.jax, self.numpy = device, device.jax, device.xp
        self.tensor = device.put

    def is_tensor(self, value: Any) -> bool:
        """Whether a value is an array of jax."""
        return isinstance(value, self.jax.Array)

    def is_continuous(self, tensor: Any) -> bool:
        """Whether the numbers of an array are real or complex, and not whole."""
        return bool(self.numpy.issubdtype(tensor.dtype, self.numpy.inexact))

    def run(self, function: Function, arrays: Sequence[Array]) -> list[Array]:
        """Return the outputs."""
        return [self.number(y) for y in function(*map(self.tensor, arrays))]

    def vjp(self, function: Function, arrays: Sequence[Array], cotangents: Sequence[Array]) -> list[Array]:
        """Return J^T u."""
        y, pull = self.jax.vjp(function, *map(self.tensor, arrays))
        given = [self.numpy.array(u, dtype=output.dtype) for u, output in zip(cotangents, y, strict=True)]
        return [self.number(slope) for slope in pull(given)]

    def jvp(self, function: Function, arrays: Sequence[Array], tangents: Sequence[Array]) -> list[Array]:
        """Return J v."""
        x, v = (tuple(map(self.tensor, each)) for each in (arrays, tangents))
        return [self.number(slope) for slope in self.jax.jvp(function, x, v)[1]]

    def pulled(self, function: Function, count: int) -> Function:
        """Return the function (x, u) -> J^T u."""

        def pulled(*tensors: Any) -> list[Any]:
            y, pull = self.jax.vjp(function, *tensors[:count])
            return list(pull([u.astype(output.dtype) for u, output in zip(tensors[count:], y, strict=True)]))

        return pulled

    def number(self, array: Any) -> Array:
        """Return an array of jax as one of numpy."""
        return np.array(array, dtype=np.complex128 if np.iscomplexobj(array) else np.float64)


BACKENDS: dict[str, Callable[[Any], Backend]] = {"torch": TorchBackend, "jax": JaxBackend}
"""By framework, what it does on one of its devices."""
