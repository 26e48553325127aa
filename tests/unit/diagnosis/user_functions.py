"""Functions such as users hand over, each with its right gradient and with slips that people make in it.

Every function is `loss(p)`, its gradient `gradient(p, slip)`: without a slip it is right. `SLIPS` says of every slip by
which codes it is named with something true that leads to its line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["FUNCTIONS", "OF_ANOTHER_LOSS", "SLIPS", "UserFunction"]

Gradient: TypeAlias = dict[str, Array]


class UserFunction(NamedTuple):
    """A loss, its gradient with slips, and the point."""

    loss: Callable[[Parameters], float]
    gradient: Callable[[Parameters, str], Gradient]
    point: Gradient


def randoms(seed: int, **shapes: tuple[int, ...]) -> Gradient:
    """Return random arrays of these shapes."""
    random = np.random.default_rng(seed)
    return {name: random.normal(size=shape) for name, shape in shapes.items()}


def sigmoid(z: Array) -> Array:
    """Return 1 / (1 + e^-z)."""
    return np.asarray(1 / (1 + np.exp(-z)))


def softmax(z: Array, axis: int = -1) -> Array:
    """Return e^z over its sum along an axis."""
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


def ridge() -> UserFunction:
    """The mean squared error of a line, with a penalty."""
    d = randoms(1, X=(20, 6), t=(20,), w=(6,), b=())
    X, t, l2 = d["X"], d["t"], 0.3

    def loss(p: Parameters) -> float:
        return float(np.mean((X @ p["w"] + p["b"] - t) ** 2) + l2 * np.sum(p["w"] ** 2))

    def gradient(p: Parameters, slip: str) -> Gradient:
        e = 2 * (X @ p["w"] + p["b"] - t) / (1 if slip == "sum for mean" else 20)
        e = e / 2 if slip == "2 forgotten" else e
        penalty = {"no penalty": 0.0, "half the penalty": 0.5, "penalty / N": 1 / 20}.get(slip, 1.0) * 2 * l2 * p["w"]
        penalty = l2 * np.sign(p["w"]) if slip == "l1 for l2" else penalty
        b = np.asarray(e[:10].sum() if slip == "half the samples in b" else e.sum())
        w = X.T @ e + penalty
        return {"w": -w if slip == "sign of w" else w, "b": b}

    return UserFunction(loss, gradient, {"w": d["w"], "b": d["b"]})


def logistic() -> UserFunction:
    """The mean cross-entropy of a sigmoid with weights of the samples."""
    d = randoms(2, X=(30, 5), t=(30,), v=(30,), w=(5,), b=())
    X, t, v = d["X"], (d["t"] > 0).astype(float), np.abs(d["v"])

    def loss(p: Parameters) -> float:
        z = X @ p["w"] + p["b"]
        return float(np.mean(v * (np.logaddexp(0, z) - t * z)))

    def gradient(p: Parameters, slip: str) -> Gradient:
        s = sigmoid(X @ p["w"] + p["b"])
        labels = 2 * t - 1 if slip == "labels +-1" else t
        e = v * (s - labels) / 30
        e = (s - t) / 30 if slip == "weights forgotten" else e
        e = e * s * (1 - s) if slip == "sigmoid' too many" else e
        e = -e if slip == "likelihood" else e
        return {"w": X.T @ e, "b": np.asarray(e.mean() if slip == "mean for sum in b" else e.sum())}

    return UserFunction(loss, gradient, {"w": d["w"], "b": d["b"]})


def softmax_regression() -> UserFunction:
    """The cross-entropy of a softmax."""
    d = randoms(3, X=(12, 5), W=(5, 4), b=(4,))
    X, t = d["X"], np.arange(12) % 4

    def loss(p: Parameters) -> float:
        q = softmax(X @ p["W"] + p["b"])
        return float(-np.mean(np.log(q[np.arange(12), t])) + 0.1 * np.sum(p["W"] ** 2))

    def gradient(p: Parameters, slip: str) -> Gradient:
        e = softmax(X @ p["W"] + p["b"])
        e[np.arange(12), np.roll(t, 1) if slip == "labels shifted" else t] -= 1
        e = e / (1 if slip == "sum for mean" else 12)
        e = e * np.array([1.0, 1, 0, 1]) if slip == "a class left out" else e
        W = X.T @ e + 0.2 * p["W"] * (slip != "no penalty")
        b = np.full(4, e.sum(axis=0)[0]) if slip == "one value in b" else e.sum(axis=0)
        return {"W": W, "b": b}

    return UserFunction(loss, gradient, {"W": d["W"], "b": d["b"]})


def layers() -> UserFunction:
    """A network of two layers with samples as rows, its parameters named as elsewhere."""
    names = ("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias")
    d = randoms(4, X=(9, 4), Y=(9, 3), W1=(4, 6), b1=(6,), W2=(6, 3), b2=(3,))
    X, Y = d["X"], d["Y"]

    def loss(p: Parameters) -> float:
        W1, b1, W2, b2 = (p[name] for name in names)
        return float(np.mean((np.tanh(X @ W1 + b1) @ W2 + b2 - Y) ** 2))

    def gradient(p: Parameters, slip: str) -> Gradient:
        W1, b1, W2, b2 = (p[name] for name in names)
        h = np.tanh(X @ W1 + b1)
        e = 2 * (h @ W2 + b2 - Y) / (9 if slip == "mean over samples alone" else Y.size)
        slope = {"1 - h": 1 - h, "no slope": np.ones_like(h)}.get(slip, 1 - h**2)
        a = e @ W2.T * slope
        a = 3 * a if slip == "first layer thrice" else a
        return dict(zip(names, (X.T @ a, a.sum(axis=0), h.T @ e, e.sum(axis=0)), strict=True))

    return UserFunction(loss, gradient, dict(zip(names, (d["W1"], d["b1"], d["W2"], d["b2"]), strict=True)))


def factorisation() -> UserFunction:
    """Entries of a matrix that are known, as a product of two narrow ones."""
    d = randoms(5, R=(7, 6), M=(7, 6), U=(7, 3), V=(6, 3))
    R, M = d["R"], (d["M"] > -0.5).astype(float)

    def loss(p: Parameters) -> float:
        return float(np.sum(M * (p["U"] @ p["V"].T - R) ** 2) + 0.05 * (np.sum(p["U"] ** 2) + np.sum(p["V"] ** 2)))

    def gradient(p: Parameters, slip: str) -> Gradient:
        E = (1 if slip == "mask forgotten" else M) * (p["U"] @ p["V"].T - R)
        E = E / 2 if slip == "2 forgotten" else E
        U, V = 2 * E @ p["V"] + 0.1 * p["U"], 2 * E.T @ p["U"] + 0.1 * p["V"]
        if slip == "V averaged":
            V = 2 * E.T @ p["U"] / M.sum(axis=0)[:, None] + 0.1 * p["V"]
        if slip == "last user skipped":
            U[-1] = 0
        return {"U": U, "V": V - 0.1 * p["V"] if slip == "penalty of U alone" else V}

    return UserFunction(loss, gradient, {"U": d["U"], "V": d["V"]})


def batch_norm() -> UserFunction:
    """Batch normalisation under a random weight."""
    d = randoms(6, x=(8, 5), gamma=(5,), beta=(5,), G=(8, 5))
    G = d["G"]

    def normalised(p: Parameters) -> tuple[Array, Array]:
        x = p["x"] - p["x"].mean(axis=0)
        s = np.sqrt((x**2).mean(axis=0) + 1e-5)
        return x / s, s

    def loss(p: Parameters) -> float:
        return float(np.sum(G * np.tanh(p["gamma"] * normalised(p)[0] + p["beta"])))

    def gradient(p: Parameters, slip: str) -> Gradient:
        n, s = normalised(p)
        g = G * (1 - np.tanh(p["gamma"] * n + p["beta"]) ** 2)
        dn = g * (1 if slip == "gamma forgotten" else p["gamma"])
        mean = dn.mean(axis=0) * (slip != "mean forgotten")
        spread = n * (dn * n).mean(axis=0) * (slip != "spread forgotten")
        x = (dn - mean - spread) / (s**2 if slip == "variance for spread" else s)
        beta = g.mean(axis=0) if slip == "beta averaged" else g.sum(axis=0)
        return {"x": x, "gamma": (g * (p["x"] if slip == "x for its normal form" else n)).sum(axis=0), "beta": beta}

    return UserFunction(loss, gradient, {"x": d["x"], "gamma": d["gamma"], "beta": d["beta"]})


def convolution() -> UserFunction:
    """A convolution of images, stride 1, no padding."""
    d = randoms(7, x=(2, 3, 5, 5), k=(4, 3, 3, 3), b=(4,), G=(2, 4, 3, 3))
    G = d["G"]

    def patches(x: Array) -> Array:
        return np.stack([x[:, :, i : i + 3, j : j + 3] for i in range(3) for j in range(3)])

    def loss(p: Parameters) -> float:
        out = np.einsum("rncij,fcij->nfr", patches(p["x"]), p["k"]).reshape(2, 4, 3, 3)
        return float(np.sum(G * (out + p["b"][:, None, None])))

    def gradient(p: Parameters, slip: str) -> Gradient:
        k = np.einsum("rncij,nfr->fcij", patches(p["x"]), G.reshape(2, 4, 9))
        x = np.zeros_like(p["x"])
        for i in range(2 if slip == "last row skipped" else 3):
            for j in range(3):
                part = np.einsum("nf,fcij->ncij", G[:, :, i, j], p["k"])
                if slip == "= for +=":
                    x[:, :, i : i + 3, j : j + 3] = part
                else:
                    x[:, :, i : i + 3, j : j + 3] += part
        k = k[:, :, ::-1, ::-1] if slip == "kernel turned" else k
        k = k.transpose(0, 1, 3, 2) if slip == "axes exchanged" else k
        b = G.mean(axis=(0, 2, 3)) if slip == "b averaged" else G.sum(axis=(0, 2, 3))
        return {"x": x, "k": k, "b": b}

    return UserFunction(loss, gradient, {"x": d["x"], "k": d["k"], "b": d["b"]})


def recurrent() -> UserFunction:
    """A recurrent network over four time steps."""
    d = randoms(8, x=(2, 4, 3), Wx=(3, 5), Wh=(5, 5), b=(5,), G=(2, 4, 5))
    G = d["G"]

    def states(p: Parameters) -> Array:
        h = [np.zeros((2, 5))]
        for t in range(4):
            h.append(np.tanh(p["x"][:, t] @ p["Wx"] + h[-1] @ p["Wh"] / 2 + p["b"]))
        return np.stack(h, axis=1)

    def loss(p: Parameters) -> float:
        return float(np.sum(G * states(p)[:, 1:]))

    def gradient(p: Parameters, slip: str) -> Gradient:
        h, g, back = states(p), {name: np.zeros_like(values) for name, values in p.items()}, np.zeros((2, 5))
        for t in (3, 2, 1, 0):
            a = (G[:, t] + back) * (1 if slip == "no slope" else 1 - h[:, t + 1] ** 2)
            g["x"][:, t] = a @ p["Wx"].T
            g["Wx"] += p["x"][:, t].T @ a
            g["Wh"] += h[:, t + 1 if slip == "h of the next step" else t].T @ a / 2
            g["b"] = a.sum(axis=0) if slip == "= for += in b" else g["b"] + a.sum(axis=0)
            back = a @ (p["Wh"] if slip == "Wh not transposed" else p["Wh"].T) / 2
            back = np.zeros((2, 5)) if slip == "nothing handed back" else back
        g["Wh"] = g["Wh"].T if slip == "dWh transposed" else g["Wh"]
        return g

    return UserFunction(loss, gradient, {name: d[name] for name in ("x", "Wx", "Wh", "b")})


def gated() -> UserFunction:
    """One step of an LSTM."""
    d = randoms(9, x=(3, 4), h=(3, 3), c=(3, 3), Wx=(4, 12), Wh=(3, 12), b=(12,), G=(3, 3))
    G = d["G"]

    def gates(p: Parameters) -> tuple[Array, ...]:
        i, f, o, g = np.split(p["x"] @ p["Wx"] + p["h"] @ p["Wh"] + p["b"], 4, axis=1)
        i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
        return i, f, o, g, f * p["c"] + i * g

    def loss(p: Parameters) -> float:
        _, _, o, _, c = gates(p)
        return float(np.sum(G * o * np.tanh(c)))

    def gradient(p: Parameters, slip: str) -> Gradient:
        i, f, o, g, c = gates(p)
        dc = G * o * (1 - np.tanh(c) ** 2)
        di, df, do, dg = dc * g, dc * (c if slip == "c of after" else p["c"]), G * np.tanh(c), dc * i
        slopes = [i * (1 - i), f * (1 - f), o * (1 - o), 1 - g**2]
        if slip == "no slope of the forget gate":
            slopes[1] = np.ones_like(f)
        parts = [d * s for d, s in zip((di, df, do, dg), slopes, strict=True)]
        if slip == "gates exchanged":
            parts[1], parts[2] = parts[2], parts[1]
        a = np.concatenate(parts, axis=1)
        dx = a @ p["Wx"].T
        return {
            "x": dx, "h": a @ p["Wh"].T, "c": dc * (i if slip == "i for f" else f),
            "Wx": p["x"].T @ a, "Wh": p["h"].T @ a, "b": a.mean(axis=0) if slip == "b averaged" else a.sum(axis=0),
        }  # fmt: skip

    return UserFunction(loss, gradient, {name: d[name] for name in ("x", "h", "c", "Wx", "Wh", "b")})


def attention() -> UserFunction:
    """Attention of five tokens."""
    d = randoms(10, X=(5, 4), Q=(4, 3), K=(4, 3), V=(4, 3), G=(5, 3))
    X, G = d["X"], d["G"]

    def weights(p: Parameters) -> Array:
        return softmax(X @ p["Q"] @ (X @ p["K"]).T / np.sqrt(3))

    def loss(p: Parameters) -> float:
        return float(np.sum(G * (weights(p) @ X @ p["V"])))

    def gradient(p: Parameters, slip: str) -> Gradient:
        A = weights(p)
        dA = G @ (X @ p["V"]).T
        dS = A * (dA - (dA * A).sum(axis=1, keepdims=True) * (slip != "elementwise softmax'"))
        dS = dS if slip == "scale forgotten" else dS / np.sqrt(3)
        K = X.T @ (dS if slip == "scores not transposed" else dS.T) @ X @ p["Q"]
        V = X.T @ (A if slip == "weights not transposed" else A.T) @ G
        return {"Q": X.T @ dS @ X @ p["K"], "K": K, "V": V}

    return UserFunction(loss, gradient, {name: d[name] for name in "QKV"})


def poisson() -> UserFunction:
    """Counts with an exposure, of a logarithmic link."""
    d = randoms(11, X=(25, 4), e=(25,), w=(4,), b=())
    X, e, t = d["X"], np.exp(d["e"] / 2), np.arange(25) % 4

    def loss(p: Parameters) -> float:
        z = X @ p["w"] + p["b"]
        return float(np.sum(e * np.exp(z) - t * z))

    def gradient(p: Parameters, slip: str) -> Gradient:
        mu = (1 if slip == "exposure forgotten" else e) * np.exp(X @ p["w"] + p["b"])
        r = t - mu if slip == "likelihood" else mu - t
        return {"w": X.T @ r / (25 if slip == "w averaged" else 1), "b": np.asarray(r.sum())}

    return UserFunction(loss, gradient, {"w": d["w"] / 3, "b": d["b"]})


def links() -> UserFunction:
    """Scales held as logarithms, shares as logits, angles: each parameter has a link."""
    d = randoms(12, s=(6,), q=(7,), r=(5,), a=(6,), A=(6, 6), c=(7,))
    A, c = d["A"] @ d["A"].T, np.arange(1.0, 8.0)

    def loss(p: Parameters) -> float:
        x, q = np.exp(p["s"]), sigmoid(p["q"])
        return float(x @ A @ x / 2 + np.sum(c * q**2) + np.sum(p["r"] ** 6) + np.sum(np.tanh(p["a"]) * c[:6]))

    def gradient(p: Parameters, slip: str) -> Gradient:
        x, q = np.exp(p["s"]), sigmoid(p["q"])
        s = A @ x * (1 if slip == "exp' forgotten" else x)
        logit = 2 * c * q * (1 if slip == "sigmoid' forgotten" else q * (1 - q))
        r = 3 * p["r"] ** 4 if slip == "2 r forgotten" else 6 * p["r"] ** 5
        a = c[:6] * (1 if slip == "tanh' forgotten" else 1 - np.tanh(p["a"]) ** 2)
        return {"s": s, "q": logit, "r": r, "a": a}

    return UserFunction(loss, gradient, {name: d[name] for name in "sqra"})


def covariance() -> UserFunction:
    """The negative logarithm of a likelihood in a symmetric matrix."""
    d = randoms(13, B=(5, 5), C=(5, 5), m=(5,), y=(5,))
    S, C, y = d["B"] @ d["B"].T + 5 * np.eye(5, dtype=np.float64), d["C"] @ d["C"].T, d["y"]

    def loss(p: Parameters) -> float:
        P = np.linalg.inv(p["S"])
        return float(np.linalg.slogdet(p["S"])[1] + np.trace(P @ C) + (y - p["m"]) @ P @ (y - p["m"]))

    def gradient(p: Parameters, slip: str) -> Gradient:
        P, r = np.linalg.inv(p["S"]), y - p["m"]
        G = P.T * (slip != "log det forgotten") - P.T @ C.T @ P.T - P.T @ np.outer(r, r) @ P.T
        if slip == "both halves":
            G = 2 * G - np.diag(np.diag(G))
        G = np.triu(G) if slip == "upper half" else G
        G = np.diag(np.diag(G)) if slip == "diagonal alone" else G
        return {
            "S": np.asarray(G, dtype=np.float64),
            "m": np.asarray(P @ r * (1 if slip == "factor of m" else -2), np.float64),
        }

    return UserFunction(loss, gradient, {"S": S, "m": d["m"]})


def embedding() -> UserFunction:
    """Rows of a table, looked up by tokens, and a matrix between them."""
    d = randoms(14, E=(9, 4), W=(4, 4), G=(8,))
    tokens, others, G = np.array([1, 3, 3, 5, 0, 1, 7, 2]), np.array([2, 4, 4, 0, 5, 8, 8, 6]), d["G"]

    def loss(p: Parameters) -> float:
        a, b = p["E"][tokens], p["E"][others]
        return float(G @ np.einsum("ni,ij,nj->n", a, p["W"], b))

    def gradient(p: Parameters, slip: str) -> Gradient:
        a, b = p["E"][tokens], p["E"][others]
        E, da, db = np.zeros_like(p["E"]), G[:, None] * (b @ p["W"].T), G[:, None] * (a @ p["W"])
        if slip == "= for +=":
            E[tokens] += da
            E[others] += db
        else:
            np.add.at(E, tokens, da)
            if slip != "others forgotten":
                np.add.at(E, others, db)
        E[0] = 0 if slip == "padding row zero" else E[0]
        W = np.einsum("n,ni,nj->ij", G, a, b)
        W = (W + W.T) / 2 if slip == "made symmetric" else W
        return {"E": E / 8 if slip == "E averaged" else E, "W": W.T if slip == "W transposed" else W}

    return UserFunction(loss, gradient, {"E": d["E"], "W": d["W"]})


def constrained() -> UserFunction:
    """A unit vector, shares that sum to one, and what both are applied to."""
    d = randoms(15, v=(6,), q=(5,), A=(6, 6), c=(5,))
    v, q, A = np.asarray(d["v"] / np.sqrt(d["v"] @ d["v"])), softmax(d["q"]), d["A"]

    def loss(p: Parameters) -> float:
        return float(p["v"] @ A @ p["v"] + d["c"] @ p["q"] ** 2)

    def gradient(p: Parameters, slip: str) -> Gradient:
        g, s = (A + A.T) @ p["v"], 2 * d["c"] * p["q"]
        if slip == "tangent to the sphere":
            g = g - (g @ p["v"]) * p["v"]
        if slip == "A twice":
            g = 2 * A @ p["v"]
        return {"v": g, "q": s - s.mean() if slip == "tangent to the simplex" else s}

    return UserFunction(loss, gradient, {"v": v, "q": q})


FUNCTIONS = {
    function.__name__: function()
    for function in (
        ridge, logistic, softmax_regression, layers, factorisation, batch_norm, convolution, recurrent, gated,
        attention, poisson, links, covariance, embedding, constrained,
    )
}  # fmt: skip

SLIPS: dict[str, dict[str, str]] = {
    "ridge": {
        "sum for mean": "delta-factor",
        "2 forgotten": "delta-factor",
        "l1 for l2": "regulariser-wrong",
        "half the samples in b": "sample-missing",
        "sign of w": "factor",
        "no penalty": "regulariser-missing",
        "half the penalty": "regulariser-wrong",
        "penalty / N": "regulariser-wrong",
    },
    "logistic": {
        "labels +-1": "",
        "weights forgotten": "",
        "sigmoid' too many": "",
        "likelihood": "factor-all",
        "mean for sum in b": "factor",
    },
    "softmax_regression": {
        "labels shifted": "labels",
        "sum for mean": "delta-factor",
        "a class left out": "delta-factor",
        "no penalty": "regulariser-missing",
        "one value in b": "broadcast",
    },
    "layers": {
        "mean over samples alone": "factor-all",
        "first layer thrice": "factor delta-factor",
        "1 - h": "derivative-of-wrong-variable",
        "no slope": "missing-activation-derivative",
    },
    "factorisation": {
        "mask forgotten": "slices",
        "2 forgotten": "data-scaled",
        "V averaged": "factor-along-axis",
        "last user skipped": "rows",
        "penalty of U alone": "penalty-differs",
    },
    "batch_norm": {
        "gamma forgotten": "factor-along-axis",
        "mean forgotten": "constant-along-axis",
        "spread forgotten": "normalisation",
        "variance for spread": "factor-along-axis",
        "beta averaged": "factor",
        "x for its normal form": "",
    },
    "convolution": {
        "last row skipped": "slices",
        "= for +=": "",
        "kernel turned": "permuted",
        "axes exchanged": "transposed",
        "b averaged": "factor",
    },
    "recurrent": {
        "no slope": "",
        "h of the next step": "",
        "= for += in b": "",
        "Wh not transposed": "slices",
        "nothing handed back": "slices",
        "dWh transposed": "transposed",
    },
    "gated": {
        "c of after": "slices",
        "no slope of the forget gate": "slices",
        "gates exchanged": "permuted",
        "i for f": "",
        "b averaged": "factor",
    },
    "attention": {
        "elementwise softmax'": "",
        "scale forgotten": "factor",
        "scores not transposed": "",
        "weights not transposed": "",
    },
    "poisson": {"exposure forgotten": "", "likelihood": "factor-all", "w averaged": "factor"},
    "links": {
        "exp' forgotten": "link-derivative",
        "sigmoid' forgotten": "link-derivative",
        "2 r forgotten": "link-derivative",
        "tanh' forgotten": "link-derivative",
    },
    "covariance": {
        "log det forgotten": "penalty-differs",
        "both halves": "off-diagonal-doubled",
        "upper half": "half-stored",
        "diagonal alone": "half-stored",
        "factor of m": "factor",
    },
    "embedding": {
        "= for +=": "slices",
        "others forgotten": "slices",
        "padding row zero": "rows",
        "made symmetric": "made-symmetric",
        "E averaged": "factor",
        "W transposed": "transposed",
    },
    "constrained": {
        "tangent to the sphere": "penalty-differs right-on-a-set",
        "A twice": "",
        "tangent to the simplex": "right-on-a-set",
    },
}
"""By function the slips, each with the codes that say something true of it that leads to its line, if any does."""

OF_ANOTHER_LOSS = {
    "ridge": {"sum for mean", "2 forgotten", "l1 for l2", "no penalty", "half the penalty", "penalty / N"},
    "logistic": {"labels +-1", "weights forgotten", "sigmoid' too many", "likelihood"},
    "softmax_regression": {"labels shifted", "sum for mean", "no penalty"},
    "layers": {"mean over samples alone"},
    "factorisation": {"mask forgotten", "2 forgotten", "penalty of U alone"},
    "convolution": {"b averaged"},  # of a loss that is linear in b
    "poisson": {"exposure forgotten", "likelihood"},
    "links": {"sigmoid' forgotten", "2 r forgotten", "tanh' forgotten"},  # each entry for itself
    "covariance": {"log det forgotten"},
}
"""The slips with which the claim is a gradient all the same; with the others it is none."""
