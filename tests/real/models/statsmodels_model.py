"""Likelihoods of statsmodels and their scores."""

import warnings

import statsmodels.api as sm


def model_of(kind):
    class Model:
        @staticmethod
        def make(X, y):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return kind(y, X)

        @staticmethod
        def loglike(beta, X, y):
            return Model.make(X, y).loglike(beta)

        @staticmethod
        def score(beta, X, y):
            return Model.make(X, y).score(beta)

        @staticmethod
        def wrong_score(beta, X, y):
            score = Model.score(beta, X, y).copy()
            score[1] = -score[1]
            return score

    return Model


Logit, Poisson, NegativeBinomial = map(model_of, (sm.Logit, sm.Poisson, sm.NegativeBinomial))
