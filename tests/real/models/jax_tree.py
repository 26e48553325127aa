"""Functions of jax with custom derivatives, right and wrong, of trees of arrays."""

import jax
import jax.numpy as jnp
import numpy as np

_random = np.random.default_rng(0)
POINT = {"layer": {"w": _random.normal(size=(3, 3)), "b": _random.normal(size=3)}, "x": _random.normal(size=3)}


def layer(mode):
    @jax.custom_vjp
    def function(p, scale):
        out = scale * jnp.tanh(p["layer"]["w"] @ p["x"] + p["layer"]["b"])
        return {"out": out, "aux": [jnp.sum(p["x"] ** 2), p["x"] > 0]}

    def forward(p, scale):
        return function(p, scale), (p, scale)

    def backward(saved, u):
        p, scale = saved
        t = jnp.tanh(p["layer"]["w"] @ p["x"] + p["layer"]["b"])
        d = scale * u["out"] * (1 if mode == "no tanh" else 1 - t**2)
        w = jnp.outer(p["x"], d) if mode == "transposed" else jnp.outer(d, p["x"])
        x = p["layer"]["w"].T @ d + (0 if mode == "lost aux" else 2 * p["x"] * u["aux"][0])
        return {"layer": {"w": w, "b": d}, "x": x}, jnp.zeros_like(scale)

    function.defvjp(forward, backward)
    return function


def product(factor):
    @jax.custom_jvp
    def function(x, w):
        return jnp.sin(x) * w

    @function.defjvp
    def _(primals, tangents):
        (x, w), (dx, dw) = primals, tangents
        return jnp.sin(x) * w, jnp.cos(x) * w * dx + factor * jnp.sin(x) * dw

    return function


def penalty(p):
    slope = jax.grad(lambda x: jnp.sum(jnp.tanh(x * p["w"])))(p["x"])
    return jnp.sum(slope**2)
