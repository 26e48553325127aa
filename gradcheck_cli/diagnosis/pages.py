"""A page for every code: what it means, how it comes about, and code before and after. Plain text, no numpy."""

from __future__ import annotations

from dataclasses import dataclass

from gradcheck_cli.vocabulary.language import said
from gradcheck_cli.vocabulary.wrapping import wrapped

__all__ = ["PAGES", "Page"]


@dataclass(frozen=True)
class Page:
    """What `gradcheck explain CODE` prints."""

    title: str
    """The mistake in one line."""
    cause: str
    """How it comes about."""
    before: str = ""
    """Code with the mistake."""
    after: str = ""
    """The same code without it."""

    def text(self, code: str) -> str:
        """Return the whole page."""
        parts = [f"{code}: {said(self.title)}", "\n".join(wrapped(said(self.cause), 88))]
        if self.before:
            parts += [f"{said('wrong:')}\n    {self.before}", f"{said('right:')}\n    {self.after}"]
        return "\n\n".join(parts) + "\n"


_DW = "dW2 = 1 / m * np.dot(dZ2, A1.T)"
_DB = "db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)"
_DA = "dA1 = np.dot(W2.T, dZ2)"
_RELU = "dZ1 = dA1 * (Z1 > 0)"
_TANH = "dZ1 = dA1 * (1 - A1**2)"
_OUT = "dZ3 = A3 - Y"
_REG = "dW2 = 1 / m * np.dot(dZ2, A1.T) + l2 / m * W2"
_MASK = "dZ1 = dA1 * D1 * (Z1 > 0)"

