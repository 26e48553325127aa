"""A run as JUnit XML: a test case for each parameter, with the case as its class.

A wrong gradient is a failure, what could not be checked an error, and what is inconclusive skipped with its reason.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from gradcheck_cli.reporters.items import Item, items
from gradcheck_cli.vocabulary.results import RunReport, Verdict
from gradcheck_cli.vocabulary.text import printable

__all__ = ["render_run"]

OUTCOMES = {Verdict.FAIL: "failure", Verdict.INCONCLUSIVE: "skipped", None: "error"}


def render_run(run: RunReport) -> str:
    """Return the run as an XML document."""
    found = [item for outcome in run.outcomes for item in items(outcome)]
    counts = {
        "tests": str(len(found)),
        "failures": str(sum(item.verdict is Verdict.FAIL for item in found)),
        "errors": str(sum(item.verdict is None for item in found)),
        "skipped": str(sum(item.verdict is Verdict.INCONCLUSIVE for item in found)),
        "time": f"{sum(item.seconds for item in found):.6f}",
    }
    suites = ET.Element("testsuites", counts)
    suite = ET.SubElement(suites, "testsuite", {"name": "gradcheck", **counts})
    for item in found:
        add_case(suite, item)
    ET.indent(suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(suites, encoding="unicode")}\n'


def add_case(suite: ET.Element, item: Item) -> None:
    """Add the test case of one item."""
    place = {} if item.location is None else {"file": printable(item.location.file), "line": str(item.location.line)}
    attributes = {"classname": item.case, "name": item.name, "time": f"{item.seconds:.6f}", **place}
    case = ET.SubElement(suite, "testcase", attributes)
    if item.figures:
        properties = ET.SubElement(case, "properties")
        for name, value in item.figures:
            ET.SubElement(properties, "property", {"name": name, "value": value})
    if item.verdict in OUTCOMES:
        outcome = ET.SubElement(case, OUTCOMES[item.verdict], {"message": item.message})
        outcome.text = "\n".join(printable(line) for line in [item.message, *item.details.splitlines()])
