"""The HTML report in a real browser: it fits its window, and those who cannot see or point can read it.

All pages are frames of one, for it is the start of a browser that takes its time.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from gradcheck_cli.reporters.formats import renderer
from gradcheck_cli.reporters.notebook import as_html
from gradcheck_cli.vocabulary.results import CheckReport
from tests.records import OUTCOMES, run_of
from tests.support import clean_environment, run_inside

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDTHS = (390, 1280, 1920)
FOR_AXE = 1280  # the width at which axe looks at a page: it takes its time
NAMES = ("fail", "patched", "pass", "inconclusive", "could-not-check", "screen", "several")
TRIAL = """
addEventListener("load", async () => {
  const found = {};
  for (const frame of document.querySelectorAll("iframe")) {
    const inside = frame.contentDocument, root = inside.documentElement;
    const folded = inside.querySelectorAll("details:not([open])").length;
    inside.querySelectorAll("details").forEach(one => one.open = true);
    let violations = [];
    if (frame.dataset.axe) {
      const script = inside.createElement("script");
      script.textContent = document.getElementById("axe").textContent;
      inside.head.append(script);
      violations = (await frame.contentWindow.axe.run()).violations;
    }
    found[frame.title] = {
      beyond: root.scrollWidth - root.clientWidth,
      folded: folded,
      paper: frame.contentWindow.getComputedStyle(inside.querySelector(".gradcheck")).backgroundColor,
      cells: inside.querySelectorAll("svg.map rect").length,
      lines: inside.querySelectorAll("polyline").length,
      violations: violations.filter(one => ["serious", "critical"].includes(one.impact))
        .map(one => one.id + ": " + one.nodes.map(node => node.html).slice(0, 3).join(" ")),
    };
  }
  document.body.textContent = "";
  document.head.textContent = "";
  document.title = JSON.stringify(found);
});
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The report on the planted mistakes, those that were built by hand, and one as a notebook shows it."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    assert run_inside("net", "--case", "planted-bugs", "-qq", "--report", f"html={path}").returncode == 1
    failed = OUTCOMES["fail"]
    assert isinstance(failed, CheckReport)
    cell = (
        f"<!DOCTYPE html><html lang=en><head><title>notebook</title></head><body><main>{as_html(failed)}</main></body>"
    )
    by_hand = {name: renderer("html")(run_of(name)) for name in NAMES}
    return {"planted": path.read_text(encoding="utf-8"), **by_hand, "notebook": cell}


def browse(frames: dict[str, tuple[str, int]], folder: Path, *flags: str) -> dict[str, dict[str, Any]]:
    """Open documents in frames of given widths, in a browser that was never used before; return what it finds."""
    axe = (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8").replace("</script", "")
    inner = "".join(
        f"<iframe title='{name}' srcdoc='{html.escape(text)}' {'data-axe=1' * (width == FOR_AXE)}"
        f" style='width: {width}px; height: 900px; border: 0'></iframe>"
        for name, (text, width) in frames.items()
    )
    page = folder / "frames.html"
    page.write_text(
        f"<!DOCTYPE html><meta charset='utf-8'><script type='text/plain' id='axe'>{axe}</script>"
        f"<script>{TRIAL}</script><body>{inner}</body>",
        encoding="utf-8",
    )
    done = subprocess.run(
        [str(BROWSER), *FLAGS, *flags, f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=60000",
         "--window-size=2000,1000", "--dump-dom", page.as_uri()],
        env=clean_environment(HOME=str(folder)),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )  # fmt: skip
    title = re.search("<title>(.*?)</title>", done.stdout, flags=re.DOTALL)
    assert title is not None, done.stdout[-2000:] + done.stderr[-2000:]
    found: dict[str, dict[str, Any]] = json.loads(html.unescape(title[1]))
    assert found.keys() == frames.keys()
    return found


def at_fault(found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the pages that do not fit, or of which axe says something serious."""
    return {name: one for name, one in found.items() if one["beyond"] > 0 or one["violations"]}


needs_browser = pytest.mark.skipif(BROWSER is None, reason="no chromium is installed")


@needs_browser
def test_a_page_fits_every_window_and_axe_finds_nothing_serious(pages: dict[str, str], tmp_path: Path) -> None:
    pytest.importorskip("axe_core_python")
    frames = {f"{name} {width}": (text, width) for name, text in pages.items() for width in WIDTHS}
    pale = pages["pass"].replace("light-dark(#1b1f24,", "light-dark(#999999,")
    spoiled = {"pale": (pale, FOR_AXE), "wide": (pages["pass"].replace("<main", "<main style='width: 400px'"), 390)}
    found = browse({**frames, **spoiled}, tmp_path)
    assert at_fault(found).keys() == {"pale", "wide"}  # the two that are so on purpose
    planted = found[f"planted {FOR_AXE}"]
    assert planted["cells"] == 5 + 15  # one for each entry of b1 and W2
    assert planted["lines"] == 4  # errors and round-off floor of both
    assert planted["folded"] == 8  # entries, steps and the manual of both, what is right, how sure it is


@needs_browser
def test_so_it_is_in_the_dark(pages: dict[str, str], tmp_path: Path) -> None:
    pytest.importorskip("axe_core_python")
    frames = {name: (pages[name], FOR_AXE) for name in ("planted", "patched", "several", "notebook")}
    found = browse(frames, tmp_path, "--blink-settings=preferredColorScheme=0")
    assert at_fault(found) == {}
    assert {one["paper"] for one in found.values()} == {"rgb(13, 17, 23)"}
