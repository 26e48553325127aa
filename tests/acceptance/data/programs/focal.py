"""A focal loss as XGBoost and LightGBM want it: scores and labels in, gradient and Hessian of each sample out."""
import numpy as np

GAMMA = 2.0


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def loss(z, y):
    p = sigmoid(z)
    return -y * (1 - p) ** GAMMA * np.log(p) - (1 - y) * p**GAMMA * np.log(1 - p)


def focal(z, y):
    p = sigmoid(z)
    q = 1 - p
    positive = q**GAMMA * (GAMMA * p * np.log(p) - q)
    negative = p**GAMMA * (p - GAMMA * q * np.log(q))
    grad = y * positive + (1 - y) * negative
    d_positive = p * q * (q**GAMMA * (GAMMA * (np.log(p) + 1) + 1) - GAMMA * q ** (GAMMA - 1) * (GAMMA * p * np.log(p) - q))
    d_negative = p * q * (GAMMA * p ** (GAMMA - 1) * (p - GAMMA * q * np.log(q)) + p**GAMMA * (1 + GAMMA * (np.log(q) + 1)))
    hess = y * d_positive + (1 - y) * d_negative
    return grad, hess
