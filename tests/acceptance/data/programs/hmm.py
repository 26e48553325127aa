"""A hidden Markov model with Gaussian emissions, the gradient by forward and backward probabilities."""

import numpy as np
class GaussianHMM:
    def __init__(self, K, seed=0):
        r = np.random.default_rng(seed)
        self.means_ = r.normal(size=K); self.logits = r.normal(size=(K, K)); self.start = r.normal(size=K)
        self.fitted = False
    def _alpha(self, x):
        A = np.exp(self.logits); A /= A.sum(1, keepdims=True); p = np.exp(self.start); p /= p.sum()
        B = np.exp(-0.5 * (x[:, None] - self.means_) ** 2)
        a = [p * B[0]]
        for t in range(1, len(x)): a.append((a[-1] @ A) * B[t])
        return np.array(a), A, p, B
    def neg_log_likelihood(self, x): return -np.log(self._alpha(x)[0][-1].sum())
    def gradient(self, x):
        a, A, p, B = self._alpha(x); T, K = a.shape
        b = np.ones((T, K))
        for t in range(T - 2, -1, -1): b[t] = A @ (B[t + 1] * b[t + 1])
        Z = a[-1].sum(); g = a * b / Z
        xi = sum(a[t][:, None] * A * B[t + 1] * b[t + 1] / Z for t in range(T - 1))
        return dict(means_=-(g * (x[:, None] - self.means_)).sum(0), logits=-(xi - xi.sum(1, keepdims=True) * A), start=-(g[0] - p))
hmm = GaussianHMM(2)
x = np.array([0.1, -0.5, 1.2, 0.7])
