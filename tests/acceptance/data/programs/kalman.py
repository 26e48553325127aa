"""The log-likelihood of a random walk seen with noise: a Kalman filter, and its sensitivities carried along with it."""
import numpy as np


def neg_loglik(log_q, log_r, y):
    q, r = np.exp(log_q), np.exp(log_r)
    m, P, total = y[0], r, 0.0
    for obs in y[1:]:
        P = P + q
        S = P + r
        v = obs - m
        total += 0.5 * (np.log(2 * np.pi * S) + v**2 / S)
        K = P / S
        m = m + K * v
        P = (1 - K) * P
    return total


def score(log_q, log_r, y):
    q, r = np.exp(log_q), np.exp(log_r)
    grad = []
    for dq, dr in ((q, 0.0), (0.0, r)):
        m, P, dm, dP, total = y[0], r, 0.0, dr, 0.0
        for obs in y[1:]:
            P, dP = P + q, dP + dq
            S, dS = P + r, dP + dr
            v, dv = obs - m, -dm
            total += 0.5 * (dS / S + 2 * v * dv / S - v**2 * dS / S**2)
            K, dK = P / S, (dP * S - P * dS) / S**2
            m, dm = m + K * v, dm + dK * v + K * dv
            P, dP = (1 - K) * P, (1 - K) * dP - dK * P
        grad.append(total)
    return tuple(grad)
