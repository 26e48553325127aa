"""A zoo of layers in numpy: forward and backward passes, and wrong backward passes that people have written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Backward: TypeAlias = Callable[[Any, Any], Mapping[str, Array]]

_random = np.random.default_rng(0)


class Kind(NamedTuple):
    """A layer at a point, and what may be wrong with its backward pass."""

    point: Mapping[str, Array]
    forward: Callable[[Mapping[str, Array]], tuple[Any, Any]]
    backward: Backward
    wrong: Mapping[str, Backward]


def normal(*shape: int) -> Array:
    """Return random numbers."""
    return _random.normal(size=shape)


def sigmoid(z: Array) -> Array:
    """Return 1 / (1 + exp(-z))."""
    return np.asarray(1 / (1 + np.exp(-z)))


def scaled(outputs: Any, scale: float) -> Any:
    """Return outputs, or cotangents, times a number."""
    if isinstance(outputs, Mapping):
        return {name: scale * values for name, values in outputs.items()}
    return scale * outputs


# affine


def affine(p: Mapping[str, Array]) -> tuple[Array, Any]:
    return p["x"] @ p["w"] + p["b"], (p["x"], p["w"])


def affine_back(d: Array, cache: Any) -> dict[str, Array]:
    x, w = cache
    return {"x": d @ w.T, "w": x.T @ d, "b": d.sum(axis=0)}


AFFINE = Kind(
    {"x": normal(5, 4), "w": normal(4, 4), "b": normal(4)},
    affine,
    affine_back,
    {
        "no transpose": lambda d, c: {**affine_back(d, c), "x": d @ c[1]},
        "a mean": lambda d, c: {**affine_back(d, c), "b": d.mean(axis=0)},
        "last sample lost": lambda d, c: {**affine_back(d, c), "w": c[0][:-1].T @ d[:-1]},
        "1e-5 off": lambda d, c: {**affine_back(d, c), "w": (1 + 1e-5) * c[0].T @ d},
        "absolute": lambda d, c: {**affine_back(d, c), "b": np.abs(d).sum(axis=0)},
    },
)

# relu


def relu(p: Mapping[str, Array]) -> tuple[Array, Array]:
    return np.maximum(p["x"], 0), p["x"]


RELU = Kind(
    {"x": normal(6, 5)},
    relu,
    lambda d, x: {"x": d * (x > 0)},
    {
        "mask of what comes in": lambda d, x: {"x": d * (d > 0)},
        "no mask": lambda d, _: {"x": d.copy()},
        "leaky": lambda d, x: {"x": d * np.where(x > 0, 1, 0.01)},
    },
)

# convolution with stride 2 and a border of 1


def patches(x: Array) -> Array:
    """Return the 3 x 3 patches of images, (n, 3, 3, c, 3, 3)."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    return windows[:, :, ::2, ::2].transpose(0, 2, 3, 1, 4, 5)


def convolution(p: Mapping[str, Array]) -> tuple[Array, Any]:
    return np.einsum("nijcab,fcab->nfij", patches(p["x"]), p["w"]) + p["b"][:, None, None], (p["x"], p["w"])


def convolution_back(d: Array, cache: Any) -> dict[str, Array]:
    x, w = cache
    dx = np.zeros((*x.shape[:2], x.shape[2] + 2, x.shape[3] + 2))
    for i in range(d.shape[2]):
        for j in range(d.shape[3]):
            dx[:, :, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3] += np.einsum("nf,fcab->ncab", d[:, :, i, j], w)
    dw = np.einsum("nijcab,nfij->fcab", patches(x), d)
    return {"x": dx[:, :, 1:-1, 1:-1], "w": dw, "b": d.sum(axis=(0, 2, 3))}


CONVOLUTION = Kind(
    {"x": normal(2, 2, 5, 5), "w": normal(3, 2, 3, 3), "b": normal(3)},
    convolution,
    convolution_back,
    {
        "kernel turned": lambda d, c: {**convolution_back(d, c), "w": convolution_back(d, c)["w"][:, :, ::-1, ::-1]},
        "one sample's bias": lambda d, c: {**convolution_back(d, c), "b": d[0].sum(axis=(1, 2))},
        "border lost": lambda d, c: {**convolution_back(d, c), "x": np.pad(
            convolution_back(d, c)["x"][:, :, 1:-1, 1:-1], ((0, 0), (0, 0), (1, 1), (1, 1)))},
    },
)  # fmt: skip

# batch norm


def batch_norm(p: Mapping[str, Array]) -> tuple[Array, Any]:
    x = p["x"]
    deviation = np.sqrt(x.var(axis=0) + 1e-5)
    normed = (x - x.mean(axis=0)) / deviation
    return p["g"] * normed + p["b"], (normed, deviation, p["g"])


def batch_norm_back(d: Array, cache: Any, *, mean: bool = True, variance: bool = True, less: int = 0) -> Any:
    normed, deviation, g = cache
    dn, n = d * g, len(d) - less
    dx = dn - mean * dn.sum(axis=0) / n - variance * normed * (dn * normed).sum(axis=0) / n
    return {"x": dx / deviation, "g": (d * normed).sum(axis=0), "b": d.sum(axis=0)}


