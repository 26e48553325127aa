"""`gradcheck bench`: how fast the ways to check a network are on this machine."""

from __future__ import annotations

import sys

import click

from gradcheck_cli.cli.help import Command, option
from gradcheck_cli.cli.output import write

__all__ = ["bench"]

EPILOG = """\b
Examples:
  gradcheck bench
  gradcheck bench --sizes 784,128,64,1 --samples 64 --activation tanh
"""


def read_sizes(_: click.Context, __: click.Parameter, text: str) -> list[int]:
    """Return the layer sizes that the text lists."""
    parts = text.split(",")
    if len(parts) < 2 or not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise click.BadParameter(f"{text!r} is not a list of at least two layer sizes such as 64,32,16,1.")
    return [int(part) for part in parts]


@click.command(cls=Command, epilog=EPILOG)
@option(
    "--sizes",
    callback=read_sizes,
    default="64,32,16,1",
    show_default=True,
    metavar="N,N,...",
    help="Units of every layer.",
)
@option("--samples", type=click.IntRange(min=1), default=32, show_default=True, metavar="N", help="Number of samples.")
@option(
    "--activation",
    type=click.Choice(["relu", "tanh", "sigmoid"]),
    default="relu",
    show_default=True,
    help="Activation of the hidden layers; the output is a sigmoid.",
)
def bench(sizes: list[int], samples: int, activation: str) -> None:
    """Time the ways to check a network, side by side."""
    from gradcheck_cli.checks.bench import random_network, time_ways
    from gradcheck_cli.reporters.benchmark import render_timings

    network = random_network(sizes, samples, activation)
    n = sum(values.size for values in network.parameters.values())
    title = f"{'-'.join(map(str, sizes))}, {activation}, {samples} samples: {n} entries"
    write(render_timings(time_ways(network), title), sys.stdout)
