"""The HTML report in a real browser."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import clean_environment, run

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


needs_browser = pytest.mark.skipif(BROWSER is None, reason="no chromium is installed")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report on the planted mistakes."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    assert run("net", "--case", "planted-bugs", "-qq", "--report", f"html={path}").returncode == 1
    return path


def browse(page: Path, folder: Path, *more: str) -> str:
    """Open the page in a browser that was never used before, and return what it says."""
    done = subprocess.run(
        [str(BROWSER), *FLAGS, f"--user-data-dir={folder / 'profile'}", *more, page.as_uri()],
        env=clean_environment(HOME=str(folder)),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    return done.stdout


@needs_browser
def test_a_browser_understands_the_report(page: Path, tmp_path: Path) -> None:
    shown = browse(page, tmp_path, "--dump-dom")
    assert shown.count("<rect") == 5 + 15  # a cell for each entry of b1 and W2
    assert shown.count("<polyline") == 4  # errors and round-off floor of both
    assert shown.count("stays at") == 2


@needs_browser
def test_the_report_is_drawn_in_light_and_in_dark(page: Path, tmp_path: Path) -> None:
    shots = []
    for scheme in ("0", "1"):
        shot = tmp_path / f"{scheme}.png"
        browse(page, tmp_path, f"--blink-settings=preferredColorScheme={scheme}", f"--screenshot={shot}")
        shots.append(shot.read_bytes())
    assert min(map(len, shots)) > 10_000  # an empty page has less
    assert shots[0] != shots[1]
