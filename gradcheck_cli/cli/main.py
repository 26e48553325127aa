"""The command `gradcheck`: its subcommands, and the one place where exceptions become exit codes."""

from __future__ import annotations

import os
import platform
import sys
import traceback
from typing import Any

import click

from gradcheck_cli import __version__
from gradcheck_cli.cli.bench import bench
from gradcheck_cli.cli.cases import cases
from gradcheck_cli.cli.defaults import apply_config
from gradcheck_cli.cli.explain import explain
from gradcheck_cli.cli.net import net
from gradcheck_cli.cli.output import discard, show_error, write
from gradcheck_cli.cli.run import run
from gradcheck_cli.cli.running import COULD_NOT_CHECK, INTERRUPTED, record_failure
from gradcheck_cli.cli.scalar import scalar
from gradcheck_cli.errors import GradcheckError

__all__ = ["main"]

EPILOG = """\b
Exit codes:
  0    PASS: every gradient is right
  1    FAIL: a gradient is wrong
  2    it could not be checked: usage, unreadable file, wrong shapes, the user's function raised
  3    INCONCLUSIVE: the numeric side is too coarse to judge
  130  interrupted
"""


class Gradcheck(click.Group):
    """A group whose exit codes tell a wrong gradient (1) from a check that could not be made (2)."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command and exit; click itself would exit 1 for a missing file or Ctrl-C."""
        kwargs["standalone_mode"] = False
        sys.exit(self._exit_code(*args, **kwargs))

    def _exit_code(self, *args: Any, **kwargs: Any) -> int:
        try:
            return int(super().main(*args, **kwargs) or 0)
        except SystemExit:  # click's way out where the reader of a help text has gone
            return 0
        except click.ClickException as error:
            _report_usage(error)
        except GradcheckError as error:
            show_error(error)
        except (click.Abort, KeyboardInterrupt):
            write("interrupted: the check was not finished\n", sys.stderr)
            return INTERRUPTED
        except OSError as error:  # files are read and written elsewhere, with errors of their own
            discard(sys.stdout)
            show_error(GradcheckError(f"the output could not be written: {error.strerror}"))
        except Exception as error:  # noqa: BLE001  (a fault of ours must not look like a wrong gradient)
            _report_fault(error)
        return COULD_NOT_CHECK


def _report_usage(error: click.ClickException) -> None:
    """Write what is wrong with the command line as every other error is written: one line and a hint."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        write(f"{error.format_message()}\n", sys.stderr)
        return
    message = " ".join(error.format_message().split())
    ctx: click.Context | None = getattr(error, "ctx", None)
    failure = GradcheckError(message, hint=f"'{ctx.command_path} --help' shows what there is" if ctx else None)
    show_error(failure)
    record_failure(ctx, failure)


def _report_fault(error: Exception) -> None:
    """Write one line on an exception that nobody expected; its traceback only where it is asked for."""
    versions = f"gradcheck {__version__}, Python {platform.python_version()}, {platform.platform()}"
    line = " ".join(str(error).split())
    text = f"error: a fault in gradcheck: {type(error).__name__}: {line}\nhint: please report it ({versions})\n"
    if os.environ.get("GRADCHECK_DEBUG"):
        text = traceback.format_exc() + text
    write(text, sys.stderr)


@click.group(
    cls=Gradcheck,
    name="gradcheck",
    epilog=EPILOG,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "auto_envvar_prefix": "GRADCHECK",
    },
)
@click.version_option(__version__, prog_name="gradcheck")
@click.option("--config", type=click.Path(), metavar="FILE", help="Settings.  [default: the nearest pyproject.toml]")
@click.pass_context
def main(ctx: click.Context, config: str | None) -> None:
    """Tell whether a hand-written gradient is right, and where it is wrong."""
    apply_config(ctx, config)


for command in (scalar, net, run, cases, explain, bench):
    main.add_command(command)
