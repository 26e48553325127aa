"""A run as Markdown, for the summary page of a build or a comment on a change."""

from __future__ import annotations

import re

from gradcheck_cli.reporters.excerpt import told, unchecked_lines
from gradcheck_cli.reporters.words import (
    catch_texts,
    error_text,
    facts,
    figure_name,
    headline,
    shape_text,
    sweep_line,
    value_text,
    verdict_word,
)
from gradcheck_cli.vocabulary.results import CheckReport, ParameterResult, RunReport, Unchecked
from gradcheck_cli.vocabulary.text import printable, printable_lines

__all__ = ["render_run"]

DIFFERENCE = "difference"
HEADER = (
    "verdict", "parameter", "shape", DIFFERENCE, "largest error", "at", "analytic there", "reference there",
    "error bar", "catches entry", "factor",
)  # fmt: skip
LEFT = 3  # columns of words; the others are numbers


def render_run(run: RunReport) -> str:
    """Return a section for each case."""
    sections = [unchecked(o) if isinstance(o, Unchecked) else checked(o) for o in run.outcomes]
    return "\n\n".join(["# gradcheck", *sections]) + "\n"


def unchecked(outcome: Unchecked) -> str:
    """Return the section of a case that could not be checked."""
    lines = [f"## {verdict_word(outcome)}: {escape(outcome.name)}", escape(outcome.error)]
    if outcome.hint:
        lines.append(f"Hint: {escape(outcome.hint)}")
    if outcome.traceback:
        lines.append(block(printable_lines(outcome.traceback)))
    lines += [block(changed) for changed in [unchecked_lines(outcome)] if changed]
    lines += [block(outcome.diff().splitlines(), "diff")] if outcome.diff() else []
    return "\n\n".join(lines)


def checked(report: CheckReport) -> str:
    """Return the section of a case that was checked."""
    parts = [f"## {report.verdict.value}: {escape(headline(report))}"]
    parts.append("\n".join(f"- {escape(fact)}" for fact in facts(report)))
    parts.append(table(report))
    parts += [block(lines) for lines in [finding_lines_of(report)] if lines]
    parts += [block(report.diff().splitlines(), "diff")] if report.diff() else []
    parts += [f"- {escape(sweep_line(sweep))}" for sweep in report.sweeps]
    parts += [f"Note: {escape(note)}" for note in report.notes]
    return "\n\n".join(parts)


def finding_lines_of(report: CheckReport) -> list[str]:
    """Return what is wrong and what is to be changed, line by line."""
    return [line for lines in told(report) for line in lines]


def table(report: CheckReport) -> str:
    """Return a row for each parameter."""
    rule = ["---"] * LEFT + ["---:"] * (len(HEADER) - LEFT)
    header = [figure_name(report) if name == DIFFERENCE else name for name in HEADER]
    rows = [header, rule, *(cells(parameter) for parameter in report.parameters)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def cells(p: ParameterResult) -> list[str]:
    """Return the cells of one parameter."""
    return [
        p.verdict.value, code(p.name), shape_text(p), error_text(p.difference), error_text(p.worst.error),
        code(p.worst.name), value_text(p.worst.analytic), value_text(p.worst.reference), error_text(p.worst.bar),
        *catch_texts(p),
    ]  # fmt: skip


def code(name: str) -> str:
    """Return a name as code that neither ends early nor ends the table's cell."""
    return "`" + printable(name).replace("`", "'").replace("|", "\\|") + "`"


def escape(text: str) -> str:
    """Return a sentence in which no character is a mark, names nobody, and sets nothing as mathematics."""
    escaped = re.sub(r"([\\`*_<>|~#&\[\]])", r"\\\1", printable(text))
    return escaped.replace("@", "@<!-- -->").replace("$", "<span>$</span>")  # GitHub knows no other way


def block(lines: list[str], language: str = "text") -> str:
    """Return lines as they are, within a fence longer than any in them."""
    text = "\n".join(printable(line) for line in lines)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"
