"""The page as a whole: its head, what leads through it, and the cases one after another."""

from __future__ import annotations

from gradcheck_cli.reporters.page.cards import anchors_of
from gradcheck_cli.reporters.page.case import body, lead, plain_name, title
from gradcheck_cli.reporters.page.marks import heading, mark, style, text, unbroken, verdict
from gradcheck_cli.reporters.page.numbers import wrong_text
from gradcheck_cli.reporters.tally import WORST_FIRST, run_sentence, tally, verdict_of
from gradcheck_cli.reporters.words import verdict_word
from gradcheck_cli.vocabulary.results import CheckReport, Outcome, RunReport, Verdict

__all__ = ["render_run"]

MOST_LINKS = 30  # of the parameters of a case


def render_run(run: RunReport) -> str:
    """Return the run as an HTML document, the worst case first."""
    run = run._replace(outcomes=tuple(sorted(run.outcomes, key=lambda one: WORST_FIRST.index(verdict_of(one)))))
    several = len(run.outcomes) != 1
    parts = map(section, range(len(run.outcomes)), run.outcomes)
    main = "".join(parts) if several else body(run.outcomes[0], "case0", 2)
    return (
        "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{text(tab_title(run))}</title>{style()}</head>\n<body class='gradcheck page'>"
        "<a class='skip' href='#main'>To what was found</a>\n"
        f"{header(run)}<div class='columns'>{contents(run)}<main id='main' tabindex='-1'>\n{main}</main></div>\n"
        "</body></html>\n"
    )


def tab_title(run: RunReport) -> str:
    """Return what the tab of a browser shows: verdict and name."""
    if len(run.outcomes) == 1:
        return f"{verdict_word(run.outcomes[0])} {plain_name(run.outcomes[0])}, gradcheck"
    return f"{' '.join(worst_of_several(run)[1:])}, gradcheck"


def worst_of_several(run: RunReport) -> tuple[Verdict | None, str, str]:
    """Return the worst verdict of several cases, as a word, and how many there are of it; a FAIL comes before all."""
    counts, count = tally(run), len(run.outcomes)
    if counts.failed:
        return Verdict.FAIL, Verdict.FAIL.value, f"{counts.failed} of {count} cases"
    if counts.unchecked or not count:
        return None, "NOT CHECKED", f"{counts.unchecked} of {count} cases"
    if counts.inconclusive:
        return Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE.value, f"{counts.inconclusive} of {count} cases"
    return Verdict.PASS, Verdict.PASS.value, f"{count} cases"


def header(run: RunReport) -> str:
    """Return the verdict, and which command came to it, when and with what."""
    if len(run.outcomes) == 1:
        top, told = title(run.outcomes[0]), lead(run.outcomes[0])
    else:
        worst, word, count = worst_of_several(run)
        top, told = f"{verdict(worst, word)} {count}", f"<p class='lead'>{text(run_sentence(run))}</p>\n"
    command = f"<p class='command'><code>{unbroken(run.command.split(' '))}</code></p>\n" if run.command else ""
    day, _, hour = run.date.partition("T")
    date = f"<time datetime='{text(run.date)}'>{text(f'{day} {hour[:5]} UTC')}</time>; " if run.date else ""
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    made = f"<p class='quiet'>{date}{text(versions)}; exit code {run.exit_code}</p>"
    return f"<header>{heading(1, top)}{told}{command}{made}</header>\n"


def contents(run: RunReport) -> str:
    """Return the links to the cases and to what falls short in each."""
    several = len(run.outcomes) > 1
    items = "".join(links(k, outcome, several=several) for k, outcome in enumerate(run.outcomes))
    if not items:
        return ""
    name = "Cases" if several else "On this page"
    return f"<nav aria-label='{name}'><p class='name' aria-hidden='true'>{name}</p><ul>{items}</ul></nav>\n"


def links(k: int, outcome: Outcome, *, several: bool) -> str:
    """Return the links to a case, where it is not the only one, and to its parameters."""
    inner = parameter_links(outcome, f"case{k}") if isinstance(outcome, CheckReport) else ""
    if not several:
        return inner
    nested = f"<ul>{inner}</ul>" if inner and not (isinstance(outcome, CheckReport) and outcome.passed) else ""
    return f"<li><a href='#case{k}'>{mark(verdict_of(outcome))} <span>{text(outcome.name)}</span></a>{nested}</li>\n"


def parameter_links(report: CheckReport, case: str) -> str:
    """Return a link to each parameter that falls short, and one to all that are right."""
    short = [p for p in report.short if p.verdict is not Verdict.PASS]
    items = [
        f"<li><a href='#{anchor}'>{mark(p.verdict)} <code>{text(p.name)}</code>"
        f" <span class='count'>{wrong_text(p)}</span></a></li>\n"
        for p, anchor in zip(short[:MOST_LINKS], anchors_of(report, short[:MOST_LINKS], case), strict=True)
    ]
    if len(short) > MOST_LINKS:
        items.append(f"<li><a href='#{case}-numbers'>and {len(short) - MOST_LINKS} more</a></li>\n")
    right = sum(p.verdict is Verdict.PASS for p in report.parameters)
    if right:
        items.append(f"<li><a href='#{case}-right'>{mark(Verdict.PASS)} <span>{right} right</span></a></li>\n")
    return "".join(items)


def section(k: int, outcome: Outcome) -> str:
    """Return one of several cases."""
    label = text(f"{verdict_word(outcome)} {outcome.name}")
    inner = f"{heading(2, title(outcome))}{lead(outcome)}{body(outcome, f'case{k}', 3)}"
    return f"<section id='case{k}' aria-label='{label}'>{inner}</section>\n"
