"""The .npz fixture: one file, one network problem. The manual tells what its keys mean.

Everything is checked here once; the stages behind trust it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.loading.npz import READ_AND_REFUSED, read_npz
from gradcheck_cli.problems.functions.returned import less_than_double
from gradcheck_cli.problems.networks.activations import ACTIVATIONS
from gradcheck_cli.problems.networks.losses import LOSSES
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.vocabulary.errors import InputError, did_you_mean
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import entry_name

__all__ = ["load_fixture", "save_fixture"]

_KEY = re.compile(r"(X|Y|activations|loss|l2|(?:W|b|D|dW|db)([1-9]\d{0,3}))", re.ASCII)
_MOST_NAMES = 12  # that stand in one message


def load_fixture(path: str | Path) -> Network:
    """Read a network problem from an .npz file.

    Parameters
    ----------
    path : str or Path
        The file, in the fixture format.

    Returns
    -------
    Network
        Named after the file, without its ending.

    Raises
    ------
    InputError
        Where the file cannot be read safely, or what stands in it makes no problem.
    """
    path = Path(path)
    return _Fixture(read_npz(path), path).network()


def save_fixture(network: Network, path: str | Path) -> None:
    """Write a network problem as an .npz file in the fixture format.

    Parameters
    ----------
    network : Network
        The problem; a claimed gradient is written with it.
    path : str or Path
        The file; one that exists is replaced.
    """
    content: dict[str, NDArray[Any]] = {"X": network.X, "Y": network.Y, **network.parameters}
    content["activations"] = np.array(network.activations)
    content["loss"] = np.array(network.loss_name)
    if network.l2:
        content["l2"] = np.array(network.l2)
    content |= {f"D{l}": mask for l, mask in network.masks.items()}
    if network.claimed is not None:
        content |= {f"d{name}": gradient for name, gradient in network.claimed.items()}
    replace_file(Path(path), content)


def replace_file(path: Path, content: Mapping[str, NDArray[Any]]) -> None:
    """Write the arrays beside `path` and move them there, so that a full disk does not cost the old file."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("xb") as file:
            np.savez(file, **content)  # type: ignore[arg-type]
        part.replace(path)
    except FileExistsError:
        raise  # somebody else's: not ours to remove
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def listed(names: Iterable[str]) -> str:
    """Return names for a message, the first few where there are many."""
    every = list(names)
    more = f" and {len(every) - _MOST_NAMES} more" if len(every) > _MOST_NAMES else ""
    return ", ".join(every[:_MOST_NAMES]) + more if every else "none"


