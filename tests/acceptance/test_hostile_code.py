"""User code that catches, hides, writes or leaves what it should not: verdict, exit code and files stay right."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.hostile import folder_with, func, left_of, started, wait_for
from tests.support import clean_environment, run

SWALLOWS = """
import signal, time
calls = 0
def l(p):
    global calls
    calls += 1
    try:
        if calls == {call}:
            open('begun', 'w').close()
            time.sleep(2)
        return loss(p)
    except: return 0.0
"""


@pytest.mark.parametrize("more", [["--classic"], ["--jobs", "2"]])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("call", [4, 9])
def test_a_signal_that_the_loss_catches_ends_the_check_all_the_same(
    call: int, number: signal.Signals, more: list[str], tmp_path: Path
) -> None:
    process = started(folder_with(tmp_path, SWALLOWS.format(call=call)), *func("l", "grad", *more))
    wait_for((tmp_path / "begun").exists)
    process.send_signal(number)
    out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (128 + number, "")


@pytest.mark.parametrize("more", [[], ["--time", "60"]])
def test_a_signal_that_the_code_ignores_ends_the_check_in_a_few_seconds(more: list[str], tmp_path: Path) -> None:
    ignoring = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    folder_with(tmp_path, f"{ignoring}def l(p):\n    open('begun', 'w').close()\n    time.sleep(60)\n")
    process = started(tmp_path, *func("l", "grad", *more))
    wait_for((tmp_path / "begun").exists)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=9)
    assert process.returncode == 143
    assert left_of(tmp_path) == []


@pytest.mark.parametrize(
    "model",
    [
        "import concurrent.futures as cf, math\nP = []\ndef l(p):\n    P or P.append(cf.ProcessPoolExecutor(2))\n"
        "    list(P[0].map(math.sqrt, [1, 2]))\n    return loss(p)\n",
        "import atexit, time\natexit.register(time.sleep, 60)\nl = loss\n",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\nl = loss\n",
        "import subprocess\nsubprocess.Popen(['setsid', 'sleep', '60'])\nl = loss\n",
    ],
)
def test_what_the_code_leaves_running_is_ended_and_the_verdict_stands(model: str, tmp_path: Path) -> None:
    process = started(folder_with(tmp_path, model), *func("l", "wrong"))
    process.communicate(timeout=15)
    assert process.returncode == 1
    assert left_of(tmp_path) == []


def test_a_child_of_a_program_in_a_session_of_its_own_is_ended_too(tmp_path: Path) -> None:
    (tmp_path / "p.sh").write_text('(setsid sleep 60 &)\necho \'{"loss": 1.0, "x": [0, 0, 0]}\'\n')
    process = started(tmp_path, "command", "sh p.sh", "--at", "1,2,3", TMPDIR=str(tmp_path))
    process.communicate(timeout=20)
    assert left_of(tmp_path) == []
    assert list(tmp_path.glob("gradcheck-*")) == []


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("import os\ndef l(p):\n    for k in range(3, 30):\n        try: os.write(k, b'\\0' * 64)\n"
         "        except OSError: pass\n    return loss(p)\n", 2),
        ("import os\ndef l(p): os.kill(os.getpid(), 15); return loss(p)\n", 143),
        ("import pickle\npickle.dumps = lambda *a, **k: b''\nl = loss\n", 2),
        ("def l(p):\n    p['w'].flags.writeable = False\n    return loss(p)\n", 0),
        ("import sys\nclass S:\n    write = flush = lambda *a: None\nsys.stderr = sys.stdout = S()\nl = loss\n", 0),
        ("def l(p):\n    error = SyntaxError('x'); error.lineno = 'zz'; raise error\n", 2),
        ("class E(Exception):\n    __notes__ = property(lambda s: 1 / 0)\ndef l(p): raise E\n", 2),
        ("class M(type):\n    def __getattribute__(c, n): raise SystemExit(0)\n"
         "class E(Exception, metaclass=M): pass\ndef l(p): raise E\n", 2),
        ("grad.__wrapped__ = grad\nl = loss\n", 0),
        ("import os\nos.remove(__file__)\nl = loss\n", 0),
        ("import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))\nl = loss\n", 2),
    ],
)  # fmt: skip
def test_code_that_does_odd_things_comes_to_the_right_code_and_is_no_fault(
    model: str, code: int, tmp_path: Path
) -> None:
    done = run(*func("l", "grad"), cwd=folder_with(tmp_path, model))
    assert done.returncode == code, done.stderr
    assert "fault in gradcheck" not in done.stderr
    assert "os._exit" not in done.stderr


@pytest.mark.parametrize("value", ["float('nan')", "float('inf')"])
def test_a_gradient_that_is_no_number_is_wrong(value: str, tmp_path: Path) -> None:
    folder_with(tmp_path, f"def g(p): return {{'w': np.array([{value}, -4.0, 7.0]), 'b': 3 * p['b'] ** 2}}\n")
    assert run(*func("loss", "g"), cwd=tmp_path).returncode == 1


@pytest.mark.parametrize("name", ["signal", "typing", "enum", "re", "click"])
def test_python_m_is_not_led_astray_by_a_file_of_the_current_folder(name: str, tmp_path: Path) -> None:
    (folder_with(tmp_path) / f"{name}.py").write_text("import sys\nsys.exit(0)\n")
    words = [sys.executable, "-m", "gradcheck_cli", *func("loss", "wrong")]
    assert (
        subprocess.run(words, cwd=tmp_path, env=clean_environment(), capture_output=True, check=False).returncode == 1
    )


@pytest.mark.parametrize("target", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_a_report_may_go_to_where_the_output_goes(target: str, tmp_path: Path) -> None:
    folder_with(tmp_path)
    done = run(*func("loss", "wrong", "-qq", "--report", f"json={target}"), cwd=tmp_path)
    assert json.loads(done.stdout)["exit_code"] == 1
    with (tmp_path / "out.json").open("w") as file:
        words = [sys.executable, "-m", "gradcheck_cli", *func("loss", "wrong", "-qq", "--report", f"json={target}")]
        subprocess.run(words, cwd=tmp_path, env=clean_environment(), stdout=file, check=False)
    assert json.loads((tmp_path / "out.json").read_text())["exit_code"] == 1
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out.json"]


def test_a_pipe_that_nobody_reads_is_an_error_and_no_wait(tmp_path: Path) -> None:
    subprocess.run(["mkfifo", tmp_path / "pipe"], check=True)
    begun = time.monotonic()
    done = run(*func("loss", "grad", "--report", "json=pipe"), cwd=folder_with(tmp_path))
    assert time.monotonic() - begun < 10
    assert done.returncode == 2
    assert "pipe cannot be written" in done.stderr


def test_a_source_that_nobody_has_named_is_not_written_over_either(tmp_path: Path) -> None:
    (folder_with(tmp_path, "import helper\n") / "helper.py").write_text("x = 1\n")
    done = run(*func("loss", "grad", "--report", "json=helper.py"), cwd=tmp_path)
    assert done.returncode == 2
    assert (tmp_path / "helper.py").read_text() == "x = 1\n"
