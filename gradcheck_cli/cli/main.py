"""The command `gradcheck`: its subcommands, and the one place where exceptions become exit codes."""

from __future__ import annotations

import atexit
import errno
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from gradcheck_cli import __version__
from gradcheck_cli.cli.apart import FaultInChildError
from gradcheck_cli.cli.command_line import keep_command_line
from gradcheck_cli.cli.config import KINDS
from gradcheck_cli.cli.defaults import Project
from gradcheck_cli.cli.ending import code_of_signal, ended_by, raise_when_told_to_end
from gradcheck_cli.cli.environment import shared_options, warn_of_unread
from gradcheck_cli.cli.exit_codes import COULD_NOT_CHECK
from gradcheck_cli.cli.help import OTHER, Command, option
from gradcheck_cli.cli.output import discard, show_error, show_failure, write
from gradcheck_cli.cli.word_order import reordered
from gradcheck_cli.vocabulary.errors import GradcheckError, did_you_mean
from gradcheck_cli.vocabulary.language import LANGUAGES, of_environment, said

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["main"]

# Read when numpy is loaded. With another process on the second core, two threads made small products 14 to 32 times as
# slow; who has large ones sets the number.
for _variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

EPILOG = """\b
To begin:
  gradcheck FILE.py           lists what can be checked in a file
  gradcheck explain commands  which command checks what you have
  gradcheck COMMAND -h        the common options of a command; --help for all

Every option can be set in the environment: GRADCHECK_NET_CASE is --case of net.

\b
Exit codes:
  0    PASS: every gradient is right
  1    FAIL: a gradient is wrong
  2    could not check: bad usage, an unreadable file, wrong shapes,
       or an exception in your function
  3    INCONCLUSIVE: the numeric side is too coarse to judge
  130  interrupted by Ctrl-C; 143 and 129 by the signals TERM and HUP
"""

UNWRITTEN = {errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EBADF, errno.EDQUOT}
"""What the system says of a stream that takes no more."""

COMMANDS = {
    "scalar": "Check the gradient of J = theta x, or of your own J(x, theta).",
    "net": "Check the backward propagation of a network, as in the course.",
    "func": "Check a gradient, Jacobian or Hessian of a function of your own.",
    "layer": "Check the backward pass of a layer.",
    "model": "Check the gradients of an object that holds its parameters.",
    "objective": "Check an objective for XGBoost or LightGBM, sample by sample.",
    "command": "Check the gradient that a program in any language computes.",
    "compare": "Check a saved gradient against the right one in another file.",
    "run": "Run the checks that pyproject.toml lists: all, or those named.",
    "fix": "Print a verified change that makes a wrong gradient right.",
    "show": "Show a saved JSON report in any format, without checking again.",
    "diff": "Show what became right or wrong between two JSON reports.",
    "look": "List what can be checked in a file, and the commands for it.",
    "init": "Write a model, a point, settings and a workflow to begin with.",
    "explain": "Explain a word of a report, a finding or a topic, or list them.",
    "cases": "List the built-in cases, or write one as an .npz fixture.",
    "bench": "Time the ways to check a network, side by side.",
}
"""Each command, in a file of its name that is only imported when it is called, and what help says of it."""