class _Fixture:
    """The arrays of one file on their way to a network; every refusal names the file and the key."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], path: Path) -> None:
        self.arrays = arrays
        self.path = path
        self.notes: list[str] = []
        self.converted: dict[str, list[str]] = {}

    def network(self) -> Network:
        """Check everything and make the network."""
        self.require_known_keys()
        layer_count = self.count_layers()
        activations, loss_name = self.read_activations(layer_count), self.read_loss()
        self.require_matching_output(activations[-1], loss_name)
        X = self.read_inputs()
        parameters = self.read_parameters(X, layer_count)
        outputs = parameters[f"b{layer_count}"].shape[0]
        Y = self.read_targets(outputs, X.shape[1], loss_name)
        masks = self.read_masks(parameters, X.shape[1], layer_count)
        return Network(
            name=f"net, {self.path.stem}",
            X=X,
            Y=Y,
            parameters=parameters,
            activations=activations,
            loss_name=loss_name,
            l2=self.read_l2(),
            masks=masks,
            claimed=self.read_claimed(parameters),
            saved_in=less_than_double({name: self.arrays.get(f"d{name}") for name in parameters}),
            remarks=(*self.notes, *self.conversions()),
        )

    def refuse(self, what: str, *, hint: str | None = None) -> InputError:
        """Make the error that names this file."""
        return InputError(f"{self.path}: {what}", hint=hint)

    def conversions(self) -> list[str]:
        """Return a note for each dtype that was not float64."""
        return [f"read as float64 from {dtype}: {', '.join(keys)}" for dtype, keys in self.converted.items()]

    # keys

    def require_known_keys(self) -> None:
        """Refuse keys that the format does not have."""
        if not self.arrays:
            raise self.refuse("the archive is empty, expected X, Y, W1, b1, ...")
        near = ["X", "Y", "activations", "loss", "l2"] + [
            f"{kind}{l}" for kind in ("W", "b", "dW", "db", "D") for l in (1, 2, 3)
        ]
        for key in self.arrays:
            if not _KEY.fullmatch(key):
                expected = "X, Y, W1, b1, ..., activations, loss, l2, D1, ..., dW1, db1, ..."
                raise self.refuse(f"unknown key {key[:80]!r}, expected {expected}", hint=did_you_mean(key[:80], near))

    def numbers(self, kind: str) -> set[int]:
        """Return the layers l for which the file has a key such as ``W<l>``."""
        found = (re.fullmatch(rf"{kind}(\d+)", key) for key in self.arrays)
        return {int(match[1]) for match in found if match}

    def count_layers(self) -> int:
        """Return L, after a look that W1 ... WL and b1 ... bL stand without a gap."""
        for key in ("X", "Y"):
            if key not in self.arrays:
                raise self.refuse(f"{key} is missing, expected X, Y, W1, b1, ...; there are {listed(self.arrays)}")
        layers = self.numbers("W") | self.numbers("b")
        last = max(layers, default=1)
        for l in range(1, last + 1):
            for kind in ("W", "b"):
                if f"{kind}{l}" not in self.arrays:
                    beside = [key for key in self.arrays if key[0] in "Wb"]
                    raise self.refuse(f"{kind}{l} is missing; the weights and biases given are {listed(beside)}")
        for kind in ("dW", "db"):
            if (l := max(self.numbers(kind), default=1)) > last:
                raise self.refuse(f"{kind}{l} is for a layer that does not exist: the last is W{last}")
        if (l := max(self.numbers("D"), default=0)) >= last:
            raise self.refuse(f"D{l} is not the mask of a hidden layer, expected D1 ... D(L-1) with L = {last}")
        return last

    # texts

    def read_activations(self, layer_count: int) -> tuple[str, ...]:
        """Return g_1 ... g_L by name."""
        if "activations" not in self.arrays:
            return ("relu",) * (layer_count - 1) + ("sigmoid",)
        names = self.read_text("activations")
        if names.shape != (layer_count,):
            raise self.refuse(f"activations has shape {names.shape}, expected ({layer_count},): one name a layer")
        for l, name in enumerate(names, start=1):
            if name == "softmax" and l < layer_count:
                raise self.refuse(f"activations: softmax is in layer {l}, expected only in the last, {layer_count}")
            self.require_one_of("activations", name, (*ACTIVATIONS, "softmax"))
        return tuple(str(name) for name in names)

    def read_loss(self) -> str:
        """Return the name of the loss."""
        if "loss" not in self.arrays:
            return "bce"
        names = self.read_text("loss")
        if names.size != 1:
            raise self.refuse(f"loss has shape {names.shape}, expected one name")
        name = str(names.reshape(-1)[0])
        self.require_one_of("loss", name, tuple(LOSSES))
        return name

    def read_text(self, key: str) -> NDArray[np.str_]:
        """Return an array of names."""
        array = self.arrays[key]
        if array.dtype.kind not in "US":
            raise self.refuse(f"{key} has dtype {array.dtype}, expected text")
        try:
            text = array.astype(np.str_)
        except UnicodeError as error:
            raise self.refuse(f"{key} contains bytes that are not ASCII, expected text") from error
        # numpy does not look at what a file's characters are, and Python fails where they are none
        text = text.astype(text.dtype.newbyteorder("="))
        if np.frombuffer(text.tobytes(), dtype=np.uint32).max(initial=0) > sys.maxunicode:
            raise self.refuse(f"{key} contains invalid Unicode, expected text")
        return text

    def require_one_of(self, key: str, name: str, known: tuple[str, ...]) -> None:
        """Refuse a name that is not known."""
        if name not in known:
            shown = str(name)[:80]
            raise self.refuse(
                f"{key}: unknown name {shown!r}, expected one of {', '.join(known)}",
                hint=did_you_mean(shown, known),
            )

    def require_matching_output(self, last: str, loss_name: str) -> None:
        """Refuse a loss that does not go with the last activation."""
        needed = LOSSES[loss_name].last_activation
        if needed not in (None, last):
            fitting = [name for name, loss in LOSSES.items() if loss.last_activation in (None, last)]
            raise self.refuse(
                f"loss {loss_name} needs {needed} as the last activation, not {last}",
                hint=f"with {last} the loss may be {' or '.join(fitting)}",
            )

    # numbers

    def read_numbers(self, key: str, *, finite: bool = True) -> Array:
        """Return an array as float64, in C order, a copy."""
        array = self.arrays[key]
        if array.dtype.kind not in "fiub":
            raise self.refuse(f"{key} has dtype {array.dtype}, expected real numbers", hint=READ_AND_REFUSED)
        with np.errstate(over="ignore"):  # a longdouble beyond float64 becomes infinite, which is refused next
            values = np.array(array, dtype=np.float64, order="C")
        if finite and not np.isfinite(values).all():
            k = int(np.flatnonzero(~np.isfinite(values))[0])
            place = entry_name(key, values.shape, k)
            raise self.refuse(f"{place} is {values.reshape(-1)[k]}, expected finite numbers")
        if array.dtype != np.float64:
            self.converted.setdefault(str(array.dtype), []).append(key)
        return values

    def read_inputs(self) -> Array:
        """Return X of shape (n_0, m)."""
        X = self.read_numbers("X")
        if X.ndim != 2:
            raise self.refuse(f"X has shape {X.shape}, expected (n0, m): one sample a column")
        if not X.shape[1]:
            raise self.refuse(f"X has shape {X.shape}: m = 0, there are no samples")
        if not X.shape[0]:
            raise self.refuse(f"X has shape {X.shape}: n0 = 0, there are no inputs")
        return X

    def read_targets(self, outputs: int, samples: int, loss_name: str) -> Array:
        """Return Y of shape (n_L, m)."""
        Y = self.read_numbers("Y")
        if Y.shape == (samples,) and outputs == 1:
            Y = Y.reshape(1, samples)
            self.notes.append(f"Y of shape ({samples},) is read as (1, {samples})")
        if Y.shape != (outputs, samples):
            hint = "its transpose would fit" if Y.T.shape == (outputs, samples) else None
            raise self.refuse(
                f"Y has shape {Y.shape}, expected ({outputs}, {samples}): one row a unit of the last layer,"
                " one column a sample of X",
                hint=hint,
            )
        if LOSSES[loss_name].labels_are_probabilities and not ((Y >= 0) & (Y <= 1)).all():
            wrong = float(Y[~((Y >= 0) & (Y <= 1))][0])
            raise self.refuse(f"Y contains the label {wrong:g}, expected labels in [0, 1] for the loss {loss_name}")
        return Y

    def read_parameters(self, X: Array, layer_count: int) -> dict[str, Array]:
        """Return W1, b1, ..., their sizes chained from X on."""
        parameters: dict[str, Array] = {}
        before, size_before = "X", X.shape
        for l in range(1, layer_count + 1):
            W = parameters[f"W{l}"] = self.read_weights(l, before, size_before)
            parameters[f"b{l}"] = self.read_bias(f"b{l}", W, f"W{l}")
            before, size_before = f"W{l}", W.shape
        return parameters

    def read_weights(self, l: int, before: str, size_before: tuple[int, ...]) -> Array:
        """Return W_l, which must take as many inputs as there are outputs before it."""
        key, inputs = f"W{l}", size_before[0]
        W = self.read_numbers(key)
        if W.ndim != 2:
            raise self.refuse(f"{key} has shape {W.shape}, expected (n{l}, {inputs})")
        if not W.shape[0]:
            raise self.refuse(f"{key} has shape {W.shape}: the layer has no units")
        if W.shape[1] != inputs:
            hint = f"the transpose of {key} would fit" if W.shape[0] == inputs else None
            if before == "X" and W.shape[1] == size_before[1]:
                hint = "the transpose of X would fit: samples are columns"
            raise self.refuse(
                f"{key} has shape {W.shape}, which does not match the {inputs} rows of {before}, shape {size_before}:"
                f" expected (n{l}, {inputs})",
                hint=hint,
            )
        return W

    def read_bias(self, key: str, W: Array, weights: str, *, finite: bool = True) -> Array:
        """Return a bias of shape (n_l, 1); (n_l,) is read as that."""
        b = self.read_numbers(key, finite=finite)
        wanted = (W.shape[0], 1)
        if b.shape == wanted[:1]:
            self.notes.append(f"{key} of shape {b.shape} is read as {wanted}")
            return b.reshape(wanted)
        if b.shape != wanted:
            hint = "its transpose would fit" if b.T.shape == wanted else None
            raise self.refuse(
                f"{key} has shape {b.shape}, expected {wanted} to match {weights} of shape {W.shape}", hint=hint
            )
        return b

    def read_masks(self, parameters: Mapping[str, Array], samples: int, layer_count: int) -> dict[int, Array]:
        """Return the dropout masks that the file has, by layer."""
        masks = {}
        for l in range(1, layer_count):
            if f"D{l}" in self.arrays:
                masks[l] = self.read_numbers(f"D{l}")
                wanted = (parameters[f"b{l}"].shape[0], samples)
                if masks[l].shape != wanted:
                    raise self.refuse(f"D{l} has shape {masks[l].shape}, expected {wanted}, the shape of A{l}")
        return masks

    def read_l2(self) -> float:
        """Return the weight of the L2 term."""
        if "l2" not in self.arrays:
            return 0.0
        value = self.read_numbers("l2")
        if value.size != 1:
            raise self.refuse(f"l2 has shape {value.shape}, expected one number")
        if value.reshape(-1)[0] < 0:
            raise self.refuse(f"l2 is {value.reshape(-1)[0]:g}, expected a number of at least 0")
        return float(value.reshape(-1)[0])

    def read_claimed(self, parameters: Mapping[str, Array]) -> dict[str, Array] | None:
        """Return the claimed gradient, whole or not at all. NaN in it is for the check to judge, not for the reader."""
        present = [f"d{name}" for name in parameters if f"d{name}" in self.arrays]
        if not present:
            return None
        missing = [f"d{name}" for name in parameters if f"d{name}" not in self.arrays]
        if missing:
            raise self.refuse(
                f"the claimed gradient has {listed(present)} but not {listed(missing)}, expected all or none"
            )
        return {name: self.read_claim(name, values) for name, values in parameters.items()}

    def read_claim(self, name: str, values: Array) -> Array:
        """Return the claimed gradient of one parameter, of that parameter's shape."""
        key = f"d{name}"
        if name.startswith("b"):
            return self.read_bias(key, values, name, finite=False)
        claim = self.read_numbers(key, finite=False)
        if claim.shape != values.shape:
            hint = "its transpose would fit" if claim.T.shape == values.shape else None
            raise self.refuse(f"{key} has shape {claim.shape}, expected {values.shape}, the shape of {name}", hint=hint)
        return claim
