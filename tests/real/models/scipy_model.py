"""The derivative of scipy's Rosenbrock function, with a mistake."""

from scipy.optimize import rosen_der


def wrong_rosen_der(x):
    gradient = rosen_der(x)
    gradient[2] *= 1.01
    return gradient
