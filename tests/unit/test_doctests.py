from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import gradcheck_cli

MODULES = [info.name for info in pkgutil.walk_packages(gradcheck_cli.__path__, "gradcheck_cli.")]


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__main__")])
def test_the_examples_in_the_docstrings_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
