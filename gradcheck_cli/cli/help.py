"""How help shows a command: its options in groups, all of them after ``--help`` and the common ones after ``-h``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gradcheck_cli.cli.environment import value_in_environment, variables_of
from gradcheck_cli.vocabulary.language import said

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem
    from click.types import OptionHelpExtra

__all__ = ["HOW_SURE", "LARGE", "OTHER", "OUTPUT", "WHAT", "WHERE", "Command", "Option", "option"]

WHAT, WHERE, HOW_SURE, LARGE, OUTPUT, OTHER = GROUPS = (
    "What is checked", "Where", "How sure", "Large problems", "Output", "Other",
)  # fmt: skip
"""The groups of options, in the order of help."""
WIDEST_FLAG = 27  # columns: what is said of a longer one begins on the next line
EXAMPLES_AT_FIRST = 2
IS_SHORT = "gradcheck_cli.short_help"
"""The key of a context's notes for whether ``-h`` was asked for."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Option(click.Option):
    """An option of a group, with a name in the environment that is its flag's.

    Parameters
    ----------
    *arguments : object
        As for `click.Option`.
    group : str, optional
        Under which heading it is shown.
    common : bool, optional
        Whether ``-h`` shows it.
    **attributes : object
        As for `click.Option`.
    """

    def __init__(self, *arguments: Any, group: str = WHAT, common: bool = False, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.group, self.common = group, common
        self.takes_anything = not ("shell_complete" in attributes or isinstance(self.type, click.Choice))

    def make_metavar(self, ctx: click.Context) -> str:
        """Return what the option takes; the words that it chooses from without click's brackets."""
        return super().make_metavar(ctx).strip("[]")

    def get_help_extra(self, ctx: click.Context) -> OptionHelpExtra:
        """Return what is said behind the help: the default in the words it is given in, and no range."""
        extra = super().get_help_extra(ctx)
        extra.pop("range", None)
        if isinstance(self.show_default, str):
            extra["default"] = self.show_default
        return extra

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """Return what the environment says."""
        return value_in_environment(self, ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[Any]]:
        """Offer what the option takes; files where that is not known, as a shell does by itself."""
        from gradcheck_cli.cli.completion import files

        found = super().shell_complete(ctx, incomplete)
        return found or (files(incomplete) if self.takes_anything else [])


def option(*names: str, **attributes: Any) -> Callable[[_Command], _Command]:
    """Return a decorator that adds an `Option`."""
    return click.option(*names, cls=Option, **attributes)


class Command(click.Command):
    """A command whose help has groups, and a short form after ``-h``."""

    def __init__(self, *arguments: Any, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.context_settings = {"help_option_names": ["-h", "--help"], **self.context_settings}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words, and see which help they ask for."""
        ctx.meta[IS_SHORT] = "-h" in args
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's parameters; to a shell those as well that every command has."""
        return [*super().get_params(ctx), *(of_all_commands(ctx) if ctx.resilient_parsing else [])]

    @property
    def examples(self) -> list[str]:
        """The command lines that the help shows."""
        return [line.strip() for line in (self.epilog or "").splitlines() if line.startswith("  ")]

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the option for help, which says that it has a short form."""
        option = super().get_help_option(ctx)
        if option is not None and any(map(is_common, self.params)):
            option.help = "Show this help; -h shows only the common options."
        return option

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options in their groups, or the common ones."""
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        if is_short(ctx):
            write_groups(ctx, formatter, {"Options": list(filter(is_common, options))})
        else:
            every = [*options[:-1], *of_all_commands(ctx), options[-1]]
            groups = {name: [one for one in every if getattr(one, "group", OTHER) == name] for name in GROUPS}
            is_small = not any(groups[name] for name in GROUPS if name not in (WHAT, OTHER))
            write_groups(ctx, formatter, {"Options": every} if is_small else groups)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples and what else there is to know, or the first examples."""
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        formatter.write_paragraph()
        if is_short(ctx):
            formatter.write(
                f"{said('Examples:')}\n" + "".join(f"  {line}\n" for line in self.examples[:EXAMPLES_AT_FIRST])
            )
            more = said(f"'{ctx.command_path} --help' shows all {len(options)} options.")
            formatter.write(f"\n{more}\n")
            return
        formatter.write_text(inspect.cleandoc(self.epilog or ""))
        if any(map(is_common, options)):
            formatter.write_paragraph()
            formatter.write_text(f"Environment: {of_environment(ctx, options[0])}")


def of_all_commands(ctx: click.Context) -> list[click.Option]:
    """Return the options of the group that may stand behind a command as well."""
    return [one for one in (ctx.parent.command.params if ctx.parent else []) if isinstance(one, Option)]


def is_short(ctx: click.Context) -> bool:
    """Whether help is to be short: it was asked for so, and it is known what matters most."""
    return ctx.meta.get(IS_SHORT, False) and any(map(is_common, ctx.command.params))


def is_common(option: click.Parameter) -> bool:
    """Whether an option is one of those that ``-h`` shows."""
    return isinstance(option, Option) and option.common


def write_groups(
    ctx: click.Context, formatter: click.HelpFormatter, groups: Mapping[str, Sequence[click.Option]]
) -> None:
    """Write options under headings, all in the same columns."""
    rows = {name: [row for one in options if (row := one.get_help_record(ctx))] for name, options in groups.items()}
    lengths = [len(flag) for group in rows.values() for flag, _ in group]
    width = max((length for length in lengths if length <= WIDEST_FLAG), default=WIDEST_FLAG)
    for name, group in rows.items():
        if group:
            with formatter.section(name):
                formatter.write_dl([(flag.ljust(width), what) for flag, what in group], col_max=width)


def of_environment(ctx: click.Context, first: click.Option) -> str:
    """Return how the options are called in the environment, by the first of them and one that all commands have."""
    variable = next(variables_of(first, [f"{ctx.auto_envvar_prefix}_"]))
    example = f"{variable} sets {max(first.opts, key=len)}, and so on"
    return f"{example}; GRADCHECK_THRESHOLD sets --threshold for all commands."
