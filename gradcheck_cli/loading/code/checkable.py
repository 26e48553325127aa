"""What can be checked in a file, by the names of its functions and classes; nothing of it is run."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradcheck_cli.loading.code.cells import cells_of, is_notebook
from gradcheck_cli.loading.code.needed import Search
from gradcheck_cli.loading.code.statements import Kind, Statement, statements_of
from gradcheck_cli.vocabulary.errors import InputError

__all__ = ["Checkable", "checkables"]

LOSS = re.compile(r"loss|cost|objective|likelihood|loglik|nll|energy|error|mse|entropy|^J$|^f$", re.IGNORECASE)
GRADIENT = re.compile(r"grad|jac|score|deriv|_der$|prime$|backprop|^d[a-z]|^df$", re.IGNORECASE)
RESIDUALS = re.compile(r"resid|equations|system|^r$|^F$")
JACOBIAN = re.compile(r"jac", re.IGNORECASE)
HESSIAN = re.compile(r"hess", re.IGNORECASE)
BACKWARD = re.compile(r"back|grad", re.IGNORECASE)
LABELS = {"t", "y", "target", "targets", "label", "labels"}
RUNS_BACKWARD = ("gradient", "gradients", "grad", "backward", "backprop", "compute_gradients")
KINDS = (".npz", ".json", ".npy", ".csv", ".txt", ".mat", ".safetensors")
HOLDS_ARRAYS = re.compile(r"\b(params|data|batch|layer|labels)\.npz\b")
"""The files that commands name, of the kind that is named where there is none."""
Function = ast.FunctionDef


@dataclass(frozen=True)
class Checkable:
    """Functions or an object, and the command that checks them."""

    names: tuple[str, ...]
    command: str
    needs: str = ""
    """What the files in the command are to hold."""


def checkables(path: Path) -> list[Checkable]:
    """Look at the definitions of a script or a notebook.

    Parameters
    ----------
    path : Path
        The file; it is read, and not run.

    Raises
    ------
    InputError
        Where it cannot be read, or nothing in it looks like what can be checked.
    """
    statements, _ = statements_of(cells_of(path))
    look = Look(path, statements)
    found = [
        *look.course(), *look.layers(), *look.objectives(), *look.names(), *look.of_objects(), *look.jacobians(),
        *look.gradients(), *look.models(),
    ]  # fmt: skip
    if not found:
        names = ", ".join(list(look.functions)[:12]) or "no functions"
        raise InputError(
            f"{path.name} has nothing that looks like a loss and its gradient, or a forward and a backward pass",
            hint=f"it has {names}; gradcheck func {path.name}:LOSS --grad {path.name}:GRADIENT checks any two",
        )
    return found


class Look:
    """The definitions of a file, and which of them have been told of."""

    def __init__(self, path: Path, statements: Sequence[Statement]) -> None:
        nodes = [one.node for one in statements]
        self.path = path
        self.functions = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}
        self.classes = {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}
        self.objects = dict(made for node in nodes for made in made_by(node))
        plain = {name for one in statements if one.kind is Kind.ASSIGNMENT for name in one.binds}
        self.bound = {name for name in plain if is_whole(name, statements)}
        """The names of numbers and objects that the file makes, and makes without training."""
        self.uses = {name: one.later for one in statements for name in one.binds if name in self.functions}
        runs = any(one.kind is Kind.OTHER and not is_harmless(one.node) for one in statements)
        self.more = " --defs-only" if runs and not is_notebook(path) else ""
        self.told: set[str] = set()

    def at(self, name: str) -> str:
        """Return a reference to a name, as a shell takes it."""
        return shlex.quote(f"{self.path}:{name}")

    def checkable(self, names: Sequence[str], words: str, needs: str = "") -> Checkable:
        """Tell of something."""
        self.told.update(names)
        return Checkable(tuple(names), self.with_files(f"gradcheck {words}{self.more}"), self.with_files(needs))

    def with_files(self, text: str) -> str:
        """Return a text with the files that are beside this one, where it names those of another kind."""
        return HOLDS_ARRAYS.sub(lambda found: self.beside_it(found[1]) or found[0], text)

    def beside_it(self, stem: str) -> str | None:
        """Return the file of arrays of that name that is in the same folder."""
        names = (f"{stem}{kind}" for kind in KINDS)
        folder = self.path.parent
        return next((shlex.quote(str(folder / name)) for name in names if (folder / name).is_file()), None)

    def untold(self) -> Iterator[Function]:
        """Yield the functions that have not been told of."""
        yield from (function for name, function in self.functions.items() if name not in self.told)

    def course(self) -> Iterator[Checkable]:
        """Yield both halves of the course's exercise."""
        of_scalar = [f.name for f in self.untold() if [a.lower() for a in arguments(f)] == ["x", "theta"]]
        forward = next((name for name in of_scalar if "forward" in name), None)
        backward = next((name for name in of_scalar if "backward" in name), None)
        if backward:
            own = f" --forward {self.at(forward)}" if forward else ""
            names = [name for name in (forward, backward) if name]
            yield self.checkable(names, f"scalar --x 2 --theta 4{own} --backward {self.at(backward)}")
        for function in list(self.untold()):
            if [a.lower() for a in arguments(function)] == ["x", "y", "cache"]:
                names = [f.name for f in self.untold() if [a.lower() for a in arguments(f)] == ["x", "y", "parameters"]]
                own = f" --forward {self.at(names[0])}" if names else ""
                words = f"net --case default{own} --backward {self.at(function.name)}"
                yield self.checkable([*names[:1], function.name], words)

    def layers(self) -> Iterator[Checkable]:
        """Yield pairs of a forward and a backward pass."""
        for function in list(self.untold()):
            other = function.name.replace("forward", "backward")
            if other != function.name and other in self.functions and other not in self.told:
                needs = f"layer.npz contains {', '.join(arguments(function))}, or those that are differentiated"
                words = f"layer {self.at(function.name)} --backward {self.at(other)} --params layer.npz"
                yield self.checkable([function.name, other], words, needs)

    def objectives(self) -> Iterator[Checkable]:
        """Yield objectives for boosting libraries."""
        for function in list(self.untold()):
            returned = [(a, b) for a, b in pairs_returned(function) if GRADIENT.search(a) and HESSIAN.search(b)]
            loss = next((f.name for f in self.untold() if LOSS.search(f.name) and f is not function), None)
            if returned and loss:
                words = f"objective {self.at(function.name)} --loss {self.at(loss)} --labels labels.npz"
                yield self.checkable(
                    [function.name, loss], words, "labels.npz contains one array with a label for each sample"
                )

    def gradients(self) -> Iterator[Checkable]:
        """Yield losses with a gradient beside them, and functions that return both."""
        for function in list(self.untold()):
            if returns_both(function):
                point, needs = self.point_of(function)
                yield self.checkable([function.name], f"func {self.at(function.name)} {point}", needs)
        for function in list(self.untold()):
            if function.name not in self.told and (gradient := self.gradient_of(function)):
                point, needs = self.point_of(function)
                hessian = next((f.name for f in self.beside(function) if HESSIAN.search(f.name)), None)
                second = f" --{'hess-diag' if 'diag' in hessian else 'hess'} {self.at(hessian)}" if hessian else ""
                words = f"func {self.at(function.name)} --grad {self.at(gradient)}{second} {point}"
                yield self.checkable([function.name, gradient, *([hessian] if hessian else [])], words, needs)

    def point_of(self, function: Function) -> tuple[str, str]:
        """Return the option that says where a loss is checked, and what its file is to hold."""
        given = arguments(function)
        if len(given) == 1 and given[0].lower() in ("x", "theta", "w", "z") and not self.beside_it("params"):
            return "--at 1,2,3", f"as many numbers as {given[0]} has"
        if len(given) == 1:
            return "--params params.npz", f"params.npz contains the arrays of {given[0]}, by name"
        names = ", ".join(given)
        needs = f"of {names}, params.npz holds what is differentiated, data.npz the rest"
        return "--params params.npz --data data.npz", needs

    def jacobians(self) -> Iterator[Checkable]:
        """Yield residuals with a Jacobian beside them."""
        for function in [f for f in self.untold() if RESIDUALS.search(f.name) and not JACOBIAN.search(f.name)]:
            jacobian = next((f.name for f in self.beside(function) if JACOBIAN.search(f.name)), None)
            if jacobian:
                point, needs = self.point_of(function)
                words = f"func {self.at(function.name)} --jac {self.at(jacobian)} {point}"
                yield self.checkable([function.name, jacobian], words, needs)

    def beside(self, function: Function) -> Iterator[Function]:
        """Yield the other functions that have not been told of and have the same first argument."""
        yield from (f for f in self.untold() if f is not function and arguments(f)[:1] == arguments(function)[:1])

    def names(self) -> Iterator[Checkable]:
        """Yield functions that return the gradients of what the file holds by itself: dWxh of its Wxh."""
        for function in list(self.untold()):
            parts = max(tuples_returned(function), key=len, default=[])
            names = [part[1:] for part in parts if part[:1] == "d" and part[1:] in self.bound]
            if names and set(names) <= self.uses[function.name]:
                call, lacking = self.call(function, function.name)
                which = shlex.quote(", ".join(names))
                words = f"model {shlex.quote(str(self.path))} --parameters {which} --loss {call}"
                yield self.checkable([function.name], *with_data(words, lacking))

    def of_objects(self) -> Iterator[Checkable]:
        """Yield objects of the file's own classes that a function beside them has the loss of."""
        for name, kind in self.objects.items():
            own = [f for f in self.untold() if name in self.uses[f.name]]
            loss = next((f for f in own if LOSS.search(f.name) and not BACKWARD.search(f.name)), None)
            if kind not in self.classes or loss is None:
                continue
            backward = next((f for f in own if BACKWARD.search(f.name)), None)
            method = self.method_of(kind, RUNS_BACKWARD)
            call, lacking = self.call(loss, loss.name)
            words = f"model {self.at(name)} --loss {call}"
            if way := backward or method:
                call, more = self.call(way, way.name if backward else f"{name}.{way.name}")
                words, lacking = f"{words} --grads {call}", [*lacking, *more]
            names = [name, loss.name, *([backward.name] if backward else [])]
            yield self.checkable(names, *with_data(words, lacking))

    def method_of(self, kind: str, names: Sequence[str]) -> Function | None:
        """Return the first of some methods that a class has."""
        methods = {node.name: node for node in self.classes[kind].body if isinstance(node, ast.FunctionDef)}
        return next((methods[name] for name in names if name in methods), None)

    def call(self, function: Function, name: str) -> tuple[str, list[str]]:
        """Return the call of a function or a method, as a shell takes it, and which of its arguments the file lacks."""
        given = every_argument(function)[1 if "." in name else 0 :]
        return shlex.quote(f"{name}({', '.join(given)})"), [one for one in given if one not in self.bound]

    def gradient_of(self, loss: Function) -> str | None:
        """Return the function that is the gradient of another one by its name."""
        names = sorted((f.name for f in self.beside(loss)), key=lambda name: bool(JACOBIAN.search(name)))
        stem = re.escape(loss.name)
        before, behind = "d|d_|grad_|gradient_|jac_", r"_grad|_gradient|_prime|_der|_jac|_deriv\w*"
        own = re.compile(rf"^(?:{before})?{stem}(?:{behind})?$", re.IGNORECASE)
        named = [name for name in names if own.match(name) and GRADIENT.search(name)]
        others = [name for name in names if GRADIENT.search(name)] if LOSS.search(loss.name) else []
        if GRADIENT.search(loss.name) and not named:
            return None
        return next(iter([*named, *others]), None)

    def models(self) -> Iterator[Checkable]:
        """Yield objects of classes that have a loss, and gradients or a backward pass, and modules of torch."""
        made = {kind: name for name, kind in self.objects.items()}
        for kind, definition in self.classes.items():
            name = made.get(kind, "net")
            methods = {node.name: node for node in definition.body if isinstance(node, ast.FunctionDef)}
            losses = [one for one in methods if LOSS.search(one) and not GRADIENT.search(one)]
            if kind in made and "forward" in methods and LABELS & set(arguments(methods["forward"])):
                losses.append("forward")
            loss = next(iter(losses), None)
            backward = next((method for method in RUNS_BACKWARD if method in methods), None)
            is_module = any(ast.unparse(base).rpartition(".")[2] == "Module" for base in definition.bases)
            if name in self.told or "__init__" not in methods or (kind not in made and backward is None):
                continue  # what has nothing of its own has no parameters
            if loss is None:
                if is_module and kind in made:
                    needs = f"LOSS is an expression, such as criterion({name}(x), y)"
                    yield self.checkable([name], f"model {self.at(name)} --loss LOSS", needs)
                continue
            call, lacking = self.call(methods[loss], f"{name}.{loss}")
            words = f"model {self.at(name)} --loss {call}"
            if backward:
                call, more = self.call(methods[backward], f"{name}.{backward}")
                words, lacking = f"{words} --grads {call}", [*lacking, *more]
            own = ", ".join(arguments(methods["__init__"])[1:])
            missing = [] if kind in made else [f"put net = {kind}({own}) into the file, with numbers"]
            words, needs = with_data(words, lacking)
            yield self.checkable([name], words, "; ".join([*missing, *filter(None, [needs])]))


