"""A model that holds its own parameters as a problem."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

from gradcheck_cli.problems.functions.calling import arguments_of, needed, weightless
from gradcheck_cli.problems.functions.function import FunctionProblem, call
from gradcheck_cli.problems.functions.own_arrays import numpy_array
from gradcheck_cli.problems.functions.returned import by_name, claimed_gradient, loss_and_gradient, scalar_loss
from gradcheck_cli.problems.objects.arrays import HeldArrays, held_by, listed
from gradcheck_cli.problems.objects.places import Place, places_in
from gradcheck_cli.problems.objects.tensors import HeldTensors, is_module, of_tensors
from gradcheck_cli.vocabulary.asking import asking, called
from gradcheck_cli.vocabulary.errors import GradcheckError, ProblemError, UserFunctionError
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["Held", "Model", "model_of", "model_problem", "own_arguments"]

LOSSES = (
    "loss", "compute_loss", "cost", "compute_cost", "objective", "neg_log_likelihood", "negative_log_likelihood", "nll",
    "log_likelihood", "loglik",
)  # fmt: skip
GRADIENTS = ("gradient", "gradients", "grad", "grads", "compute_gradients", "backward", "backprop", "backward_pass")
NUDGE = 1e-3  # of a parameter: enough to show even in float32
IN_DOUBLE = "the module is in float64 during the check: pass its arrays as data, or make them with .double()"
MOST_OTHERS = 50  # arrays that are tried
TWICE = 1e-6  # relative: what gradients that are added up may be off by


class Held(Protocol):
    """Parameters that a model holds."""

    def point(self) -> dict[str, Array]:
        """Return the parameters as they are."""

    def borrow(self) -> None:
        """Keep what there is, and have it in float64."""

    def give_back(self) -> None:
        """Put everything back as it was."""

    def put(self, arrays: Parameters) -> None:
        """Set the parameters."""

    def set_to_zero(self) -> None:
        """Set the gradients to zero."""

    def collected(self) -> dict[str, Array]:
        """Return the gradients that are kept beside the parameters."""


@dataclass
class Model:
    """A model, and how its loss and its gradients are had; it is borrowed until it is given back."""

    held: Held
    run: Callable[..., Any]
    """(**data) -> loss, or a tuple with it."""
    backward: Callable[..., Any] | None
    """(**data) -> gradients, or nothing where it leaves them in the model; None where `run` does one of both."""
    returns: bool = False
    """Whether the gradients are what is returned."""
    notes: Sequence[str] = ()
    """On how it is run."""

    def loss(self, parameters: Parameters, /, **data: Any) -> Any:
        """Return the loss."""
        self.held.put(parameters)
        return numpy_array(loss_in(self.run(**data), self.run))

    def gradient(self, parameters: Parameters, /, **data: Any) -> Any:
        """Return the gradients, whatever stood there before."""
        self.held.put(parameters)
        if self.backward is not None:
            self.run(**data)  # the backward pass may need what the forward pass keeps
        self.held.set_to_zero()
        answer = answered(self.run, self.backward, data)
        return answer if self.returns else self.held.collected()


def loss_in(answer: Any, source: Callable[..., Any]) -> Any:
    """Return the loss in what a model returned."""
    return loss_and_gradient(answer, called(source))[0] if is_tuple(answer) else answer


def loss_of(run: Callable[..., Any], **data: Any) -> float:
    """Run a model and return its loss as a number."""
    return scalar_loss(loss_in(call(run, **data), run), f"what {called(run)} returned")


def is_tuple(answer: Any) -> bool:
    """Whether an answer is more than a loss."""
    return isinstance(answer, tuple | list) and len(answer) > 1


def answered(run: Callable[..., Any], backward: Callable[..., Any] | None, data: Mapping[str, Any]) -> Any:
    """Return what comes back with the gradients; None where nothing does."""
    if backward is not None:
        return backward(**data)
    answer = run(**data)
    return loss_and_gradient(answer, called(run))[1] if is_tuple(answer) else None


def model_of(
    model: Any,
    loss: Callable[..., Any] | None,
    gradients: Callable[..., Any] | None,
    data: Mapping[str, Any],
    given: Mapping[str, Place],
) -> Model:
    """Find out how a model is run, where its parameters are and where their gradients come from.

    Parameters
    ----------
    model : object
        Holds the parameters.
    loss : callable or None
        (**data) -> loss, or the pair (loss, gradient); None for the model's own method.
    gradients : callable or None
        (**data) -> gradients, or nothing where it leaves them in the model; None where `loss` does so or returns both,
        for the model's own method, and for what torch makes of the loss.
    data : mapping of str to object
        What both get by keyword.
    given : mapping of str to Place
        Where the parameters are; empty where that is to be found.

    Raises
    ------
    ProblemError
        Where there is no loss, no parameter or no gradient.
    UserFunctionError
        Where the model raises.
    """
    if isinstance(model, type):
        raise ProblemError(f"{model.__name__} is a class, expected an object of it", hint=f"such as {model.__name__}()")
    run = loss or own_method(model, LOSSES)
    if run is None:
        raise ProblemError(
            f"the model has no {' or '.join(LOSSES[:3])}", hint="say how its loss is computed: --loss, loss="
        )
    if is_module(model):
        tensors, run = HeldTensors(model), of_tensors(run)
        tensors.borrow()
        try:
            call(run, **data)
        except UserFunctionError as error:
            tensors.give_back()
            error.hint = IN_DOUBLE if "dtype" in error.message else None
            raise
        return Model(tensors, run, of_tensors(gradients) if gradients else backward_of(run))
    with asking("finding the parameters raised"):
        before = places_in(model)
    first = call(run, **data)
    if number_of(first) is not None:  # it is of the model's own kind, and knows the way back
        run, gradients = partial(own_number, run), gradients or backward_of(run)
        first = number_of(first)
    scalar_loss(loss_in(first, run), f"what {called(run)} returned")
    own = None if is_tuple(first) else own_method(model, GRADIENTS)
    backward = gradients or own
    there_and_back = answering(run, backward)
    with asking("finding the parameters raised"):
        held = held_by(model, given, partial(loss_of, run, **data), partial(call, there_and_back, **data), before)
    held.borrow()
    try:
        answer = call(there_and_back, **data)
        returns = is_returned(answer, held)
    except BaseException:
        held.give_back()
        raise
    own_loss = None if loss else method_of(model, LOSSES)
    notes = weightless(own_loss, data) if own_loss else []
    if returns and isinstance(answer, tuple | list) and len(answer) > len(held.places) and not given:
        notes.append(
            f"{len(answer)} gradients are returned, but only {len(held.places)} checked: --parameters names them all"
        )
    return Model(held, run, backward, returns, notes)


def number_of(loss: Any) -> Any:
    """Return the number that a loss of somebody's own kind holds, one that can be gone back from; None of any other."""
    with asking("inspecting the loss raised"):
        if isinstance(loss, np.ndarray | float | int | tuple | list) or not callable(getattr(loss, "backward", None)):
            return None
        return next((held for name in ("data", "value") if (held := getattr(loss, name, None)) is not None), None)


