"""Every reporter writes every name, and nothing of it steers a terminal, a build's log, a page or a comment."""

from __future__ import annotations

import dataclasses
import json
import re
from xml.etree import ElementTree as ET

import pytest

from gradcheck_cli.reporters.formats import FORMATS, renderer
from gradcheck_cli.vocabulary.results import CheckReport, Location, RunReport, Unchecked
from tests.records import OUTCOMES, VERSIONS

NAMES = {
    "controls": "a\x00\x07\x1b[31mb\x9b",
    "direction": "\u202egradient\u2066",
    "surrogate": "file\udcff",
    "command": "::error file=x::y",
    "old command": "x##[error]y",
    "lines": "a\r\n::stop-commands::t\n| b |\n",
    "mention": "@someone and a@b",
    "mathematics": "$x$ and $$y$$",
    "marks": "`a`|*b*_c_<script>&amp;[d](e)#f ~g~",
    "markup": "</td><img src=x onerror=y>\"'",
    "long": "x" * 10**6,
}


def hostile(name: str) -> RunReport:
    """Return a run in which everything is called so."""
    failed = OUTCOMES["fail"]
    assert isinstance(failed, CheckReport)
    parameters = tuple(
        dataclasses.replace(
            p, name=name, worst=p.worst._replace(name=name), entries=dataclasses.replace(p.entries, parameter=name)
        )
        for p in failed.parameters
    )
    findings = tuple(f._replace(where=name, message=name, indices=(name,), help=name) for f in failed.findings)
    report = dataclasses.replace(
        failed, name=name, parameters=parameters, findings=findings, reasons=(name,), notes=(name,),
        location=Location(name, 1),
    )  # fmt: skip
    return RunReport((report, Unchecked(name, name, name, f"{name}\n{name}")), 2, VERSIONS)


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("form", FORMATS)
def test_a_reporter_writes_every_name_safely(form: str, kind: str) -> None:
    text = renderer(form)(hostile(NAMES[kind]))
    if form == "json":
        assert json.loads(text)["cases"][0]["name"] == NAMES[kind]
        return
    text.encode("utf-8")
    assert not set(text) & set("\x00\x07\x1b\x9b\u202e\u2066\r")
    ours = ("::error title=gradcheck", "::warning title=gradcheck", "::notice title=gradcheck")
    assert all(line.startswith(ours) for line in map(str.lstrip, text.splitlines()) if line.startswith("::"))
    assert "##[" not in text
    assert len(text) < 300_000
    if form == "junit":
        ET.fromstring(text)


def test_a_comment_of_markdown_names_nobody_and_sets_no_mathematics() -> None:
    for kind in ("mention", "mathematics"):
        text = renderer("markdown")(hostile(NAMES[kind]))
        prose = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
        assert prose.count("Note: ") == 1
        assert not any(sign in prose for sign in ("@s", "@b", "$x", "$$"))