PAGES = {
    "factor": Page(
        "one gradient is a constant times the right one",
        "A factor was added, lost or turned round in the line that computes this gradient alone. A factor m or 1/m is"
        " a mean taken as a sum, or divided twice; -1 is a sign; 2 often is the derivative of a square whose 1/2 the"
        " loss already has.",
        "dW2 = 1 / m * np.dot(dZ2, A1.T) * 2",
        _DW,
    ),
    "delta-factor": Page(
        "dZ_l is a constant times the right one, and so is all that follows from it",
        "The factor is in the line that computes dZ_l. The gradients of layer l and of every layer below it carry it;"
        " those above are right.",
        "dZ1 = 2 * dA1 * (Z1 > 0)",
        _RELU,
    ),
    "factor-all": Page(
        "every gradient is the same constant times the right one",
        "The loss and its gradient differ by a factor: a mean against a sum over the samples, a learning rate already"
        " multiplied in, a loss with or without its 1/2.",
        "return {name: 0.1 * g for name, g in gradients.items()}",
        "return gradients",
    ),
    "small-relative-error": Page(
        "right but for a small relative error",
        "A constant is slightly off, an approximation stands in the place of a formula, or a part was computed in few"
        " digits.",
        "dZ1 = dA1 * 0.999 * (1 - A1**2)",
        _TANH,
    ),
    "missing-activation-derivative": Page(
        "dZ_l lacks the derivative of its activation",
        "The step from dA_l to dZ_l was left out. With relu that means its mask.",
        "dZ1 = dA1",
        _RELU,
    ),
    "wrong-activation-derivative": Page(
        "dZ_l has the derivative of another activation, or a wrong form of the right one",
        "The activation was changed in the forward pass only, or the formula was remembered wrongly.",
        _RELU,
        "dZ1 = dA1 * (1 - A1**2)  # the forward pass uses tanh",
    ),
    "derivative-of-wrong-variable": Page(
        "the derivative of the activation is taken at A_l where Z_l is due, or the reverse",
        "1 - tanh(Z)^2 is 1 - A^2 and not 1 - Z^2; a function that expects Z was given A, or the other way.",
        "dZ1 = dA1 * (1 - Z1**2)",
        _TANH,
    ),
    "wrong-cache": Page(
        "a value from another layer's cache is used",
        "The index into the list of caches is off by one.",
        "dZ1 = dA1 * (Z2 > 0)",
        _RELU,
    ),
    "transposed": Page(
        "a square gradient is the transpose of the right one",
        "The two factors of the product are in the wrong order; where the matrix is square no shape complains.",
        "dW2 = 1 / m * np.dot(A1, dZ2.T)",
        _DW,
    ),
    "weights-not-transposed": Page(
        "dA_l goes through W_(l+1) where its transpose is due",
        "Where the matrix is square no shape complains.",
        "dA1 = np.dot(W2, dZ2)",
        _DA,
    ),
    "wrong-weights": Page(
        "dA_l goes through the weights of another layer, or through a gradient",
        "The wrong name or index stands in the product.",
        "dA1 = np.dot(W1.T, dZ2)",
        _DA,
    ),
    "updated-weights": Page(
        "dA_l goes through weights that were already updated",
        "The update was done layer by layer inside the backward pass.",
        "W2 -= rate * dW2; dA1 = np.dot(W2.T, dZ2)",
        "dA1 = np.dot(W2.T, dZ2)  # and all updates at the end",
    ),
    "wrong-axis": Page(
        "a sum runs over the wrong axis",
        "Samples are columns, so a bias gradient sums over axis 1. Where shapes happen to agree nothing complains.",
        "db2 = 1 / m * np.sum(dZ2, axis=0).reshape(-1, 1)",
        _DB,
    ),
    "broadcast": Page(
        "one value stands at every entry",
        "A sum without axis gives one number, which then fills the whole array.",
        "db2 = 1 / m * np.sum(dZ2) * np.ones_like(b2)",
        _DB,
    ),
    "offset": Page(
        "a constant is added to every entry",
        "A small number meant for a division, or a loop variable, was added to the gradient.",
        _DW + " + 0.01",
        _DW,
    ),
    "regulariser-missing": Page(
        "dW lacks the derivative of the L2 term",
        "The loss holds l2 / (2 m) times the squared weights; its derivative l2 / m W was not added.",
        _DW,
        _REG,
    ),
    "regulariser-wrong": Page(
        "dW holds a wrong multiple of W",
        "The regulariser's term does not belong to the loss's: l2 W for l2/m W, twice, half, or of another penalty.",
        "dW2 = 1 / m * np.dot(dZ2, A1.T) + l2 * W2",
        _REG,
    ),
    "regularised-bias": Page(
        "db holds a multiple of b",
        "The loss penalises weights, never biases.",
        _DB + " + l2 / m * b2",
        _DB,
    ),
    "wrong-input": Page(
        "dW_l is made with another array where A_(l-1) is due",
        "The index into the list of caches is off by one, or Z was taken for A.",
        "dW2 = 1 / m * np.dot(dZ2, Z1.T)",
        _DW,
    ),
    "wrong-delta": Page(
        "another array stands where dZ_l is due, or something was done to dZ_l",
        "A wrong name or index; or dZ_l was centred, normalised, reordered or made positive after it was computed.",
        "dW2 = 1 / m * np.dot(dZ1, A1.T)",
        _DW,
    ),
    "dA-for-dZ": Page(
        "one gradient is made with dA_l where dZ_l is due",
        "dA_l and dZ_l have one shape, and their names differ by a letter.",
        "db2 = 1 / m * np.sum(dA2, axis=1, keepdims=True)",
        _DB,
    ),
    "input-shifted": Page(
        "dW_l is made with a centred or rescaled A_(l-1)",
        "The data were normalised for the backward pass only, or for the forward pass only.",
        "dW1 = 1 / m * np.dot(dZ1, (X - X.mean(axis=1, keepdims=True)).T)",
        "dW1 = 1 / m * np.dot(dZ1, X.T)",
    ),
    "sample-missing": Page(
        "one sample, or a part of the batch, is left out",
        "A range or a slice ends too early.",
        "dW2 = 1 / m * np.dot(dZ2[:, 1:], A1[:, 1:].T)",
        _DW,
    ),
    "sample-doubled": Page(
        "one sample is counted twice",
        "A loop over the samples starts with a gradient that already holds the first one.",
        "dW2 = first + sum(share(s) for s in range(m))",
        "dW2 = sum(share(s) for s in range(m))",
    ),
    "one-sample": Page(
        "the gradient of one sample alone",
        "The sum was overwritten in a loop, or only one column was taken.",
        "dW2 = share(s)  # in a loop over s",
        "dW2 += share(s)",
    ),
    "sample-weights": Page(
        "samples have weights that the loss does not give them",
        "Class or sample weights are in the gradient and not in the loss, or the other way round.",
        "dZ3 = weights * (A3 - Y)",
        _OUT,
    ),
    "sample-order": Page(
        "the samples of two arrays do not belong together",
        "One of them was shuffled, shifted or reversed and the other was not.",
        "dW2 = 1 / m * np.dot(np.roll(dZ2, 1, axis=1), A1.T)",
        _DW,
    ),
    "single-entry": Page(
        "one entry is wrong, all others are right",
        "An entry was overwritten, or a loop treats its first or last one apart.",
        "for k in range(1, dW2.size): dW2.flat[k] = entry(k)",
        "for k in range(dW2.size): dW2.flat[k] = entry(k)",
    ),
    "few-entries": Page(
        "some entries are wrong, most are right",
        "Single entries are overwritten, skipped or added to twice; see what their indices have in common.",
        "dE[tokens] += dX",
        "np.add.at(dE, tokens, dX)",
    ),
    "some-labels": Page(
        "an objective is wrong for the samples of some labels, and right for all others",
        "The term, or the case, that is of these labels alone has a mistake.",
        "grad = y * (p - 1) + (1 - y) * -p",
        "grad = y * (p - 1) + (1 - y) * p",
    ),
    "rows": Page(
        "only some rows are wrong",
        "A loop over the units skips, repeats or overwrites one.",
        "for i in range(n - 1): dW2[i] = row(i)",
        "for i in range(n): dW2[i] = row(i)",
    ),
    "columns": Page(
        "only some columns are wrong",
        "A loop over the inputs skips, repeats or overwrites one.",
        "for j in range(1, n): dW2[:, j] = column(j)",
        "for j in range(n): dW2[:, j] = column(j)",
    ),
    "signs": Page(
        "the sizes are right, some signs are not",
        "A square root of a square, a comparison, or an abs on a part.",
        "dW2 = np.sqrt(dW2**2) * np.sign(W2)",
        _DW,
    ),
    "absolute-values": Page(
        "the absolute value of the right gradient",
        "An abs meant for a report or a norm changed the gradient.",
        "dW2 = np.abs(dW2)",
        _DW,
    ),
    "zero": Page(
        "the gradient is zero where it should not be",
        "It was set up with zeros and never filled in, or nothing flows back through a layer.",
        "dW2 = np.zeros_like(W2)",
        _DW,
    ),
    "non-finite": Page(
        "NaN or infinity",
        "A division by zero, a logarithm of zero, or an overflow. The place named is the first on the way back.",
        "dA3 = -Y / A3 + (1 - Y) / (1 - A3); dZ3 = dA3 * A3 * (1 - A3)",
        _OUT,
    ),
    "permuted": Page(
        "the right entries in the wrong order",
        "A reshape in another order than the one before it, a roll, a sort or an index.",
        "dW2 = vector.reshape(W2.shape, order='F')",
        "dW2 = vector.reshape(W2.shape)",
    ),
    "copied": Page(
        "the gradient of another parameter stands here",
        "A line was copied and its name was not changed.",
        'gradients["dW2"] = dW1',
        'gradients["dW2"] = dW2',
    ),
    "swapped": Page(
        "two gradients stand in each other's place",
        "Two names were exchanged where the gradients are returned.",
        "return dW2, db1, dW1, db2",
        "return dW1, db1, dW2, db2",
    ),
    "stale": Page(
        "the gradient at other parameters",
        "It was computed before an update, or from the caches of another forward pass.",
        "update(parameters); check(gradient_before)",
        "update(parameters); check(backward(forward(parameters)))",
    ),
    "momentum": Page(
        "the gradient mixed with an older one",
        "A momentum was returned for the gradient, or a buffer was not cleared.",
        "velocity = 0.9 * velocity + 0.1 * gradient; return velocity",
        "return gradient",
    ),
    "float16": Page(
        "numbers of half precision",
        "A cast, or an array that was made with dtype float16: three digits are left.",
        "dW2 = np.dot(dZ2, A1.T).astype(np.float16)",
        _DW,
    ),
    "float32": Page(
        "numbers of single precision",
        "A cast, or an array that was made with dtype float32: seven digits are left, and every value is a float32"
        " number. It is no mistake in a formula. Errors that are only as small as those of float32 may well be one:"
        " they make a check INCONCLUSIVE until --precision float32 says where they come from.",
        "dW2 = np.zeros(W2.shape, dtype=np.float32)",
        "dW2 = np.zeros(W2.shape)",
    ),
    "rounded": Page(
        "numbers rounded to some decimals",
        "np.round, or a way through a text file.",
        "dW2 = np.round(dW2, 3)",
        _DW,
    ),
    "clipped-value": Page(
        "entries beyond a limit are put to it",
        "Gradient clipping belongs to training; a check needs the gradient itself.",
        "dW2 = np.clip(dW2, -1, 1)",
        _DW,
    ),
    "clipped-norm": Page(
        "the gradient is shortened to a given length",
        "Gradient clipping belongs to training; a check needs the gradient itself.",
        "return gradient * min(1, limit / np.linalg.norm(gradient))",
        "return gradient",
    ),
    "noise": Page(
        "errors of one size everywhere, without a pattern",
        "Something random differs between the loss and the gradient: a dropout mask drawn anew, another batch, added"
        " noise. Fix the seed, or hand the same random numbers to both.",
    ),
    "dropout-mask-missing": Page(
        "dZ_l lacks the dropout mask",
        "The forward pass multiplied A_l by D_l, so the backward pass has to multiply dA_l by the same D_l.",
        _RELU,
        _MASK,
    ),
    "dropout-scale-missing": Page(
        "the dropout mask lacks its 1/keep in the backward pass",
        "Inverted dropout divides by keep; the backward pass has to do it as well.",
        "dZ1 = dA1 * (D1 > 0) * (Z1 > 0)",
        _MASK,
    ),
    "dropout-mask-wrong": Page(
        "the dropout mask is used twice or turned round",
        "It was applied in two functions, or compared the wrong way.",
        "dZ1 = dA1 * D1 * D1 * (Z1 > 0)",
        _MASK,
    ),
    "labels": Page(
        "the labels in dZ_L are not those of the loss",
        "They were shifted, reordered, turned round or left out.",
        "dZ3 = A3 - np.roll(Y, 1, axis=1)",
        _OUT,
    ),
    "output-delta": Page(
        "dZ_L is not the derivative of this loss through the last activation",
        "With a sigmoid and cross-entropy, or a softmax and cross-entropy, the two derivatives collapse to A - Y; with"
        " a squared error they do not.",
        "dZ3 = (A3 - Y) * A3 * (1 - A3)",
        "dZ3 = A3 - Y  # cross-entropy",
    ),
    "conjugate": Page(
        "the conjugate of the right gradient, or a multiple of it",
        "Conventions differ: for z = x + iy torch has dJ/dx + i dJ/dy, which is the direction of steepest ascent; jax"
        " has dJ/dx - i dJ/dy; Wirtinger's dJ/dz is half of that. --complex says which one is meant. Else a conj() is"
        " missing in the gradient, or one is too many.",
        "dz = 2 * A.T @ (A @ z - y)",
        "dz = 2 * A.conj().T @ (A @ z - y)",
    ),
    "half-missing": Page(
        "only the real or only the imaginary part of a complex gradient",
        "A complex array was written into a real one, or .real was taken for a number that is complex.",
        "dz = (2 * A.conj().T @ (A @ z - y)).real",
        "dz = 2 * A.conj().T @ (A @ z - y)",
    ),
    "not-holomorphic": Page(
        "a complex function has a derivative with respect to the conjugate that the claim leaves out",
        "dF = dF/dz dz + dF/dconj(z) dconj(z). Where abs, real, imag or conj is in F, the second is not zero, and dF/dz"
        " alone is no derivative: give the pair.",
        "return np.diag(np.conj(z))  # F(z) = abs(z) ** 2",
        "return np.diag(np.conj(z)), np.diag(z)",
    ),
    "half-stored": Page(
        "only a part of a square matrix is there: a triangle, the diagonal",
        "A routine stores one half of a symmetric matrix; who reads it as a whole one takes the other half for zero.",
        "H = np.tril(H)",
        "H = np.tril(H) + np.tril(H, -1).T",
    ),
    "off-diagonal-doubled": Page(
        "every entry beside the diagonal of a square matrix is twice the right one",
        "Both halves of a symmetric matrix were added where one was meant, or the derivative of 2 x y counted twice.",
        "H = A + A.T - np.diag(np.diag(A))   # A is symmetric already",
        "H = A",
    ),
    "clipped": Page(
        "the diagonal of a Hessian is kept above or below a bound",
        "Boosting and Newton's method want a positive diagonal, so it is raised to a small number; where that is not"
        " small beside the right values, or cuts off negative ones, it is another function's.",
        "hess = np.maximum(p * (1 - p), 0.2)",
        "hess = p * (1 - p)",
    ),
    "damped": Page(
        "the same number is added to every entry of a Hessian's diagonal",
        "A damping of the solver, or the second derivative of a penalty, l2 / 2 * w ** 2, whose gradient is missing.",
        "H = J.T @ J + 1e-3 * np.eye(n)",
        "H = J.T @ J",
    ),
    "gauss-newton": Page(
        "a Hessian has no negative eigenvalue though the right one has: it may be Gauss-Newton's",
        "J.T @ J is the Hessian of a sum of squares only where the residuals are zero, or linear: it leaves out the sum"
        " of each residual times its second derivative. Eigenvalues that were raised look the same.",
        "H = J.T @ J",
        "H = J.T @ J + np.einsum('i,ijk->jk', r, d2r)",
    ),
    "outside-pattern": Page(
        "entries that are not zero are missing in the pattern of a sparse Jacobian",
        "What is not stored is taken for zero: a solver then converges slowly, or not at all, and nothing tells why.",
        "scipy.sparse.diags_array([a, b], offsets=[-1, 0])",
        "scipy.sparse.diags_array([a, b, c], offsets=[-1, 0, 1])",
    ),
    "made-symmetric": Page(
        "a square gradient was made symmetric",
        "The symmetric part of G, or G + G^T, is the gradient for a matrix whose two halves are one parameter. The loss"
        " that is checked takes every entry for itself.",
        "dS = (G + G.T) / 2",
        "dS = G",
    ),
    "data-scaled": Page(
        "the data's part of a gradient is scaled, and the penalty's part is right",
        "The mean over the samples, a 2 or a sign is in one part of the line and not in the other: the gradient is"
        " a times the right one plus a multiple of the parameter.",
        "dw = X.T @ e + l2 * w   # the loss has the mean over N samples",
        "dw = X.T @ e / N + l2 * w",
    ),
    "penalty-differs": Page(
        "the gradient is off by a multiple of the parameter, or of its signs, its inverse",
        "The term of a penalty, or another one that no data go into, is missing, has a wrong factor or a wrong sign,"
        " or is in the gradient and not in the loss. Which of these it is the numbers do not tell.",
        "dw = X.T @ e / N",
        "dw = X.T @ e / N + l2 * w",
    ),
    "link-derivative": Page(
        "the derivative of a link is missing, or there twice",
        "A parameter goes through exp, a sigmoid, tanh or a power before it is used; the chain rule multiplies with its"
        " derivative at every entry.",
        "ds = dscale   # scale = np.exp(s)",
        "ds = dscale * np.exp(s)",
    ),
    "factor-along-axis": Page(
        "the right gradient times one number for every index of an axis",
        "A scale (gamma, 1/std), a count or a weight along this axis is left out or applied twice.",
        "dx = dn / s**2",
        "dx = dn / s   # s has one entry a column",
    ),
    "constant-along-axis": Page(
        "the error is the same all along an axis",
        "The loss holds a mean or a sum over this axis, and what comes back through it is missing.",
        "dx = dn / s",
        "dx = (dn - dn.mean(axis=0)) / s   # x was centred over axis 0",
    ),
    "elementwise": Page(
        "every entry is a function of the right one, or its ratio to that a function of the parameter",
        "A power, a square root, a tanh or a logarithm is applied to the gradient; or the derivative of a link that the"
        " parameter goes through is missing or another one.",
        "dw = np.sign(dw) * np.sqrt(np.abs(dw))",
        "dw = dw",
    ),
    "normalisation": Page(
        "the error is, column by column, a number plus a multiple of the parameter",
        "That is what a slip in the derivative of a batch or layer normalisation makes: of the part that comes back"
        " through the mean, or through the spread.",
        "dx = (dn - dn.mean(axis=0)) / s",
        "dx = (dn - dn.mean(axis=0) - n * (dn * n).mean(axis=0)) / s",
    ),
    "slices": Page(
        "everything is wrong at some indices of an axis, and nothing elsewhere",
        "A time step, a gate, a channel or a range of rows is left out, overwritten or made by another formula.",
        "dE[tokens] += dX   # tokens that come twice count once",
        "np.add.at(dE, tokens, dX)",
    ),
    "rank-one": Page(
        "the gradient is, or is off by, one column times one row",
        "One outer product is missing, doubled or alone: in a sum over samples each gives one.",
        "for s in range(1, m): dW += np.outer(d[s], x[s])",
        "for s in range(m): dW += np.outer(d[s], x[s])",
    ),
    "sums-right": Page(
        "the sums along an axis are right, and the entries are not",
        "What comes in is shared out wrongly along this axis: the derivative of a softmax or of a normalisation,"
        " an index, an order.",
        "ds = a * da",
        "ds = a * (da - np.sum(a * da, axis=1, keepdims=True))",
    ),
    "right-on-a-set": Page(
        "the gradient is right for moves that stay on a set that the parameter lies on",
        "It was projected to the sphere, to shares that sum to one, or to symmetric matrices. The loss that is checked"
        " is a function of every entry for itself: either it, or the gradient, is of another space.",
        "g = g - (g @ v) * v   # v has the length 1",
        "g = g",
    ),
    "adds-a-constant": Page(
        "the backward pass, or the JVP, makes something of cotangents, or tangents, that are zero",
        "Both are linear in what comes in: where that is zero, what goes out is zero. What is added whatever comes in,"
        " as the gradient of a penalty, belongs to a loss and not to the layer.",
        "return dout @ w.T, x.T @ dout + 1e-3 * w",
        "return dout @ w.T, x.T @ dout",
    ),
    "clips": Page(
        "the backward pass, or the JVP, depends on the size or the sign of what comes in",
        "-2^20 times the cotangents must give -2^20 times the gradient, and so for tangents. A clip, a division by the"
        " norm, an abs, or a mask made of what comes in and not of the input changes that.",
        "return np.clip(dout, -1, 1) * (x > 0)",
        "return dout * (x > 0)",
    ),
    "not-linear": Page(
        "the backward pass, or the JVP, is not linear in what comes in",
        "What it makes of the sum of two cotangents, or tangents, must be the sum of what it makes of each.",
        "return np.where(dout > 0, dout, 0) * (x > 0)",
        "return dout * (x > 0)",
    ),
    "changes-its-cache": Page(
        "the backward pass, or the JVP, makes something else when it is called again",
        "It writes to the cache that the forward pass has left for it, or draws random numbers of its own.",
        "cache['mask'] *= dout; return cache['mask']",
        "return cache['mask'] * dout",
    ),
    "wrong-step": Page(
        "one step of the backward pass does not follow from what goes into it",
        "The backward pass was asked for single samples, where db_l is dZ_l itself. All steps before this one follow"
        " from each other.",
        "dW2 = 1 / m * np.dot(dZ2, X.T)",
        _DW,
    ),
    "over-samples": Page(
        "every sample alone has a right gradient, and all together have not",
        "What runs over the samples is wrong: a sum for a mean, an axis, a number of samples, an index or their order.",
        "db2 = np.sum(dZ2, axis=1, keepdims=True)",
        _DB,
    ),
    "another-loss": Page(
        "the claim is the gradient of a loss, but not of this one",
        "Its derivative is symmetric, so the steps back fit each other; what they start from is not this loss: other"
        " labels, a mask or weights left out, a sum for a mean, a penalty or a term too many or too few, another"
        " derivative of the last step.",
        "dscores = prob - one_hot   # the loss weighs its samples",
        "dscores = weights[:, None] * (prob - one_hot)",
    ),
    "derivation": Page(
        "the claim is the gradient of no loss at all",
        "Its derivative is not symmetric, so some step back is wrong: an index, an axis, a transpose, a factor on a"
        " part of it, the derivative of an activation. Labels, penalties or weights that are off would leave it"
        " symmetric.",
        "dh = dscores @ W2.T * (1 - h)   # h = tanh(...)",
        "dh = dscores @ W2.T * (1 - h**2)",
    ),
    "unknown": Page(
        "no mistake in the catalogue explains the numbers",
        "The place is the first step on the way back that is wrong: dZ_l where dW_l, db_l and all below it are wrong"
        " together, otherwise the one gradient. Look at the line that computes it and at what goes into it.",
    ),
}
"""The pages by code, in the order in which they are listed."""
