"""Completion in bash, which breaks words at colons and equals signs: FILE.py:NAME is one word all the same."""

from __future__ import annotations

import os
import shlex
from typing import Any

from click.shell_completion import BashComplete, CompletionItem, add_completion_class, split_arg_string

__all__ = ["Bash"]

SOURCE = """\
%(complete_func)s() {
    local IFS=$'\\n' response type value

    response=$(env COMP_LINE="${COMP_LINE:0:$COMP_POINT}" COMP_WORDBREAKS="$COMP_WORDBREAKS" \
%(complete_var)s=bash_complete $1 2>/dev/null)

    for completion in $response; do
        IFS=',' read type value <<< "$completion"

        if [[ $type == 'dir' ]]; then
            COMPREPLY=()
            compopt -o dirnames
        elif [[ $type == 'file' ]]; then
            COMPREPLY=()
            compopt -o default
        elif [[ $type == 'plain' ]]; then
            COMPREPLY+=("$value")
            [[ $value == *[/:=] ]] && compopt -o nospace
        fi
    done

    return 0
}

%(complete_func)s_setup() {
    complete -o nosort -o bashdefault -o default -F %(complete_func)s %(prog_name)s
}

%(complete_func)s_setup;
"""
"""As click's own, but that the whole line is handed over, and that a shell's own completion stands behind it."""
CURSOR = "x"  # a letter, so that the word at the end of the line is one even where it is empty


@add_completion_class
class Bash(BashComplete):
    """Click's completion for bash, with words as the shell will read them."""

    source_template = SOURCE
    taken = 0
    """How many letters of what is offered stand on the line already, before the place that bash completes from."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the cursor, and the one at it."""
        line = os.environ["COMP_LINE"]
        *words, last = split_arg_string(line + CURSOR)
        word = last.removesuffix(CURSOR)
        start = word.find("=") + 1 if word.startswith("-") else 0  # click completes what is behind --option=
        if not is_quoted(line):
            breaks = [word.rfind(sign) for sign in ":=" if sign in os.environ.get("COMP_WORDBREAKS", "")]
            self.taken = max(0, max(breaks, default=-1) + 1 - start)
        return words[1:], word

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Return what is to stand on the line from the place that bash completes from."""
        return f"{item.type},{item.value[self.taken :] if item.type == 'plain' else item.value}"


def is_quoted(line: str) -> bool:
    """Whether a quote is open at the end of a line: within one bash breaks no words."""
    try:
        shlex.split(line + CURSOR)
    except ValueError:
        return True
    return False
