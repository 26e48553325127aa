"""Data goes one way: a module imports only from stages before its own, the first of which is the vocabulary."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

import gradcheck_cli

PACKAGE = Path(gradcheck_cli.__file__).parent
STAGES = (
    "vocabulary", "loading", "problems", "evaluating", "numeric", "judging", "diagnosis", "repair", "checks",
    "reporters",
)  # fmt: skip
BEFORE = {stage: set(STAGES[:k]) for k, stage in enumerate(STAGES)}
MAY_IMPORT = {
    **BEFORE,
    "reporters": {"vocabulary", "manual"},  # the latter is text alone
    "manual": set(),
    "checks": BEFORE["checks"] - {"loading"},
    "__init__": set(STAGES) - {"reporters"},
    "__main__": {"cli"},
}
"""For each stage or module of the top level: which others it may import. `cli` and `pytest_plugin` may import all."""
AGREEMENT = "gradcheck_cli.judging.agreement"
"""The rule by which a claim agrees: it stands below all that measure and judge, and knows none of them."""
AT_THE_END = {"cli", "pytest_plugin", "__main__"}
WITH_NUMPY = {"vocabulary/parameters.py"}
"""What in the vocabulary is of arrays; all else there is of plain numbers, and quickly loaded."""
MODULES = sorted(PACKAGE.rglob("*.py"))


def stage_of(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the full name of everything that is imported, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide where they lead"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def parse(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def mentions(tree: ast.AST) -> set[str]:
    """Return the names that could write or exit: print, sys.stdout, sys.exit ..."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & {"print", "exit", "quit"}
    attributes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    of_sys = {f"sys.{n.attr}" for n in attributes if isinstance(n.value, ast.Name) and n.value.id == "sys"}
    return names | (of_sys & {"sys.stdout", "sys.stderr", "sys.exit"})


def name_of(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


every_module = pytest.mark.parametrize("module", MODULES, ids=name_of)


@every_module
def test_imports_only_from_stages_before_its_own(module: Path) -> None:
    stage = stage_of(module)
    if stage in {"cli", "pytest_plugin"}:
        return
    assert stage in MAY_IMPORT, f"{stage} has no place in the order of the stages"
    names = {name for name in imported(parse(module)) if name.startswith("gradcheck_cli.")}
    if stage == "numeric":
        names = {name for name in names if not name.startswith(f"{AGREEMENT}.")}
    own = {name.split(".")[1] for name in names}
    assert own <= MAY_IMPORT[stage] | {stage, "__version__"}


def test_no_module_leads_back_to_itself() -> None:
    """Follow the imports of every module, wherever they stand: `graphlib` tells of a circle."""
    modules = {full_name(module): module for module in MODULES}
    graph = {
        name: {imported_module(found, modules) for found in imported(parse(module))} - {"", name}
        for name, module in modules.items()
    }
    order = list(graphlib.TopologicalSorter(graph).static_order())
    assert set(order) == set(modules)


def full_name(module: Path) -> str:
    parts = [PACKAGE.name, *module.relative_to(PACKAGE).with_suffix("").parts]
    return ".".join(part for part in parts if part != "__init__")


def imported_module(name: str, modules: Collection[str]) -> str:
    """Return the module that an import is from: of `a.b.name` it is `a.b`."""
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return "" if name == PACKAGE.name else name


@pytest.mark.parametrize("file", ["__init__.py", "agreement.py"])
def test_the_rule_that_the_numeric_side_may_use_knows_nothing_of_the_program(file: str) -> None:
    names = set(imported(parse(PACKAGE / "judging" / file)))
    assert not {name for name in names if name.startswith("gradcheck_cli")}


@every_module
def test_only_reporters_and_commands_know_rich_and_click(module: Path) -> None:
    libraries = {name.split(".")[0] for name in imported(parse(module))} & {"rich", "click"}
    allowed = {"cli": {"rich", "click"}, "pytest_plugin": {"rich"}, "reporters": {"rich"}}
    assert libraries <= allowed.get(stage_of(module), set())


@every_module
def test_only_commands_write_and_exit(module: Path) -> None:
    if stage_of(module) not in AT_THE_END:
        assert not mentions(parse(module))


@every_module
def test_the_vocabulary_of_plain_numbers_needs_no_numpy(module: Path) -> None:
    plain = stage_of(module) in {"vocabulary", "__init__", "__main__"} or name_of(module) == "cli/config.py"
    if plain and name_of(module) not in WITH_NUMPY:
        assert "numpy" not in {name.split(".")[0] for name in imported(parse(module))}


@every_module
def test_declares_its_public_names(module: Path) -> None:
    if module.name in {"__init__.py", "__main__.py"}:
        return
    names = {target.id for node in parse(module).body if isinstance(node, ast.Assign) for target in node.targets
             if isinstance(target, ast.Name)}  # fmt: skip
    assert "__all__" in names


def test_the_check_sees_an_import_that_is_hidden_in_a_function() -> None:
    assert list(imported(ast.parse("def f():\n    from rich.table import Table"))) == ["rich.table.Table"]


def test_the_check_sees_who_writes() -> None:
    assert mentions(ast.parse("print(1)\nsys.stdout.write('')")) == {"print", "sys.stdout"}