def is_whole(name: str, statements: Sequence[Statement]) -> bool:
    """Whether all that a name needs is in the file."""
    search = Search(statements)
    search.want(name, len(statements))
    return not search.unbound or bool(search.stars)


def with_data(words: str, names: Sequence[str]) -> tuple[str, str]:
    """Return a command with the option for data, and what its file is to hold, where there is any."""
    held = ", ".join(dict.fromkeys(names))
    return (f"{words} --data batch.npz", f"batch.npz contains {held}") if held else (words, "")


def arguments(function: Function) -> list[str]:
    """Return the arguments that a function must be given."""
    every = [*function.args.posonlyargs, *function.args.args]
    count = len(every) - len(function.args.defaults)
    return [argument.arg for argument in every[:count]]


def every_argument(function: Function) -> list[str]:
    """Return the arguments that a function must be given, and those that are None otherwise, as labels often are."""
    every = [*function.args.posonlyargs, *function.args.args]
    given = dict(zip([argument.arg for argument in reversed(every)], reversed(function.args.defaults), strict=False))
    return [a.arg for a in every if a.arg not in given or ast.unparse(given[a.arg]) == "None"]


def tuples_returned(function: Function) -> Iterator[list[str]]:
    """Yield what stands in the tuples that a function returns."""
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            yield [ast.unparse(part) for part in node.value.elts]


def pairs_returned(function: Function) -> Iterator[tuple[str, str]]:
    """Yield the names in the pairs that a function returns."""
    yield from ((parts[0], parts[1]) for parts in tuples_returned(function) if len(parts) == 2)


def returns_both(function: Function) -> bool:
    """Whether a function returns a loss and its gradient, by the names of both or by its own and the gradient's."""
    is_loss = bool(LOSS.search(function.name))
    return any(
        GRADIENT.search(other) and (LOSS.search(one) or (is_loss and one != other))
        for pair in pairs_returned(function)
        for one, other in (pair, pair[::-1])
    )


def made_by(node: ast.stmt) -> Iterator[tuple[str, str]]:
    """Yield the name of an object and that of its class, where a statement makes one."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name):
        yield from ((target.id, node.value.func.id) for target in node.targets if isinstance(target, ast.Name))


def is_harmless(node: ast.stmt) -> bool:
    """Whether running a statement is nothing: a text, or what is for the program alone."""
    return isinstance(node, ast.If | ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
