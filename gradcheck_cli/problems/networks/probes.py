"""A user's backward pass asked for one sample at a time: what it then claims of b_l is its dZ_l itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.vocabulary.errors import GradcheckError
from gradcheck_cli.vocabulary.parameters import Parameters

__all__ = ["Probes", "single_samples"]

COUNT = 48  # samples that are asked for
SPREAD = 0.5  # of the inputs' own: how far a sample lies from the one it is made of


@dataclass(frozen=True)
class Probes:
    """A network on samples of which each was asked for alone."""

    network: Network
    """With all of them."""
    claims: tuple[Parameters, ...]
    """The claimed gradient of each."""
    together: Parameters
    """That of the first few, all at once."""
    count: int
    """How many those are: samples of the network itself."""


def single_samples(network: Network, seed: int) -> Probes | None:
    """Ask a backward pass for single samples: those of the network, then others beside them.

    Parameters
    ----------
    network : Network
        Its claim can be asked for.
    seed : int
        Of the samples beside.

    Returns
    -------
    Probes or None
        None where the claim is saved, or the backward pass fails on a single sample.
    """
    if network.claim_at is None:
        return None
    count = min(COUNT, network.sample_count)
    of = [s % network.sample_count for s in range(COUNT)]
    noise = np.random.default_rng(seed).normal(size=(len(network.X), COUNT))
    noise[:, :count] = 0
    wide = part_of(replace(network, claimed=None, claim_at=None), of)
    wide = replace(wide, X=wide.X + SPREAD * (float(np.std(network.X)) or 1.0) * noise)
    try:
        claims = [network.claim_at(part_of(wide, [s])) for s in range(COUNT)]
        together = network.claim_at(part_of(wide, list(range(count))))
    except GradcheckError:
        return None
    return Probes(wide, tuple(claims), together, count)


def part_of(network: Network, samples: list[int]) -> Network:
    """Return a network on some of its samples."""
    masks = {l: mask[:, samples] for l, mask in network.masks.items()}
    return replace(network, X=network.X[:, samples], Y=network.Y[:, samples], masks=masks)
