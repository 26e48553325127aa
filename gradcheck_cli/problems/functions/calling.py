"""The forms in which functions take named arrays: a dict, a list, each by its name, or one alone."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gradcheck_cli.problems.functions.pytrees import replaced
from gradcheck_cli.problems.functions.trees import tree_of_names
from gradcheck_cli.vocabulary.asking import asking, called
from gradcheck_cli.vocabulary.errors import UserFunctionError

__all__ = ["Form", "arguments_of", "by_name_or_position", "by_position", "has_each", "needed", "weightless"]

OF_ANOTHER_FORM = (TypeError, IndexError, KeyError, AttributeError, ValueError)
"""What a function may raise that was given its arrays in another form than it takes them in."""
WEIGHT = re.compile(r"reg|regulari[sz]\w*|reg_\w+|lambd\w*|lam|l[12]\w*|alpha|\w*penalty\w*|\w*decay\w*", re.IGNORECASE)
"""What the weight of a penalty is called."""


@dataclass(frozen=True)
class Way:
    """One way to call a function with named arrays."""

    tree: Any
    """The names in the form in which it takes the arrays."""
    kind: str
    """``one``: the tree as its first argument; ``named``: the parts of the tree by their keys; ``each``: in order."""

    def call(self, function: Callable[..., Any], arrays: Mapping[str, Any], data: Mapping[str, Any]) -> Any:
        """Call the function."""
        given = replaced(self.tree, arrays.__getitem__)
        if self.kind == "named":
            return function(**given, **data)
        if self.kind == "each":
            return function(*(given.values() if isinstance(given, dict) else given), **data)
        return function(given, **data)


@dataclass
class Choice:
    """The ways in which a function may be called, and the one in which it could be."""

    ways: Sequence[Way]
    others: list[Choice]
    """Those of the functions that go with it: what one of them takes is likely."""
    way: Way | None = None

    def first(self, function: Callable[..., Any], arrays: Mapping[str, Any], data: Mapping[str, Any]) -> Any:
        """Call the function in the first way in which it does not raise; if it always does, raise what came first."""
        likely = [other.way for other in self.others if other.way is not None]
        raised: Exception | None = None
        for way in sorted(self.ways, key=lambda way: way not in likely):
            try:
                answer = way.call(function, arrays, data)
            except OF_ANOTHER_FORM as error:  # noqa: PERF203  (at the first call alone)
                raised = raised or error
            else:
                self.way = way
                return answer
        raise raised or AssertionError("there is a way")


@dataclass
class Form:
    """The form in which the caller holds the arrays, and those in which functions may take them.

    A function may be one of the whole; of its parts by their own names, where it has an argument for each of them; of
    these in order, where it takes so many; of the one array, where there is one. The first way in which a function does
    not raise is kept.
    """

    names: Any
    """Those of the arrays, in the caller's form."""
    data: Collection[str] = ()
    """What the functions get besides, by keyword."""
    by_file: bool = False
    """Whether the names alone may speak of a form, as ``layers[0].W`` does."""
    alone: str = "dict"
    """How one array is handed over first: in a ``dict``, as an ``array``, or by its ``name``."""
    choices: list[Choice] = field(default_factory=list)
    """Of the functions so far."""

    def of(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function of a dict of named arrays that calls another one in the form that this takes."""
        ways = [way for tree in self.trees() for way in self.ways(function, tree)]
        ways.sort(key=lambda way: way.kind != "named" or len(way.tree) < 2)  # an argument for each is no chance
        if len(ways) == 1 and ways[0].kind == "one" and is_flat(self.names):
            return function
        choice = Choice(ways, list(self.choices), ways[0] if len(ways) == 1 else None)
        self.choices.append(choice)
        taken = partial(_called, function, choice)
        taken.__name__ = called(function)  # type: ignore[attr-defined]  # by which messages call it
        return taken

    def trees(self) -> Iterator[Any]:
        """Yield the forms, the likelier ones first: numpy's own names are of a list."""
        if not self.by_file:
            yield self.names
            return
        nested = tree_of_names(list(self.names))
        yield from [nested, self.names] if isinstance(nested, list) else filter(None, [self.names, nested])
        if len(self.names) > 1:
            yield list(self.names)

    def ways(self, function: Callable[..., Any], tree: Any) -> list[Way]:
        """Return the ways in which a function may take a tree, the likelier ones first."""
        whole = Way(tree, "one")
        if not isinstance(tree, dict | list | tuple):
            return [whole]
        named = [Way(tree, "named")] if isinstance(tree, dict) and has_each(function, tree, self.data) else []
        parts = list(tree.values()) if isinstance(tree, dict) else list(tree)
        if len(parts) == 1:
            ways = {"dict": [whole], "array": [Way(parts[0], "one")], "name": named}
            return [way for kind in sorted(ways, key=lambda kind: kind != self.alone) for way in ways[kind]]
        return named or [whole, *([Way(tree, "each")] if takes_so_many(function, len(parts), self.data) else [])]


def _called(function: Callable[..., Any], choice: Choice, arrays: Mapping[str, Any], /, **data: Any) -> Any:
    return choice.way.call(function, arrays, data) if choice.way else choice.first(function, arrays, data)


def is_flat(tree: Any) -> bool:
    """Whether a tree is the dict of named arrays itself."""
    return isinstance(tree, dict) and all(isinstance(key, str) and key == name for key, name in tree.items())


def has_each(function: Callable[..., Any], names: Collection[Any], data: Collection[str]) -> bool:
    """Whether a function has an argument of the name of each of some arrays, and needs nothing that there is not."""
    arguments = arguments_of(function)
    positional = any(arguments[name].kind is inspect.Parameter.POSITIONAL_ONLY for name in names if name in arguments)
    return not positional and set(names) <= set(arguments) and needed(arguments) <= {*names, *data}


def takes_so_many(function: Callable[..., Any], count: int, data: Collection[str]) -> bool:
    """Whether a function needs so many arguments besides the data."""
    return len(needed(arguments_of(function)) - set(data)) == count


def arguments_of(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """Return the arguments of a function; none where it does not tell."""
    arguments: Mapping[str, inspect.Parameter] = {}
    with suppress(UserFunctionError), asking("inspecting the arguments raised"):
        arguments = inspect.signature(function).parameters
    return arguments


def needed(arguments: Mapping[str, inspect.Parameter]) -> set[str]:
    """Return the names of the arguments without which a function cannot be called."""
    return {
        name
        for name, argument in arguments.items()
        if argument.default is argument.empty and argument.kind not in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD)
    }


def weightless(function: Callable[..., Any], data: Collection[str]) -> list[str]:
    """Say which penalties a function leaves out, because their weights are 0 where nobody gives them."""
    names = [
        name
        for name, argument in arguments_of(function).items()
        if WEIGHT.fullmatch(name)
        and name not in data
        and type(argument.default) in (int, float)
        and not argument.default
    ]
    return [f"{name} is 0 unless it is given: the term that it weights was not checked" for name in names]


def by_name_or_position(
    function: Callable[..., Any], names: Collection[str], data: Collection[str] = ()
) -> Callable[..., Any]:
    """Return a function of a dict of arrays: called by their names where it has an argument for each, else in order."""
    if has_each(function, names, data):
        return _renamed(partial(_called_by_name, function), function)
    return by_position(function, names, data)


def _called_by_name(function: Callable[..., Any], arrays: Mapping[str, Any], /, **data: Any) -> Any:
    return function(**arrays, **data)


def by_position(function: Callable[..., Any], names: Collection[str], data: Collection[str] = ()) -> Callable[..., Any]:
    """Return a function of a dict of arrays: one that takes them one after another, by no names, is called so.

    The ``apply`` of a torch.autograd.Function takes them so, in the order of the arguments of its ``forward`` where
    those have the names of the arrays, and otherwise in the order of the parameters and then of the data; so do
    functions of ``*arrays``, and of as many arguments of other names as there are parameters.

    Parameters
    ----------
    function, names, data
        As for `has_each`.
    """
    owner = getattr(function, "__self__", None)
    if isinstance(owner, type) and called(function) == "apply" and hasattr(owner, "forward"):
        order = [name for name in arguments_of(owner.forward) if name != "ctx"]
        both = [*names, *data]
        order = [name for name in order if name in both] if set(both) <= set(order) else both
        return _renamed(partial(_called_by_position, function, order, ()), function)
    if len(names) < 2 or has_each(function, names, data):
        return function
    arguments = arguments_of(function)
    if any(argument.kind is argument.VAR_POSITIONAL for argument in arguments.values()):
        return _renamed(partial(_called_by_position, function, list(names), tuple(data)), function)
    if not takes_so_many(function, len(names), data):
        return function
    return _renamed(partial(_called_by_position, function, list(names), tuple(data)), function)


def _called_by_position(
    function: Callable[..., Any], order: Collection[str], named: Collection[str], parameters: Any, /, **data: Any
) -> Any:
    both = {**parameters, **data}
    return function(*(both[name] for name in order), **{name: data[name] for name in named})


def _renamed(function: Any, like: Callable[..., Any]) -> Callable[..., Any]:
    function.__name__ = called(like)  # by which messages call it
    return function  # type: ignore[no-any-return]
