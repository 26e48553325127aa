"""A run as one HTML file that needs nothing else: no script, no style sheet, no network; light and dark."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Iterator

from gradcheck_cli.reporters.excerpt import told, unchecked_lines
from gradcheck_cli.reporters.heat import LEGEND, LEVELS, HeatMap, heat_map, pictured
from gradcheck_cli.reporters.step_plot import step_plot
from gradcheck_cli.reporters.words import (
    catch_texts,
    error_text,
    facts,
    figure_name,
    headline,
    norm_text,
    numeric_norm_text,
    shape_text,
    sweep_line,
    value_text,
    verdict_word,
)
from gradcheck_cli.vocabulary.results import CheckReport, Outcome, ParameterResult, RunReport, Unchecked
from gradcheck_cli.vocabulary.text import printable

__all__ = ["render_run"]

MOST_CELLS = 64  # rows or columns of a heat map
CELL = 14  # pixels
LARGEST_MAP = 640  # pixels
DIFFERENCE = "difference"
HEADER = (
    "verdict", "parameter", "shape", "norm(analytic)", "norm(numeric)", DIFFERENCE, "refined", "largest error", "at",
    "analytic there", "reference there", "error bar", "catches entry", "factor",
)  # fmt: skip

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --line: #d0d7de; --soft: #f4f6f8; --pass: #116329;
  --fail: #b3151f; --unsure: #7d4e00; --heat0: #eef1f4; --heat1: #cfe0f5; --heat2: #f4d58d; --heat3: #ec8f5e;
  --heat4: #b3151f; --floor: #57606a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --line: #3d444d; --soft: #161b22;
  --pass: #56d364; --fail: #ff7b72; --unsure: #e3b341; --heat0: #1c2128; --heat1: #1f4068; --heat2: #8a6d1f;
  --heat3: #c4622d; --heat4: #ff7b72; --floor: #9198a1; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
  max-width: 80rem; padding: 0 1rem; }
h2 { border-top: 1px solid var(--line); padding-top: 1rem; }
table { border-collapse: collapse; } .wide { overflow-x: auto; }
th, td { padding: .2rem .6rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
td, pre, code { font-family: ui-monospace, monospace; font-size: 13px; }
pre { background: var(--soft); padding: .8rem; overflow-x: auto; }
.PASS { color: var(--pass); } .FAIL, .could { color: var(--fail); } .INCONCLUSIVE { color: var(--unsure); }
.PASS, .FAIL, .INCONCLUSIVE, .could { font-weight: 700; }
.diff del { color: var(--fail); text-decoration: none; } .diff ins { color: var(--pass); text-decoration: none; }
figure { margin: 1rem 0; } svg text { fill: var(--ink); font-size: 11px; }
""" + "".join(f".h{k} {{ fill: var(--heat{k}); background: var(--heat{k}); }} " for k in range(LEVELS))
"""Besides colour every cell has a title with its error's size, and every verdict its word."""


def render_run(run: RunReport) -> str:
    """Return the run as an HTML document."""
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    cases = "".join(section(k, outcome) for k, outcome in enumerate(run.outcomes))
    overview = "".join(
        f"<li>{verdict(verdict_word(o))} <a href='#case{k}'>{text(o.name)}</a></li>" for k, o in enumerate(run.outcomes)
    )
    return (
        "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>gradcheck: exit code {run.exit_code}</title><style>{STYLE}</style></head><body>\n"
        f"<h1>gradcheck</h1>\n<ul>{overview}</ul>\n{cases}"
        f"<footer><p>exit code {run.exit_code}; {text(versions)}</p></footer></body></html>\n"
    )


def text(words: str) -> str:
    """Return words as they may stand in a document."""
    return html.escape(printable(words))


def verdict(word: str) -> str:
    """Return a verdict in its colour."""
    return f"<span class='{word.partition(' ')[0]}'>{word}</span>"


def block(lines: Iterable[str]) -> str:
    """Return lines as they are."""
    return "<pre>" + "\n".join(text(line) for line in lines) + "</pre>\n"


def section(k: int, outcome: Outcome) -> str:
    """Return the section of one case."""
    body = unchecked(outcome) if isinstance(outcome, Unchecked) else checked(outcome)
    return f"<section id='case{k}'>{body}</section>\n"


