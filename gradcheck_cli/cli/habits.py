"""What is said of an option that there is not: the one that other programs call so, or the nearest one."""

from __future__ import annotations

from collections.abc import Iterable

from gradcheck_cli.vocabulary.errors import did_you_mean

__all__ = ["hint_for"]

HABITS = {
    "threshold": ("tol", "rtol", "atol", "reltol", "abstol", "tolerance"),
    "epsilon": ("eps", "h", "dx", "delta", "step", "stepsize", "step-size"),
    "precision": ("dtype",),
    "time": ("timeout", "time-limit", "max-time"),
    "max-evals": ("max-iter", "maxiter", "max-evaluations", "evals"),
    "jobs": ("n-jobs", "workers", "processes", "parallel", "j"),
    "report": ("output", "out", "o", "output-file", "html", "json", "junit", "junitxml", "junit-xml", "sarif"),
    "format": ("output-format",),
    "color": ("colour", "no-color", "no-colour"),
    "quiet": ("silent", "s"),
    "jac": ("jacobian",),
    "hess": ("hessian",),
    "grad": ("gradient", "fprime"),
    "params": ("parameters", "weights", "inputs"),
    "at": ("x0", "point"),
    "data": ("args", "kwargs"),
    "param": ("only", "wrt", "select"),
    "skip": ("ignore", "exclude"),
    "seed": ("random-state", "rng"),
    "autograd": ("framework", "backend"),
    "k": ("filter", "match"),
}
"""The flags, and what other programs call them."""


def hint_for(name: str, flags: Iterable[str]) -> str | None:
    """Return a hint for an option that is unknown, or None where no flag is meant by it.

    Examples
    --------
    >>> hint_for("--rtol", ["--threshold", "--color"])
    "did you mean '--threshold'?"
    >>> hint_for("colr", ["threshold", "color"])
    "did you mean 'color'?"
    """
    asked = name.strip("-").replace("_", "-").casefold()
    known = list(flags)
    meant = next((flag for flag in known if asked in HABITS.get(flag.strip("-"), ())), None)
    return f"did you mean {meant!r}?" if meant else did_you_mean(name, known) if asked[1:] else None
