"""In the shape of nicodjimenez/lstm: an object of arrays and of their diffs, which are added up over time steps."""
import numpy as np


class Param:
    def __init__(self, n_in, n_out):
        rng = np.random.RandomState(3)
        self.wg = rng.uniform(-0.5, 0.5, (n_out, n_in + n_out))
        self.wf = rng.uniform(-0.5, 0.5, (n_out, n_in + n_out))
        self.bg = rng.uniform(-0.5, 0.5, n_out)
        self.bf = rng.uniform(-0.5, 0.5, n_out)
        self.wg_diff = np.zeros_like(self.wg)
        self.wf_diff = np.zeros_like(self.wf)
        self.bg_diff = np.zeros_like(self.bg)
        self.bf_diff = np.zeros_like(self.bf)


class Network:
    """h_t = f_t * h_(t-1) + (1 - f_t) * g_t, with f = sigmoid and g = tanh of W [x_t, h_(t-1)] + b."""

    def __init__(self, param):
        self.param = param

    def y_list_is(self, xs, ys):
        p = self.param
        h = np.zeros(len(p.bg))
        nodes, loss = [], 0.0
        for x, y in zip(xs, ys):
            xc = np.hstack((x, h))
            g = np.tanh(p.wg @ xc + p.bg)
            f = 1 / (1 + np.exp(-(p.wf @ xc + p.bf)))
            nodes.append((xc, g, f, h, y))
            h = f * h + (1 - f) * g
            loss += np.sum((h - y) ** 2)
            nodes[-1] += (h,)
        dh_next = np.zeros_like(h)
        for xc, g, f, h_before, y, h in reversed(nodes):
            dh = 2 * (h - y) + dh_next
            dg = dh * (1 - f) * (1 - g**2)
            df = dh * (h_before - g) * f * (1 - f)
            p.wg_diff += np.outer(dg, xc)
            p.wf_diff += np.outer(df, xc)
            p.bg_diff += dg
            p.bf_diff += df
            dxc = p.wg.T @ dg + p.wf.T @ df
            dh_next = dh * f + dxc[len(xc) - len(h) :]
        return loss


net = Network(Param(3, 2))
rng = np.random.RandomState(5)
xs, ys = [rng.randn(3) for _ in range(4)], [rng.randn(2) for _ in range(4)]