def unchecked(outcome: Unchecked) -> str:
    """Return what is told of a case that could not be checked."""
    hint = f"<p>Hint: {text(outcome.hint)}</p>\n" if outcome.hint else ""
    traceback = block(outcome.traceback.splitlines()) if outcome.traceback else ""
    title = f"{verdict(verdict_word(outcome))} {text(outcome.name)}"
    places = block(unchecked_lines(outcome)) + changed(outcome.diff()) if outcome.diff() else ""
    return f"<h2>{title}</h2>\n<p>{text(outcome.error)}</p>\n{hint}{traceback}{places}"


def checked(report: CheckReport) -> str:
    """Return what is told of a case that was checked: verdict, table, diagnosis, pictures."""
    parts = [
        f"<h2>{verdict(report.verdict.value)} {text(headline(report))}</h2>\n",
        "<ul>" + "".join(f"<li>{text(fact)}</li>" for fact in facts(report)) + "</ul>\n",
        table(report),
        *(block(lines) for lines in told(report) if lines),
        *([changed(report.diff())] if report.diff() else []),
        *pictures(report),
        *(f"<p>Note: {text(note)}</p>\n" for note in report.notes),
    ]
    return "".join(parts)


def changed(diff: str) -> str:
    """Return a unified diff with what goes and what comes in their colours."""
    kinds = {"-": "del", "+": "ins"}
    lines = []
    for line in diff.splitlines():
        kind = None if line.startswith(("---", "+++")) else kinds.get(line[:1])
        lines.append(f"<{kind}>{text(line)}</{kind}>" if kind else text(line))
    return "<pre class='diff'>" + "\n".join(lines) + "</pre>\n"


def table(report: CheckReport) -> str:
    """Return a row for each parameter."""
    head = "".join(f"<th>{figure_name(report) if name == DIFFERENCE else name}</th>" for name in HEADER)
    rows = "".join(f"<tr>{row(parameter)}</tr>\n" for parameter in report.parameters)
    return f"<div class='wide'><table><thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>\n"


def row(p: ParameterResult) -> str:
    """Return the cells of one parameter."""
    cells = [
        p.name, shape_text(p), norm_text(p.analytic_norm), numeric_norm_text(p), error_text(p.difference),
        error_text(p.refined_difference), error_text(p.worst.error), p.worst.name, value_text(p.worst.analytic),
        value_text(p.worst.reference), error_text(p.worst.bar), *catch_texts(p),
    ]  # fmt: skip
    return f"<td>{verdict(p.verdict.value)}</td>" + "".join(f"<td>{text(cell)}</td>" for cell in cells)


def pictures(report: CheckReport) -> Iterator[str]:
    """Yield the heat map and the step plot of each parameter that falls short."""
    sweeps = {sweep.parameter: sweep for sweep in report.sweeps}
    for parameter in pictured(report):
        heat = heat_map(parameter, MOST_CELLS, MOST_CELLS)
        yield f"<h3>{text(parameter.name)}</h3>\n{drawn_map(parameter.name, heat)}"
        if parameter.name in sweeps:
            sweep = sweeps[parameter.name]
            caption = f"<figcaption>{text(sweep_line(sweep))}; dashed: the round-off floor</figcaption>"
            yield f"<figure>{step_plot(sweep, report.epsilon)}{caption}</figure>\n"


def drawn_map(name: str, heat: HeatMap) -> str:
    """Return a heat map as SVG with its legend."""
    rows, columns = len(heat.levels), len(heat.levels[0])
    size = min(CELL, LARGEST_MAP // max(rows, columns))
    cells = "".join(
        f"<rect class='h{found}' x='{column * size}' y='{i * size}' width='{size - 1}' height='{size - 1}'>"
        f"<title>{text(name)}{heat.entries(i, column)}: {LEGEND[found]}</title></rect>"
        for i, levels in enumerate(heat.levels)
        for column, found in enumerate(levels)
    )
    legend = " ".join(f"<span class='h{k}'>&emsp;</span> {LEGEND[k]}" for k in reversed(range(LEVELS)))
    what = f"errors of {text(name)}, {heat.shape[0]} rows by {heat.shape[1]} columns"
    largest = error_text(heat.largest) if math.isfinite(heat.largest) else "not finite"
    return (
        f"<figure><svg role='img' aria-label='{what}' width='{columns * size}' height='{rows * size}'>{cells}</svg>"
        f"<figcaption>{what}, largest {largest}: {legend}</figcaption></figure>\n"
    )