def own_number(run: Callable[..., Any], **data: Any) -> Any:
    """Return the number of a loss that holds it."""
    return number_of(run(**data))


def answering(run: Callable[..., Any], backward: Callable[..., Any] | None) -> Callable[..., Any]:
    """Return a function of the data that runs the model forward and backward."""

    def there_and_back(**data: Any) -> Any:
        if backward is not None:
            run(**data)
        return answered(run, backward, data)

    there_and_back.__name__ = called(backward or run)
    return there_and_back


def backward_of(run: Callable[..., Any]) -> Callable[..., Any]:
    """Return what goes back from a loss that knows the way, as torch's does."""

    def backward(**data: Any) -> None:
        run(**data).backward()

    return backward


def own_method(model: Any, names: tuple[str, ...]) -> Callable[..., Any] | None:
    """Return the first of some methods that a model has, as a function of the data: by name, or else in order.

    Raises
    ------
    ProblemError
        Once it is called, where there is less data than it needs.
    """
    method = method_of(model, names)
    if method is None:
        return None
    arguments, option = arguments_of(method), "--loss" if names is LOSSES else "--grads"
    must = [name for name in arguments if name in needed(arguments)]

    def taking_data(**data: Any) -> Any:
        taken = {name: value for name, value in data.items() if name in arguments}
        if set(must) <= set(taken):
            return method(**taken)
        if len(data) < len(must):
            raise ProblemError(
                f"{called(method)} needs {listed(must)}, and there is {listed(data) if data else 'no data'}",
                hint=f"--data, or data=, has them; or {option} says how it is called: 'net.{called(method)}(...)'",
            )
        return method(*list(data.values())[: len(must)])

    taking_data.__name__ = called(method)
    return taking_data


def method_of(model: Any, names: tuple[str, ...]) -> Callable[..., Any] | None:
    """Return the first of some methods that a model has."""
    with asking("inspecting the model raised"):
        return next((found for name in names if callable(found := getattr(model, name, None))), None)


