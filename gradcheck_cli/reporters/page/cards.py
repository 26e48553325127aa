"""The cards of a page: one for each finding, and one for each parameter that falls short without any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradcheck_cli.reporters.excerpt import changes_of, known_places, verified_line
from gradcheck_cli.reporters.items import parameters_of
from gradcheck_cli.reporters.page.explained import explained
from gradcheck_cli.reporters.page.marks import fold, heading, text
from gradcheck_cli.reporters.page.numbers import entry_table, wrong_text
from gradcheck_cli.reporters.page.ratio_map import ratio_map
from gradcheck_cli.reporters.page.scatter import scatter
from gradcheck_cli.reporters.page.source import source
from gradcheck_cli.reporters.page.step_plot import step_plot
from gradcheck_cli.reporters.words import sweep_line
from gradcheck_cli.vocabulary.results import CheckReport, EntryVerdict, Finding, ParameterResult, Verdict

__all__ = ["anchors_of", "cards"]

SAID = {
    Verdict.FAIL: "is wrong",
    Verdict.INCONCLUSIVE: "cannot be told",
    Verdict.PASS: "is right, and has the largest difference",
}
MOST_CARDS = 12  # of parameters without a finding: the table has them all


def cards(report: CheckReport, case: str, level: int) -> Iterator[str]:
    """Yield the cards of a report, each once: those of findings, then those of what else falls short.

    Parameters
    ----------
    report : CheckReport
        What was found.
    case : str
        What the anchors of this case begin with.
    level : int
        Of the headings.
    """
    shown: set[str] = set()
    named: dict[str, list[ParameterResult]] = {}
    for p in report.parameters:
        named.setdefault(p.name, []).append(p)
    for number, (finding, name) in enumerate(zip(report.findings, parameters_of(report), strict=True)):
        about = [] if name is None or name in shown else named[name]
        shown |= {p.name for p in about}
        yield finding_card(report, finding, about, f"{case}-finding{number}", level)
    short = set() if report.passed else set(map(id, report.short))  # the classic rule passes over a parameter
    rest = [(k, p) for k, p in enumerate(report.parameters) if id(p) in short and p.name not in shown]
    for k, parameter in rest[:MOST_CARDS]:
        yield parameter_card(report, parameter, f"{case}-parameter{k}", level)


def anchors_of(report: CheckReport, parameters: Sequence[ParameterResult], case: str) -> Iterator[str]:
    """Yield where the page tells of each of some parameters that fall short: its card, else the table."""
    cards = {name: f"{case}-finding{k}" for k, name in reversed([*enumerate(parameters_of(report))])}
    places = {id(p): k for k, p in enumerate(report.parameters)}
    rest = [] if report.passed else [p for p in report.short if p.name not in cards]
    own = {id(p): f"{case}-parameter{places[id(p)]}" for p in rest[:MOST_CARDS]}
    for p in parameters:
        yield cards.get(p.name) or own.get(id(p)) or f"{case}-numbers"


def finding_card(
    report: CheckReport, finding: Finding, about: Sequence[ParameterResult], anchor: str, level: int
) -> str:
    """Return what is wrong, where, why, and what mends it."""
    suggestion = report.suggestion if report.suggestion is not None and report.suggestion.is_verified else None
    changes = changes_of(report, finding) if suggestion is not None else []
    parts = [
        heading(level, text(finding.message)),
        f"<p class='code'><code>error[{text(finding.code)}]</code></p>\n",
        source(suggestion, changes) if suggestion is not None else "",
        f"<p class='proof'>{text(verified_line(suggestion))}</p>\n" if suggestion is not None and changes else "",
        facts_of(report, finding, is_mended=bool(changes)),
        *(pictures(report, parameter, finding.factor) for parameter in about),
        explained(finding.code),
    ]
    return f"<article class='card' id='{anchor}'>{''.join(parts)}</article>\n"


def facts_of(report: CheckReport, finding: Finding, *, is_mended: bool) -> str:
    """Return what is known beside the mistake, each under its name."""
    known, places = known_places(report, finding, changed=is_mended)
    facts = [
        ("Why there", [finding.note, *known]),
        ("Look at", [", ".join(places)]),
        ("What to do", [finding.help]),
        ("At", [named_once(finding.indices)]),
        ("Wrong only because of this", [", ".join(finding.consequences)]),
        ("The same in", [", ".join(finding.also)]),
        ("Or else", list(finding.alternatives)),
    ]
    pairs = [(name, "".join(f"<dd>{text(line)}</dd>" for line in told if line)) for name, told in facts]
    rows = "".join(f"<div><dt>{name}</dt>{told}</div>" for name, told in pairs if told)
    return f"<dl>{rows}</dl>\n" if rows else ""


def named_once(indices: Sequence[str]) -> str:
    """Return some entries, with the name of their parameter once where it is the same."""
    names = {index.partition("[")[0] for index in indices}
    if len(names) != 1 or len(indices) == 1:
        return ", ".join(indices)
    (name,) = names
    return f"{name}{', '.join(index.removeprefix(name) for index in indices)}"


def parameter_card(report: CheckReport, parameter: ParameterResult, anchor: str, level: int) -> str:
    """Return what is known of a parameter that falls short and that no finding is about."""
    words = f"{parameter.name} {SAID[parameter.verdict]}"
    if parameter.count(EntryVerdict.DISAGREES):
        words += f": {wrong_text(parameter)}"
    inner = heading(level, text(words)) + pictures(report, parameter, None)
    return f"<article class='card' id='{anchor}'>{inner}</article>\n"


def pictures(report: CheckReport, parameter: ParameterResult, factor: float | None) -> str:
    """Return the map and the scatter of a parameter, its worst entries, and the error against the step."""
    slopes = parameter.slopes
    drawn = [ratio_map(parameter.name, parameter.entries), scatter(parameter.entries, factor)]
    if slopes is not None:
        drawn = [scatter(slopes, factor, what="the slope along a random direction through it"), drawn[0]]
    summary = f"Worst entries of <code>{text(parameter.name)}</code>"
    entries = fold(summary, entry_table(parameter.entries), is_open=slopes is not None)
    sweeps = [sweep for sweep in report.sweeps if sweep.parameter == parameter.name]
    steps = [
        fold(
            f"Error against step, at <code>{text(sweep.entry)}</code>",
            f"<figure>{step_plot(sweep, report.epsilon)}<figcaption>{text(sweep_line(sweep))}</figcaption></figure>\n",
        )
        for sweep in sweeps
    ]
    return f"<div class='pictures'>{''.join(drawn)}</div>\n{entries if len(parameter.entries) else ''}{''.join(steps)}"
