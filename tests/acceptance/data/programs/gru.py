"""A gated recurrent unit whose parameters are a list of layers, each a list of arrays."""

import numpy as np
def sigmoid(x): return 1 / (1 + np.exp(-x))
def gru_forward(x, params):
    """x (T, n); params a list [W, U, b] for z and h"""
    (Wz, Uz, bz), (Wh, Uh, bh) = params
    h = np.zeros(Uz.shape[0]); caches = []; hs = []
    for t in range(len(x)):
        z = sigmoid(x[t] @ Wz + h @ Uz + bz); c = np.tanh(x[t] @ Wh + h @ Uh + bh)
        caches.append((x[t], h, z, c)); h = z * h + (1 - z) * c; hs.append(h)
    return np.array(hs), caches
def loss(params, x, y): return float(np.sum((gru_forward(x, params)[0] - y) ** 2))
def grads(params, x, y):
    (Wz, Uz, bz), (Wh, Uh, bh) = params
    hs, caches = gru_forward(x, params); d = 2 * (hs - y)
    g = [[np.zeros_like(a) for a in layer] for layer in params]; dh = 0
    for t in range(len(x) - 1, -1, -1):
        xt, h, z, c = caches[t]; dh = dh + d[t]
        dz = dh * (h - c) * z * (1 - z); dc = dh * (1 - z) * (1 - c ** 2)
        for k, (dd) in enumerate((dz, dc)):
            g[k][0] += np.outer(xt, dd); g[k][1] += np.outer(h, dd); g[k][2] += dd
        dh = dh * z + dz @ Uz.T + dc @ Uh.T
    return g
