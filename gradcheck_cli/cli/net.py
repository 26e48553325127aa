"""`gradcheck net`: the gradient of a fully connected network."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradcheck_cli.cli.code_options import code_option, found, sources
from gradcheck_cli.cli.completion import complete_case
from gradcheck_cli.cli.further_options import FurtherOptions, points_option, suggest_option
from gradcheck_cli.cli.help import HOW_SURE, Command, option
from gradcheck_cli.cli.options import Checking, checking_options
from gradcheck_cli.cli.param_types import REFERENCE
from gradcheck_cli.cli.running import Case, Prepared, run_checks

if TYPE_CHECKING:
    from gradcheck_cli.problems.problem import Problem

__all__ = ["net", "prepare"]

EPILOG = """\b
Examples:
  gradcheck net --case default
  gradcheck net --case default --backward hw.py:backward_propagation_n
  gradcheck net --case default --backward 'My Work.ipynb:backward_propagation_n'
  gradcheck net --case fixtures/tanh_softmax.npz --case other.npz
"""


@click.command(cls=Command, epilog=EPILOG)
@option(
    "--case",
    "cases",
    common=True,
    multiple=True,
    required=True,
    metavar="NAME|FILE.npz",
    shell_complete=complete_case,
    help="A built-in case or an .npz fixture.  [repeatable]",
)
@option("--backward", common=True, type=REFERENCE, help="Your backward function: (X, Y, cache) -> gradients.")
@option("--forward", common=True, type=REFERENCE, help="Your forward function: (X, Y, parameters) -> (cost, cache).")
@option(
    "--evaluation",
    group=HOW_SURE,
    type=click.Choice(["plain", "structured"]),
    show_default="plain for small networks",
    help="Evaluate the loss by whole forward passes, or layer by layer, which is faster and more exact.",
)
@code_option
@checking_options
@points_option
@suggest_option
@click.pass_context
def net(ctx: click.Context, /, **options: Any) -> None:
    """Check the backward propagation of a network, as in the course."""
    ctx.exit(run_checks(prepare(**options)))


def prepare(
    cases: tuple[str, ...],
    backward: str | None,
    forward: str | None,
    evaluation: str | None,
    points: int,
    suggest: bool,
    *,
    defs_only: bool = False,
    **options: Any,
) -> Prepared:
    """Return what the command checks, and how."""
    forward, backward = (name and found(name, only_defs=defs_only) for name in (forward, backward))
    own = sources({"forward": forward, "backward": backward})
    made = [
        Case(
            f"net, {case}",
            partial(load_case, case, forward, backward, evaluation),
            backward,
            {f"the case {case}": file_of(case), **own},
            foreign=bool(own),
        )
        for case in cases
    ]
    return Prepared(made, Checking(**options, further=FurtherOptions(points, suggest=suggest)))


def file_of(case: str) -> Path | None:
    """Return the fixture that a case names; None where it is a built-in one."""
    is_file = case.endswith(".npz") or os.sep in case or (os.altsep or os.sep) in case
    return Path(os.path.abspath(case)) if is_file else None  # noqa: PTH100  (a link stays a link)


def load_case(case: str, forward: str | None, backward: str | None, evaluation: str | None) -> Problem:
    """Return the case as a problem, with the user's own functions in the place of its own."""
    import dataclasses

    from gradcheck_cli.loading.functions import load_function
    from gradcheck_cli.problems.networks.cases import built_in_case
    from gradcheck_cli.problems.networks.course_functions import with_own_functions
    from gradcheck_cli.problems.networks.fixtures import load_fixture

    found = load_fixture(case) if file_of(case) else built_in_case(case)
    network = dataclasses.replace(found, evaluation=evaluation)
    own_forward = load_function(forward) if forward else None
    own_backward = load_function(backward) if backward else None
    return with_own_functions(network, own_forward, own_backward)
