"""Losses and gradients out of scikit-learn: of its logistic regression and of its neural network."""

import numpy as np
from sklearn._loss import HalfBinomialLoss
from sklearn.linear_model._linear_loss import LinearModelLoss
from sklearn.neural_network import MLPClassifier

LOSS = LinearModelLoss(base_loss=HalfBinomialLoss(), fit_intercept=True)


def logistic(w, X, y):
    return LOSS.loss_gradient(w, X, y, l2_reg_strength=0.1)


def wrong_logistic(w, X, y):
    loss, gradient = logistic(w, X, y)
    gradient[-1] /= len(y)
    return loss, gradient


def network(p, X, y, activation):
    model = MLPClassifier((4,), activation=activation, alpha=0.01)
    model.n_layers_, model.n_outputs_, model.out_activation_ = 3, 1, "logistic"
    model._no_improvement_count = 0
    coefs, intercepts = [p["W1"], p["W2"]], [p["b1"], p["b2"]]
    model.coefs_, model.intercepts_ = coefs, intercepts
    model._loss_grad = None
    activations = [X, *([None] * 2)]
    deltas = [None] * 2
    coef_grads = [np.empty_like(W) for W in coefs]
    intercept_grads = [np.empty_like(b) for b in intercepts]
    answer = model._backprop(X, y[:, None], *extra(model), activations, deltas, coef_grads, intercept_grads)
    loss, (dW1, dW2), (db1, db2) = answer
    return loss, {"W1": dW1, "W2": dW2, "b1": db1, "b2": db2}


def extra(model):
    """The sample weights, which newer versions take between."""
    import inspect

    model.loss = "log_loss"
    return (None,) if "sample_weight" in inspect.signature(model._backprop).parameters else ()


def wrong(answer):
    loss, gradient = answer
    return loss, {**gradient, "b1": gradient["b1"] * 30}


def tanh_network(p, X, y):
    return network(p, X, y, "tanh")


def relu_network(p, X, y):
    return network(p, X, y, "relu")


def logistic_network(p, X, y):
    return network(p, X, y, "logistic")


def wrong_tanh_network(p, X, y):
    return wrong(network(p, X, y, "tanh"))


def wrong_relu_network(p, X, y):
    return wrong(network(p, X, y, "relu"))


def wrong_logistic_network(p, X, y):
    return wrong(network(p, X, y, "logistic"))