class Gradcheck(click.Group):
    """A group whose exit codes tell a wrong gradient (1) from a check that could not be made (2).

    A command is imported when it is called for, so that help and the small commands start without the large ones.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run as a program."""
        atexit.register(gc.freeze)  # or Python searches all that is left for garbage: a tenth of the time
        raise_when_told_to_end()
        return super().__call__(*args, obj=Project(is_program=True), **kwargs)

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **extra: Any) -> click.Context:
        """Keep the command line for the reports."""
        words = tuple(args)
        ctx = super().make_context(info_name, args, *more, **extra)
        keep_command_line(ctx, words)
        return ctx

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"gradcheck_cli.cli.{cmd_name}"), cmd_name)
        command.context_class = self.context_class
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words, with the options that every command has before the command or behind it."""
        return super().parse_args(ctx, reordered(args, self.get_params(ctx), partial(shared_options, self)))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take a file in the place of a command for one that is to be looked at."""
        if args[0].endswith((".py", ".ipynb")) and args[0] not in COMMANDS:
            args = ["look", *args]
        if ctx.resilient_parsing and args[:1] == ["fix"] and args[1:2] and args[1] in COMMANDS:
            args = args[1:]  # what a shell is offered there is what it is offered for the check
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            near = did_you_mean(args[0], COMMANDS)
            raise GradcheckError(f"there is no command {args[0]!r}", hint=near or "'gradcheck --help' lists them")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[Any]]:
        """Offer the commands, and files in their place."""
        from gradcheck_cli.cli.completion import files

        return super().shell_complete(ctx, incomplete) or files(incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write what help says of the commands."""
        for heading, is_check in (("Checks", True), ("Other commands", False)):
            with formatter.section(heading):
                formatter.write_dl([(name, what) for name, what in COMMANDS.items() if (name in KINDS) == is_check])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write how to begin, and the exit codes."""
        formatter.write_paragraph()
        formatter.write_text(EPILOG)

    def main(self, args: Sequence[str] | None = None, *more: Any, **kwargs: Any) -> Any:
        """Run the command and exit; click itself would exit 1 for a missing file or Ctrl-C."""
        kwargs["standalone_mode"] = False
        if "_GRADCHECK_COMPLETE" in os.environ:
            import gradcheck_cli.cli.bash  # noqa: F401  (which tells click of itself)
        words = list(sys.argv[1:] if args is None else args)
        try:
            if of_environment(os.environ) == "en" and not any(word.startswith("--lang") for word in words):
                code = self._exit_code(words, *more, **kwargs)
            else:
                code = self._exit_code_in_language(words, *more, **kwargs)
        except KeyboardInterrupt:
            code = code_of_signal(ended_by())
        except BaseException:  # noqa: BLE001  (what tells of errors has failed itself: Python would exit 1, as for FAIL)
            code = COULD_NOT_CHECK
        sys.exit(code)

    def _exit_code_in_language(self, words: list[str], *more: Any, **kwargs: Any) -> int:
        """Run the command in the language that is asked for, which is loaded where it is not plainly English."""
        from gradcheck_cli.cli.language import context_class, in_front, speaking_as_asked

        words, before = in_front(words), self.context_class
        with speaking_as_asked(words):
            try:
                self.context_class = context_class()
                return self._exit_code(words, *more, **kwargs)
            finally:
                self.context_class = before

    def _exit_code(self, *args: Any, **kwargs: Any) -> int:
        try:
            return int(super().main(*args, **kwargs) or 0)
        except SystemExit as error:
            if _is_clicks(error):  # its way out where the reader of a help has gone, and after a word of completion
                return 0
            show_error(GradcheckError(f"something ended the program with {error.code} before there was a verdict"))
        except click.ClickException as error:
            _report_usage(error)
        except GradcheckError as error:
            show_error(error)
        except (click.Abort, KeyboardInterrupt) as interruption:
            write(said("interrupted: the check was not finished") + "\n", sys.stderr)
            return code_of_signal(ended_by(interruption.__cause__ or interruption))
        except MemoryError:
            show_error(GradcheckError("there is not enough memory for that"))
        except OSError as error:  # click's own output; other files are opened where their errors are understood
            discard(sys.stdout)
            unwritten = error.errno in UNWRITTEN
            show_error(GradcheckError(f"{'the output could not be written: ' if unwritten else ''}{error.strerror}"))
        except Exception as error:  # noqa: BLE001  (a fault of ours must not look like a wrong gradient)
            _report_fault(error)
        return COULD_NOT_CHECK


def _is_clicks(error: SystemExit) -> bool:
    """Whether click itself has raised the wish to exit."""
    trace, file = error.__traceback__, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        trace = trace.tb_next
    return file.startswith(os.path.dirname(click.__file__))  # noqa: PTH120  (pathlib takes its time to import)


def _report_usage(error: click.ClickException) -> None:
    """Write what is wrong with the command line as every other error is written: one line and a hint."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        write(f"{error.format_message()}\n", sys.stderr)
        return
    ctx: click.Context | None = getattr(error, "ctx", None)
    message, hint = error.format_message(), f"'{ctx.command_path} --help' shows what there is" if ctx else None
    if isinstance(error, click.NoSuchOption) and ctx is not None:
        from gradcheck_cli.cli.habits import hint_for

        message, hint = error.message, hint_for(error.option_name, flags_of(ctx)) or hint
    elif isinstance(error, click.MissingParameter) and ctx is not None and isinstance(ctx.command, Command):
        hint = next((f"for example: {line}" for line in ctx.command.examples), hint)
    failure = GradcheckError(" ".join(message.split()), hint=hint)
    show_error(failure)
    if ctx is not None and ctx.params.get("reports"):
        from gradcheck_cli.cli.publishing import record_failure

        try:
            record_failure(ctx, failure)
        except GradcheckError as unwritten:
            show_error(unwritten)


def flags_of(ctx: click.Context) -> list[str]:
    """Return the flags that may stand where a context is: before the command those as well that commands share."""
    group = ctx.command
    shared = shared_options(group) if isinstance(group, Gradcheck) else []
    return [flag for option in (*group.get_params(ctx), *shared) for flag in option.opts if flag.startswith("-")]


def _report_fault(error: Exception) -> None:
    """Write one line on an exception that nobody expected; its traceback only where it is asked for."""
    import platform
    import traceback

    versions = f"gradcheck {__version__}, Python {platform.python_version()}, {platform.platform()}"
    if isinstance(error, FaultInChildError):
        line, where = str(error), error.traceback
    else:
        line, where = f"{type(error).__name__}: {error}", traceback.format_exc()
    message, hint = f"a fault in gradcheck: {' '.join(line.split())}", f"please report it ({versions})"
    show_failure(message, hint, where if os.environ.get("GRADCHECK_DEBUG") else "")


@click.group(
    cls=Gradcheck,
    name="gradcheck",
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "auto_envvar_prefix": "GRADCHECK",
    },
)
@click.version_option(__version__, prog_name="gradcheck")
@option(
    "--lang",
    group=OTHER,
    type=click.Choice(LANGUAGES),
    expose_value=False,
    show_default="as the environment has it",
    help="Speak English or Chinese.",
)
@option(
    "--config",
    group=OTHER,
    type=click.Path(),
    metavar="FILE",
    show_default="the nearest pyproject.toml",
    help="Read settings from FILE.",
)
@click.pass_context
def main(ctx: click.Context, config: str | None) -> None:
    """Tell whether a hand-written gradient is right, and where it is wrong."""
    from gradcheck_cli.cli.defaults import apply_config

    warn_of_unread(main, os.environ)
    apply_config(ctx, config)