BATCH_NORM = Kind(
    {"x": normal(6, 4), "g": normal(4), "b": normal(4)},
    batch_norm,
    batch_norm_back,
    {
        "no mean": lambda d, c: batch_norm_back(d, c, mean=False),
        "no variance": lambda d, c: batch_norm_back(d, c, variance=False),
        "n - 1": lambda d, c: batch_norm_back(d, c, less=1),
    },
)

# softmax


def softmax(p: Mapping[str, Array]) -> tuple[Array, Array]:
    e = np.exp(p["x"] - p["x"].max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return y, y


SOFTMAX = Kind(
    {"x": normal(4, 5)},
    softmax,
    lambda d, y: {"x": y * (d - (d * y).sum(axis=1, keepdims=True))},
    {
        "y (1 - y)": lambda d, y: {"x": y * (1 - y) * d},
        "mean over all": lambda d, y: {"x": y * (d - (d * y).sum())},
        "no y": lambda d, y: {"x": d - (d * y).sum(axis=1, keepdims=True)},
    },
)

# a step of an LSTM, with two outputs


def lstm(p: Mapping[str, Array]) -> tuple[dict[str, Array], Any]:
    a = p["x"] @ p["wx"] + p["h"] @ p["wh"] + p["b"]
    zi, zf, zo, zg = np.split(a, 4, axis=1)
    i, f, o, g = sigmoid(zi), sigmoid(zf), sigmoid(zo), np.tanh(zg)
    c = f * p["c"] + i * g
    return {"h": o * np.tanh(c), "c": c}, (p, i, f, o, g, c)


def lstm_back(d: Mapping[str, Array], cache: Any, *, forget: float = 1.0) -> dict[str, Array]:
    p, i, f, o, g, c = cache
    dc = d["c"] + d["h"] * o * (1 - np.tanh(c) ** 2)
    gates = [dc * g * i * (1 - i), forget * dc * p["c"] * f * (1 - f)]
    gates += [d["h"] * np.tanh(c) * o * (1 - o), dc * i * (1 - g**2)]
    da = np.concatenate(gates, axis=1)
    return {
        "x": da @ p["wx"].T, "h": da @ p["wh"].T, "c": dc * f,
        "wx": p["x"].T @ da, "wh": p["h"].T @ da, "b": da.sum(axis=0),
    }  # fmt: skip


LSTM = Kind(
    {"x": normal(2, 3), "h": normal(2, 2), "c": normal(2, 2), "wx": normal(3, 8), "wh": normal(2, 8), "b": normal(8)},
    lstm,
    lstm_back,
    {
        "c lost": lambda d, c: lstm_back({**d, "c": 0 * d["c"]}, c),
        "h lost": lambda d, c: lstm_back({**d, "h": 0 * d["h"]}, c),
        "forget gate doubled": lambda d, c: lstm_back(d, c, forget=2.0),
    },
)

# attention


def attention(p: Mapping[str, Array]) -> tuple[Array, Any]:
    scores = p["q"] @ p["k"].T / np.sqrt(p["q"].shape[1])
    weights, _ = softmax({"x": scores})
    return weights @ p["v"], (p, weights)


def attention_back(d: Array, cache: Any, *, scale: bool = True) -> dict[str, Array]:
    p, weights = cache
    dw = d @ p["v"].T
    ds = weights * (dw - (dw * weights).sum(axis=1, keepdims=True))
    ds = ds / np.sqrt(p["q"].shape[1]) if scale else ds
    return {"q": ds @ p["k"], "k": ds.T @ p["q"], "v": weights.T @ d}


ATTENTION = Kind(
    {"q": normal(3, 4), "k": normal(5, 4), "v": normal(5, 2)},
    attention,
    attention_back,
    {
        "no scale": lambda d, c: attention_back(d, c, scale=False),
        "k by rows": lambda d, c: {**attention_back(d, c), "k": attention_back(d, c)["k"][::-1]},
    },
)

# embedding of words, some of which come twice

WORDS = np.array([0, 2, 2, 1, 2])


def embedding(p: Mapping[str, Array]) -> tuple[Array, Array]:
    return p["w"][WORDS], p["w"]


def embedding_back(d: Array, w: Array) -> dict[str, Array]:
    dw = np.zeros(w.shape)
    np.add.at(dw, WORDS, d)
    return {"w": dw}


def overwritten(d: Array, w: Array) -> dict[str, Array]:
    dw = np.zeros(w.shape)
    dw[WORDS] += d
    return {"w": dw}


EMBEDDING = Kind({"w": normal(4, 3)}, embedding, embedding_back, {"twice is once": overwritten})

KINDS = {
    "affine": AFFINE, "relu": RELU, "convolution": CONVOLUTION, "batch norm": BATCH_NORM, "softmax": SOFTMAX,
    "LSTM": LSTM, "attention": ATTENTION, "embedding": EMBEDDING,
}  # fmt: skip
"""Each kind by its name."""
WRONG = [(kind, mistake) for kind, layer in KINDS.items() for mistake in layer.wrong]
"""Each kind with each of its mistakes."""


def at_scale(layer: Kind, backward: Backward, scale: float) -> tuple[Callable[..., Any], Backward]:
    """Return both passes of the layer with its outputs times a number, as those of a mean or of a sum are."""

    def forward(p: Mapping[str, Array]) -> tuple[Any, Any]:
        outputs, cache = layer.forward(p)
        return scaled(outputs, scale), cache

    return forward, lambda d, cache: backward(scaled(d, scale), cache)
