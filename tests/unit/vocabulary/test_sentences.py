from __future__ import annotations

import pytest

from gradcheck_cli.vocabulary.sentences import Sentences

CATALOGUE = {
    "{it} is {times}": "{it} 是{times}",
    "{factor} times the right gradient": "正确梯度的 {factor} 倍",
    "note: {note}": "说明: {note}",
    "if you trust it: {command}": "如果你信任它：{command}",
    "{path} cannot be opened: {reason}": "{path} 无法打开：{reason}",
    "; seen alone, {wrong} is no gradient": "；单独来看，{wrong} 不是梯度",
    "copying the data raised": "复制数据时抛出了异常",
    "{k} of {name}": "{name} 的 {k} 个",
    "alone\x04factor": "因子",
}


@pytest.fixture(scope="module")
def chinese() -> Sentences:
    return Sentences(CATALOGUE)


@pytest.mark.parametrize(
    ("english", "said"),
    [
        ("dW2 is 2 times the right gradient", "dW2 是正确梯度的 2 倍"),
        ("  note: db is -1 times the right gradient", "  说明: db 是正确梯度的 -1 倍"),
        ("note: seen alone, dW is no gradient", "说明: 单独来看，dW 不是梯度"),
        ("a b.npz cannot be opened: No such file", "a b.npz 无法打开：No such file"),
        ("copying the data raised ValueError: out of luck", "复制数据时抛出了异常: ValueError: out of luck"),
        ("note: 3 of W1", "说明: W1 的 3 个"),
        ("3 of W1, 1 of b1", "W1 的 3 个，b1 的 1 个"),
        ("factor", "因子"),
        ("dW is factor times the right gradient", "dW is factor times the right gradient"),
        ("nobody has heard of this sentence", "nobody has heard of this sentence"),
        ("W1, W2 and theta", "W1, W2 and theta"),
    ],
)
def test_a_sentence_is_found_by_its_form(chinese: Sentences, english: str, said: str) -> None:
    assert chinese.said(english) == said


def test_a_command_in_a_hint_stays_as_it_is(chinese: Sentences) -> None:
    command = 'python -c \'import numpy, torch; d = torch.load("p.pt"); numpy.savez("p.npz", **d)\''
    assert chinese.said(f"if you trust it: {command}") == f"如果你信任它：{command}"


@pytest.mark.parametrize("text", ["x" * 100_000, "is " * 300, "a is b; " * 120, "note: " * 150])
def test_whatever_a_file_says_takes_no_time(chinese: Sentences, text: str) -> None:
    chinese.said(text)
    assert chinese.phrases <= 1_000