def own_arguments(model: Any, *, loss: bool, gradients: bool) -> set[str]:
    """Return what a model's own loss and gradients take: what they must be given, and what is None without.

    Parameters
    ----------
    model : object
        Has the methods.
    loss, gradients : bool
        Of which of them.
    """
    kinds = [*([LOSSES] if loss else []), *([GRADIENTS] if gradients else [])]
    methods = [method for names in kinds if (method := method_of(model, names)) is not None]
    every = [arguments_of(method) for method in methods]
    return {
        name
        for arguments in every
        for name, argument in arguments.items()
        if name in needed(arguments) or argument.default is None
    }


def is_returned(answer: Any, held: HeldArrays) -> bool:
    """Whether the gradients are what a model returned, and not what it left beside its parameters.

    Raises
    ------
    ProblemError
        Where they are neither.
    """
    point, without = held.point(), [name for name in held.places if name not in held.gradients]
    try:
        claimed_gradient(by_name(answer, point, "the model"), point, "the model")
    except GradcheckError:
        if without == list(point) and answer is not None:
            raise
        if without:
            raise ProblemError(
                f"there is no gradient of {listed(without)}: none is returned, and none is kept with it",
                hint="--grads says how to get the gradients; a gradient of W may be called dW, grad_W or W.grad",
            ) from None
        return False
    return isinstance(answer, Mapping) or bool(without)


def model_problem(model: Model, data: Mapping[str, Any], name: str) -> FunctionProblem:
    """Make a problem of a model that is borrowed.

    Raises
    ------
    ProblemError
        Where the loss depends on none of the parameters.
    """
    point = model.held.point()
    require_dependence(model, point, data)
    arrays = f"{len(point)} array{'s' * (len(point) > 1)} found in the model: {listed(point)}"
    where = "returned" if model.returns else "kept with them"
    notes = [f"{arrays}; the gradients are {where}", *model.notes, *added_up(model, point, data)]
    notes += left_out(model, point, data)
    loss, gradient = model.loss, model.gradient
    return FunctionProblem(point, loss, gradient, name, notes, data=data)


def require_dependence(model: Model, point: Parameters, data: Mapping[str, Any]) -> None:
    """Raise ProblemError where the loss stays as it is though all parameters are moved."""
    random = np.random.default_rng(0)
    here = number(model, point, data)
    for _ in range(2):
        moved = {
            name: values + NUDGE * random.uniform(0.5, 1.5, values.shape) * np.where(values == 0, 1.0, values)
            for name, values in point.items()
        }
        if number(model, moved, data) != here:
            model.held.put(point)
            return
    twins = getattr(model.held, "twins", {})
    name, twin = next(iter(twins.items()), ("", ""))
    raise ProblemError(
        f"the loss depends on none of the parameters that were found, {listed(point)}: were they copied?",
        hint=f"{twin} holds the same numbers as {name}, in another array" if twins else "--parameters names them",
    )


def left_out(model: Model, point: Parameters, data: Mapping[str, Any]) -> list[str]:
    """Say on which other arrays of the model its loss depends: a parameter may have been missed."""
    others = model.held.others if isinstance(model.held, HeldArrays) else {}
    here = number(model, point, data)
    found = [
        name for name, place in list(others.items())[:MOST_OTHERS] if number_beside(model, point, data, place) != here
    ]
    number(model, point, data)  # what the model keeps of a call is that of the point again
    return [f"the loss depends on {listed(found)} as well, which has no gradient: not checked"] if found else []


def number_beside(model: Model, point: Parameters, data: Mapping[str, Any], place: Place) -> float:
    """Return the loss with another array of the model moved; afterwards it is as it was."""
    values = place.get()
    kept = np.copy(values)
    try:
        place.write(kept + NUDGE * np.where(kept == 0, 1.0, kept))
        return number(model, point, data)
    finally:
        place.write(kept)
        if place.get() is not values:
            place.put(values)


def number(model: Model, parameters: Parameters, data: Mapping[str, Any]) -> float:
    """Return the loss as a number."""
    with np.errstate(all="ignore"):
        return scalar_loss(call(model.loss, parameters, **data), f"what {called(model.run)} returned")


def added_up(model: Model, point: Parameters, data: Mapping[str, Any]) -> list[str]:
    """Say whether gradients are added up from call to call where nobody sets them to zero; of torch that is known."""
    if model.returns or isinstance(model.held, HeldTensors):
        return []
    once = call(model.gradient, point, **data)
    call(answering(model.run, model.backward), **data)
    twice = model.held.collected()
    sizes = [float(np.max(np.abs(values))) for values in once.values()]
    doubled = all(
        np.all(np.abs(twice[name] - 2 * values) <= TWICE * size)
        for (name, values), size in zip(once.items(), sizes, strict=True)
    )
    return (
        ["the gradients accumulate from call to call; here they are set to zero before each call"]
        if any(sizes) and doubled
        else []
    )
