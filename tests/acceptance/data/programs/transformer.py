"""In the shape of numpy transformers: modules in modules, parameters as objects with data and grad, a backward pass."""
import numpy as np


class Parameter:
    def __init__(self, data):
        self.data = data
        self.grad = np.zeros_like(data)


rng = np.random.default_rng(0)


class Module:
    pass


class Linear(Module):
    def __init__(self, n, m):
        self.W = Parameter(rng.normal(size=(n, m)) / np.sqrt(n))
        self.b = Parameter(rng.normal(size=m) * 0.1)

    def forward(self, x):
        self.x = x
        return x @ self.W.data + self.b.data

    def backward(self, dout):
        x = self.x.reshape(-1, self.x.shape[-1])
        d = dout.reshape(-1, dout.shape[-1])
        self.W.grad += x.T @ d
        self.b.grad += d.sum(axis=0)
        return dout @ self.W.data.T


class LayerNorm(Module):
    def __init__(self, n):
        self.gamma = Parameter(np.ones(n))
        self.beta = Parameter(np.zeros(n))

    def forward(self, x):
        self.std = np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
        self.hat = (x - x.mean(axis=-1, keepdims=True)) / self.std
        return self.gamma.data * self.hat + self.beta.data

    def backward(self, dout):
        self.gamma.grad += (dout * self.hat).sum(axis=(0, 1))
        self.beta.grad += dout.sum(axis=(0, 1))
        d = dout * self.gamma.data
        return (d - d.mean(-1, keepdims=True) - self.hat * (d * self.hat).mean(-1, keepdims=True)) / self.std


class Attention(Module):
    def __init__(self, n, heads):
        self.heads, self.size = heads, n // heads
        self.q, self.k, self.v, self.out = Linear(n, n), Linear(n, n), Linear(n, n), Linear(n, n)

    def split(self, x):
        return x.reshape(x.shape[0], x.shape[1], self.heads, self.size).transpose(0, 2, 1, 3)

    def merge(self, x):
        x = x.transpose(0, 2, 1, 3)
        return x.reshape(x.shape[0], x.shape[1], -1)

    def forward(self, x):
        self.Q, self.K, self.V = (self.split(layer.forward(x)) for layer in (self.q, self.k, self.v))
        scores = self.Q @ self.K.transpose(0, 1, 3, 2) / np.sqrt(self.size)
        mask = np.triu(np.full(scores.shape[-2:], -1e9), k=1)
        e = np.exp(scores + mask - (scores + mask).max(-1, keepdims=True))
        self.A = e / e.sum(-1, keepdims=True)
        return self.out.forward(self.merge(self.A @ self.V))

    def backward(self, dout):
        d = self.split(self.out.backward(dout))
        dA = d @ self.V.transpose(0, 1, 3, 2)
        dV = self.A.transpose(0, 1, 3, 2) @ d
        dS = self.A * (dA - (dA * self.A).sum(-1, keepdims=True)) / np.sqrt(self.size)
        dQ, dK = dS @ self.K, dS.transpose(0, 1, 3, 2) @ self.Q
        return sum(l.backward(self.merge(g)) for l, g in ((self.q, dQ), (self.k, dK), (self.v, dV)))


class Block(Module):
    def __init__(self, n, heads):
        self.norm1, self.attention = LayerNorm(n), Attention(n, heads)
        self.norm2, self.mlp = LayerNorm(n), [Linear(n, 2 * n), Linear(2 * n, n)]

    def forward(self, x):
        x = x + self.attention.forward(self.norm1.forward(x))
        self.h = np.tanh(self.mlp[0].forward(self.norm2.forward(x)))
        return x + self.mlp[1].forward(self.h)

    def backward(self, dout):
        dh = self.mlp[1].backward(dout) * (1 - self.h**2)
        dx = dout + self.norm2.backward(self.mlp[0].backward(dh))
        return dx + self.norm1.backward(self.attention.backward(dx))


class Transformer(Module):
    def __init__(self):
        self.blocks = [Block(4, 2), Block(4, 2)]
        self.head = Linear(4, 3)

    def loss(self, x, target):
        for block in self.blocks:
            x = block.forward(x)
        logits = self.head.forward(x)
        e = np.exp(logits - logits.max(-1, keepdims=True))
        self.probs, self.target = e / e.sum(-1, keepdims=True), target
        return -np.mean(np.sum(target * np.log(self.probs), axis=-1))

    def backward(self):
        count = self.target.shape[0] * self.target.shape[1]
        d = self.head.backward((self.probs - self.target) / count)
        for block in reversed(self.blocks):
            d = block.backward(d)


model = Transformer()
