"""`gradcheck fix`: the change that makes a gradient right, as a patch."""

from __future__ import annotations

import hashlib
import importlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from gradcheck_cli.cli.apart import Job
from gradcheck_cli.cli.environment import shared_options
from gradcheck_cli.cli.faces import FACES
from gradcheck_cli.cli.further_options import FurtherOptions
from gradcheck_cli.cli.help import Command, option
from gradcheck_cli.cli.making import outcomes_of
from gradcheck_cli.cli.output import say, show_failure, write
from gradcheck_cli.cli.publishing import final_code, publish
from gradcheck_cli.cli.running import Prepared, in_order
from gradcheck_cli.cli.word_order import reordered
from gradcheck_cli.vocabulary.errors import InputError
from gradcheck_cli.vocabulary.results import Outcome, Suggestion, Unchecked, Verdict
from gradcheck_cli.vocabulary.text import printable

if TYPE_CHECKING:
    from gradcheck_cli.repair.source import Source

__all__ = ["fix"]

KINDS = ("net", "func")
EPILOG = """\b
Examples:
  gradcheck fix net --case default --backward hw.py:backward_propagation_n
  gradcheck fix func hw.py:loss --grad hw.py:grad --params p.npz | git apply
  gradcheck fix --apply func hw.py:loss --grad hw.py:grad --params p.npz

The words after fix are those of the check. The exit code is that of the check; with --apply, of the check after it.
"""


@click.command(cls=Command, epilog=EPILOG, context_settings={"ignore_unknown_options": True})
@option("--apply", "applies", is_flag=True, help="Write the change to your file, and check again.")
@click.argument(
    "words",
    nargs=-1,
    type=click.UNPROCESSED,
    metavar="net|func OPTIONS",
    required=True,
    shell_complete=lambda _, __, incomplete: [kind for kind in KINDS if kind.startswith(incomplete)],
)
@click.pass_context
def fix(ctx: click.Context, applies: bool, words: tuple[str, ...]) -> None:
    """Print a verified change that makes a wrong gradient right."""
    prepared = prepared_by(ctx, words)
    outcomes = list(made(prepared, suggest=True))
    suggestions = list(verified(outcomes))
    if applies and suggestions:
        for suggestion in suggestions:
            apply_to_files(suggestion)
        ctx.exit(publish(made(prepared, suggest=False), prepared.options))
    write("".join(suggestion.diff for suggestion in suggestions), sys.stdout)
    for outcome in outcomes:
        tell(outcome)
    ctx.exit(final_code(outcomes, lambda _: prepared.options.exit_zero))


def prepared_by(ctx: click.Context, words: Sequence[str]) -> Prepared:
    """Return what the words of another command check, and how."""
    kind, *rest = reordered(words, [], partial(shared_options, cast("click.Group", ctx.find_root().command)))
    if kind not in KINDS:
        raise click.UsageError(f"the word after fix is {kind!r}, expected {' or '.join(KINDS)}")
    module = importlib.import_module(f"gradcheck_cli.cli.{kind}")
    command: click.Command = getattr(module, kind)
    with command.make_context(kind, rest, parent=ctx.parent) as inner:
        others = [name for name in (*FACES, "autograd") if kind == "func" and inner.params[name]]
        if others:
            flag = f"--{others[0].replace('_', '-')}"
            raise click.UsageError(f"fix looks for a change of a gradient, and there is no search for {flag}.")
        return cast("Prepared", module.prepare(**inner.params))


def made(prepared: Prepared, *, suggest: bool) -> Iterator[Outcome]:
    """Make the checks, with or without a search for changes."""
    further = replace(prepared.options.further or FurtherOptions(), suggest=suggest)
    options = prepared.options._replace(further=further, quiet=max(prepared.options.quiet, int(suggest)))
    jobs = [Job(case.name, partial(outcomes_of, [case], options)) for case in prepared.cases]
    yield from (outcome for _, outcome in in_order(jobs, foreign=True))


def verified(outcomes: Sequence[Outcome]) -> Iterator[Suggestion]:
    """Yield what was verified; of several for one file the first, for the others are of the file as it was."""
    told: set[str] = set()
    for outcome in outcomes:
        suggestion = outcome.suggestion
        if suggestion is not None and suggestion.is_verified:
            files = {file for file, _ in suggestion.digests}
            if not files & told:
                yield suggestion
            told |= files


def tell(outcome: Outcome) -> None:
    """Write to stderr what came of a check that there is no change for."""
    if isinstance(outcome, Unchecked):
        show_failure(outcome.error, outcome.hint, outcome.traceback)
    elif outcome.verdict is not Verdict.FAIL:
        say(f"{outcome.verdict.value}  {printable(outcome.name)}: there is nothing to change", sys.stderr)
    elif outcome.suggestion is not None and outcome.suggestion.is_verified and not outcome.diff():
        say(f"FAIL  {printable(outcome.name)}: the change has to be made by hand", sys.stderr)
        for change in outcome.suggestion.changes:
            where = f"{printable(change.file)}:{change.line}:{change.column}"
            say(f"{where}: {printable(change.old)!r}: {printable(change.order)}", sys.stderr)
    elif not outcome.diff():
        say(f"FAIL  {printable(outcome.name)}: no change was found that makes it right", sys.stderr)
        for suspect in outcome.suspects[:3]:
            say(f"look at {printable(suspect.file)}:{suspect.line}:{suspect.column}", sys.stderr)


def apply_to_files(suggestion: Suggestion) -> None:
    """Write a change into the files that it is of.

    Raises
    ------
    InputError
        Where a file is no longer what was checked; then none is written.
    """
    from gradcheck_cli.cli.files import write_whole

    texts: dict[str, Source] = {file: as_checked(file, digest) for file, digest in suggestion.digests}
    for file, source in texts.items():
        write_whole(file, changed(source, suggestion, file).raw)
        count = sum(change.file == file for change in suggestion.changes)
        say(f"changed {printable(file)}: {count} place{'s' * (count != 1)}", sys.stderr)


def as_checked(file: str, digest: str) -> Source:
    """Return the text of a file, which has to be what was checked."""
    from gradcheck_cli.repair.source import Source, place_in_notebook

    if place_in_notebook(file) is not None:
        raise InputError(
            f"{file} is in a notebook, which fix does not write to",
            hint="without --apply, fix prints a diff, or says what to change by hand",
        )
    source = Source.read(file)
    now = hashlib.sha256(Path(file).read_bytes()).hexdigest() if source is not None else ""
    if source is None or now != digest:
        raise InputError(
            f"{file} is no longer what was checked, so nothing was changed", hint="check it again, or apply the diff"
        )
    return source


def changed(source: Source, suggestion: Suggestion, file: str) -> Source:
    """Return the text with the changes that are of a file."""
    from gradcheck_cli.repair.source import Edit

    edits = []
    for change in suggestion.changes:
        if change.file == file:
            start = source.offset_of(change.line, change.column)
            edits.append(Edit(start, source.offset_of(change.end_line, change.end_column), change.new))
    return source.changed(edits)
