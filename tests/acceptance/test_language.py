"""The command in Chinese: where it is asked for, in which words, and what stays as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from gradcheck_cli.vocabulary.language import of_environment
from gradcheck_cli.vocabulary.wrapping import cells
from tests.support import run, run_inside


def test_the_verdict_is_in_the_words_of_the_course() -> None:
    wrong = run_inside("net", "--case", "planted-bugs", "--lang", "zh")
    assert wrong.returncode == 1
    assert wrong.stdout.startswith(
        "FAIL  反向传播有问题! net, planted-bugs: 6 个参数中有 2 个错误（47 个元素中的 8 个）\n"
    )
    assert "\n错误[factor]: dW2 是正确梯度的 2 倍\n" in wrong.stdout
    assert "\n  帮助: 在计算 dW2 的那一行里，找多余的因子 2\n" in wrong.stdout
    right = run_inside("--lang=zh", "net", "--case", "default")
    assert right.returncode == 0
    assert right.stdout.startswith("PASS  反向传播很完美! net, default: ")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LC_ALL": "zh_TW.UTF-8", "LANG": "C"}, "zh"),
        ({"LC_MESSAGES": "zh_CN", "LANG": "en_US.UTF-8"}, "zh"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "zh_CN:en"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LANGUAGE": "en"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LANGUAGE": "fr:de"}, "zh"),
        ({"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8", "LANGUAGE": "zh"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "GRADCHECK_LANG": "en"}, "en"),
        ({}, "en"),
    ],
)
def test_the_environment_chooses_as_gettext_reads_it(environment: Mapping[str, str], language: str) -> None:
    assert of_environment(environment) == language


def test_what_is_asked_for_goes_before_the_environment() -> None:
    chinese = {"LC_ALL": "zh_CN.UTF-8"}
    assert "用法:" in run_inside("net", "--help", env=chinese).stdout
    assert "Usage:" in run_inside("net", "--help", "--lang", "en", env=chinese).stdout
    assert "Usage:" in run_inside("net", "--help").stdout, "the language of one call is not that of the next"


def test_a_stream_that_cannot_show_it_gets_english() -> None:
    result = run("net", "--case", "planted-bugs", env={"LC_ALL": "zh_CN.UTF-8", "PYTHONIOENCODING": "ascii"})
    assert (result.returncode, result.stdout[:26]) == (1, "FAIL  net, planted-bugs: 2")


def test_errors_and_hints_are_in_chinese_and_clicks_too() -> None:
    assert run_inside("net", "--lang", "zh").stderr.startswith("错误: 缺少选项 '--case'。\n提示: ")
    assert run_inside("net", "--case", "no.npz", "--lang", "zh").stderr.startswith(
        "错误: no.npz 无法打开：没有这个文件"
    )
    assert "'xx' is not one of 'en', 'zh'" in run_inside("net", "--lang", "xx").stderr


def test_saved_reports_are_shown_and_compared_in_chinese(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    run_inside("net", "--case", "planted-bugs", "--case", "default", "--report", f"json={path}")
    assert run_inside("show", str(path), "--lang", "zh").stdout.endswith("\n2 个问题：1 FAIL, 1 PASS\n")
    compared = run_inside("diff", str(path), str(path), "--lang", "zh").stdout
    assert "\n  仍然错误  W2: 15 个元素中的 4 个\n      错误[factor]: dW2 是正确梯度的 2 倍\n" in compared
    assert compared.endswith("\n2 仍然错误, 10 仍然正确\n")


def test_what_programs_read_is_the_same_in_both(tmp_path: Path) -> None:
    reports = []
    for language in ("en", "zh"):
        path = tmp_path / f"{language}.json"
        run_inside("net", "--case", "planted-bugs", "--lang", language, "--report", f"json={path}")
        reports.append(json.loads(path.read_text(encoding="utf-8"))["cases"][0]["findings"])
    assert reports[0] == reports[1]


@pytest.mark.parametrize("command", ["", "net", "func", "explain"])
def test_help_is_in_chinese_and_fits_its_width(command: str) -> None:
    lines = run_inside(*command.split(), "--help", "--lang", "zh", env={"COLUMNS": "80"}).stdout.splitlines()
    assert lines[0].startswith("用法: gradcheck")
    prose = [line for line in lines if any(cells(sign) == 2 for sign in line)]
    assert len(prose) > 3
    assert max(map(cells, prose)) <= 80
