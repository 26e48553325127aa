"""Exit 0 and 1 are verdicts: nothing that user code does makes them without one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.hostile import check, folder_with, func
from tests.support import run

ENDINGS = {
    "exits": "def l(p): sys.exit({code})",
    "raises SystemExit": "def l(p): raise SystemExit({code})",
    "os._exit": "def l(p): os._exit({code})",
    "another program": "def l(p): os.execv('/bin/sh', ['sh', '-c', 'exit {code}'])",
    "an exit hook": "import atexit\natexit.register(os._exit, {code})\nl = loss",
    "its own signal": "def l(p): os.kill(os.getpid(), 9)",
    "a conversion": "class A:\n    def __array__(s, *a, **k): sys.exit({code})\ndef l(p): return A()",
    "a text": "class A(Exception):\n    def __str__(s): raise SystemExit({code})\ndef l(p): raise A",
    "closed pipes": "def l(p): os.closerange(3, 256); os._exit({code})",
    "a thread": "from threading import Timer\ndef l(p): Timer(0, os._exit, ({code},)).start(); time.sleep(9)",
}


@pytest.mark.parametrize("code", [0, 1])
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("grad", ["grad", "wrong"])
def test_a_loss_that_ends_the_process_is_exit_2_whatever_its_code(
    ending: str, grad: str, code: int, tmp_path: Path
) -> None:
    folder_with(tmp_path, "import os, sys, time\n" + ENDINGS[ending].format(code=code))
    done = run(*func("l", grad), cwd=tmp_path)
    assert done.returncode == 2
    assert "error: " in done.stderr
    assert "a fault in gradcheck" not in done.stderr


@pytest.mark.parametrize(
    "gradient",
    [
        "def g(p): sys.exit(0)",
        "class D(dict):\n    def __contains__(s, k): sys.exit(0)\ndef g(p): return D(p)",
        "class D(dict):\n    def __getitem__(s, k): sys.exit(0)\ndef g(p): return D(p)",
        "class D(dict):\n    def __iter__(s): sys.exit(0)\ndef g(p): return D(grad(p))",
        "class G:\n    def __getattr__(s, k): sys.exit(0)\n    def __call__(s, p): raise ValueError\ng = G()",
        "def __getattr__(name): sys.exit(0)",
        "class A:\n    __class__ = property(lambda s: sys.exit(0))\ndef g(p): return A()",
        "class A:\n    def __array__(s, *a, **k): raise SystemExit(0)\ndef g(p): return {'w': A(), 'b': 0.0}",
    ],
)
def test_a_gradient_that_exits_wherever_it_is_looked_at_is_exit_2(gradient: str, tmp_path: Path) -> None:
    folder_with(tmp_path, f"import sys\n{gradient}")
    done = run(*func("loss", "g"), cwd=tmp_path)
    assert done.returncode == 2
    assert "error: " in done.stderr
    assert "a fault in gradcheck" not in done.stderr


@pytest.mark.parametrize("model", ["import sys; sys.exit(0)", "import os; os._exit(0)", "raise KeyError(1)"])
def test_a_file_that_ends_while_it_is_imported_is_exit_2(model: str, tmp_path: Path) -> None:
    folder_with(tmp_path, model)
    assert run(*func(), cwd=tmp_path).returncode == 2
    done = run("net", "--case", "default", "--backward", "model.py:grad", cwd=tmp_path)
    assert done.returncode == 2


@pytest.mark.parametrize("stream", ["stderr", "stdout", "__stderr__", "__stdout__"])
@pytest.mark.parametrize(
    "act", ["sys.{0}.close()", "sys.{0} = None", "sys.{0}.write = None", "os.close(sys.{0}.fileno())"]
)
def test_streams_that_are_closed_or_replaced_change_no_code(act: str, stream: str, tmp_path: Path) -> None:
    act = act.format(stream)
    first = f"import os, sys\ndef once():\n    {act}\n    once.__code__ = (lambda: None).__code__\n"
    folder_with(tmp_path, f"{first}def l(p): once(); raise RuntimeError\ndef quiet(p): once(); return loss(p)\n")
    assert run(*func("l"), cwd=tmp_path).returncode == 2
    assert run(*func("quiet"), cwd=tmp_path).returncode == 0
    assert run(*func("quiet", "wrong"), cwd=tmp_path).returncode == 1


CHECKS = check("wrong", "loss", "wrong") + check("ends", "l") + check("right")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_check_that_ends_the_process_hides_no_other_check(jobs: str, tmp_path: Path) -> None:
    folder_with(tmp_path, "import os\ndef l(p): os._exit(0)\n")
    (tmp_path / "pyproject.toml").write_text(CHECKS)
    done = run("run", "--jobs", jobs, "--report", "json=out.json", cwd=tmp_path)
    assert done.returncode == 2
    content = json.loads((tmp_path / "out.json").read_text())
    assert [(case["name"], case["verdict"]) for case in content["cases"]] == [
        ("wrong", "FAIL"), ("ends", None), ("right", "PASS"),
    ]  # fmt: skip
    assert "before there was a verdict" in content["cases"][1]["error"]["message"]


def test_a_report_says_that_it_is_not_finished_until_it_is(tmp_path: Path) -> None:
    folder_with(tmp_path, "def l(p):\n    print(open('out.json').read())\n    return loss(p)\n")
    done = run(*func("l", "grad", "--report", "json=out.json"), cwd=tmp_path)
    before = json.loads(done.stderr[: done.stderr.index("\n}\n") + 2])
    assert before["cases"][0]["error"]["message"].startswith("not finished")
    assert (before["exit_code"], done.returncode) == (2, 0)
    assert json.loads((tmp_path / "out.json").read_text())["exit_code"] == 0


def test_what_user_code_does_to_the_current_folder_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    folder_with(tmp_path / "sub", "import os; os.chdir('/')\n")
    words = ["func", "sub/model.py:loss", "--grad", "sub/model.py:wrong", "--params", "sub/p.json"]
    done = run(*words, "--save", "s.json", "--report", "github=o.txt", "--jobs", "2", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert (tmp_path / "s.json").exists()
    assert "file=sub/model.py" in (tmp_path / "o.txt").read_text()


def test_a_check_after_one_that_went_to_another_folder_finds_its_files(tmp_path: Path) -> None:
    folder_with(tmp_path, "import os\ndef l(p):\n    os.chdir('/')\n    return loss(p)\n")
    (tmp_path / "pyproject.toml").write_text(CHECKS)
    assert run("run", cwd=tmp_path).stdout.splitlines()[-1] == "3 cases: 1 FAIL, 2 PASS"
