"""What gradcheck says, found in its source: the msgids of the catalogue that `tests/make_catalogue.py` writes.

A sentence is found where it is written, whether or not anybody has marked it: every text of more than one word that is
no code. What stands in braces in an f-string is a place with a name, and each side of a choice, as of singular and
plural, is a form of its own.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

import gradcheck_cli
from gradcheck_cli.cli.main import main
from gradcheck_cli.manual import codes, page_title, topics
from gradcheck_cli.manual.groups import MISTAKES, TOPICS
from gradcheck_cli.vocabulary.forms import NAME

PACKAGE = Path(gradcheck_cli.__file__).parent

NOT_COVERED = {
    "problems/networks/course.py": "the course's own text",
    "loading/code/course": "the course's own text",
    "loading/code/statements.py": "the kinds of statements, which are told to nobody",
    "reporters/page": "a page is in English, as the files that programs read are",
    "reporters/notebook.py": "likewise",
    "cli/bash.py": "a script for a shell",
    "reporters/benchmark.py": "the table of `bench` is in English",
    "reporters/junit.py": "for programs",
    "reporters/concise.py": "for programs",
    "vocabulary/sentences.py": "what sentences are found by",
    "vocabulary/forms.py": "likewise",
    "reporters/sarif.py": "for programs",
    "reporters/rdjson.py": "for programs",
    "reporters/github.py": "for programs",
    "reporters/markdown.py": "for programs",
    "reporters/json_report.py": "for programs",
    "manual/": "pages are in English, but for their titles and that of the course's students",
}
"""Files, or the beginnings of their names, whose texts have no translation, and why."""

NOT_SAID = {
    "gradcheck command './solver {input} -o {output}' --params p.npz --timeout 300",
    "# Made by gradcheck: of use on this machine alone. *",
    '{MARK}(**settings): a test that checks a gradient, for `-m {MARK2}` and `-m "not {MARK3}"`; each with the fixture'
    " has the mark. Settings, as seed=0 or threshold=1e-6, are those of the fixture's checks.",
    " --defs-only", " --forward {at}", " --hess {at}", " ... {length} characters ... ",
    '"""A logistic regression: put your own loss and gradient in its place."""',
    "--params params.npz --data data.npz", "... {length} characters ...",
    ".npz .npy .json .csv .txt .mat .safetensors",
    "No module named {fullname}", "X, Y, W1, b1, ..., activations, loss, l2, D1, ..., dW1, db1, ...",
    "```python {after} ```", "```python {before} ```", "autograd {name}", "bold cyan", "bold green", "bold red",
    "bold yellow", "func {at} --grad {at2}{second} {point}", "func {at} --jac {at2} {point}", "func {at} {point}",
    "gradcheck {version}, Python {python_version}, {platform}", "gradcheck {words}{more}", "import numpy as np",
    "jax check_grads", "layer {at} --backward {at2} --params layer.npz", "model {at} --loss LOSS",
    "model {at} --loss {call}", "model {quote} --parameters {which} --loss {call}",
    "module {name} has no attribute {name2}", "my_program | gradcheck compare - reference.csv",
    "net --case default{own} --backward {at}", "net|func OPTIONS", "objective {at} --loss {at2} --labels labels.npz",
    "scalar --x 2 --theta 4{own} --backward {at}", "scipy approx_derivative", "the course's",
    "the function {co_name} is gone", "torch gradcheck, slow", "{line} \\ No newline at end of file",
    "{words} --data batch.npz", "{words} --grads {call}",
}  # fmt: skip
"""Code, commands, styles and lists of names, which look like sentences."""

WORDS = (
    "first", "last", "row", "column", "rows", "columns", "upper", "lower", "sum", "mean", "entry", "entries", "unit",
    "sample", "feature", "each", "all", "No such file or directory", "Permission denied", "Is a directory",
    "Not a directory", "No space left on device", "File exists", "is", "are", "interrupted", "nothing", "none",
)  # fmt: skip
"""Words that stand in sentences for themselves, and what the system says."""

ALONE = (
    "the course's PASS", "the course's FAIL", "another PASS", "another FAIL", "wrong", "yours/right", "right",
    "smaller", "unresolved", "worst", "parameter", "shape", "yours", "agrees", "disagrees", "kink", "number", "found",
    "difference", "entry", "unknown", "error:", "hint:", "note:", "error bar", "reference", "slope mismatch",
    "Checks", "Where", "Output", "Other", "repeatable", "warning:", "PASS", "FAIL",
    "could not be checked", "slowest:",
    "Usage:", "Options", "Commands", "Usage", "Arguments", "required", "Examples:",
)  # fmt: skip
"""Heads, cells and other words that are said alone, and may be a name where they stand in a sentence."""

COMPOSED = (
    "d{it} {words}",
    "error[{code}]: {message}",
    "note: {note}",
    "help: {help}",
    "at: {indices}",
    "look at: {places}",
    "hint: {hint}",
    "= {words}",
    "{count} found",
    "{short} of {many} parameters are wrong",
    "{short} of {many} parameters is wrong",
    "{name} is wrong",
    "{short} of {many} parameters are wrong ({count} of {entries} entries)",
    "{short} of {many} parameters is wrong ({count} of {entries} entries)",
    "{name} is wrong ({count} of {entries} entries)",
    "{short} of {many} parameters could not be decided",
    "{name} could not be decided",
    "{short} of {many} parameters could not be decided ({count} of {entries} entries)",
    "{name} could not be decided ({count} of {entries} entries)",
    "catches: any entry off by more than {entry}, any common factor by {factor}",
    "catches: any entry looked at off by more than {entry}, any common factor by {factor}",
    "catches: any entry off by more than {entry}",
    "catches: any entry looked at off by more than {entry}",
    "catches: any entry off by more than {entry}, any common factor by {factor}, an error of any shape by {shape} of"
    " its norm",
    "J = {loss}, {extent}, epsilon {epsilon}, {cost}",
    "{extent}, epsilon {epsilon}, {cost}",
    "the number of outputs?",
    "{weights} and {bias} confirm {delta}",
    "{names} follow from this {delta}",
    "{where} belongs to the layer of {weights} and {bias}",
    "{called} raised",
    "look for a stray factor of {shown} in what all gradients share",
    "look for 1/m applied twice in what all gradients share",
    "look for a constant that is slightly off in what all gradients share",
    "the second call returns twice the first: the gradient accumulates from call to call; set it to zero before the"
    " backward pass",
    "{message} (looking at {size} of {prod} entries)",
    "{it} has {c} times {name} besides",
    "this loss does not change: its gradient is zero; weight the outputs, as in loss = (w * out).sum(), or make sure"
    " that the parameters are put into the model: were they copied?",
    "{parameters} parameters, {entries} entries are right ({cost})",
    "{parameters} parameters, {entries} entries are right",
    "= verified: with this change all {many} entries agree, here and at {points}",
    "= verified: with this change the entry agrees, here and at {points}",
    "= verified: with these {n} changes all {many} entries agree, here and at {points}",
    "= verified: with these {n} changes the entry agrees, here and at {points}",
    "{figure} = {value} beside {threshold}",
    "look for a flipped sign in what all gradients share",
    "look for a sum over the samples instead of their mean: 1/m is missing in what all gradients share",
    "d{it} has V (1 - V) with V = {letter} instead of the derivative of {name}",
    "the analytic gradient by {names} is off by float32 rounding, so it is judged by that precision; --precision"
    " float64 refuses it",
    "the analytic gradient is off by float32 rounding, so it is judged by that precision; --precision float64 refuses"
    " it",
    "{activations}; {kind}, summed and divided by {by}; samples as columns",
    "{activations}; {kind}, summed and divided by {by}; samples as rows",
    "{activations}; {kind}, summed and divided by {by}, plus {l2} times the squared weights; samples as columns",
    "{activations}; {kind}, summed and divided by {by}, plus {l2} times the squared weights; samples as rows",
    "cross-entropy",
    "{agreed} agree, so {follows}",
    "{agreed} agrees, so {follows}",
)
"""Forms of what is put together of words that say nothing of each other."""

CLICK = (
    "default: {default}", "env var: {var}", "Show this message and exit.", "Show the version and exit.",
    "{prog}, version {version}", "No such option {name}.", "No such option {name}. {hint}", "No such option: {name}",
    "No such option: {name} {hint}", "No such command {name}.", "Missing option {name}.", "Missing argument {name}.",
    "Missing parameter {name}.", "Missing command.", "Invalid value: {message}",
    "Invalid value for {param_hint}: {message}", "Option {name} requires an argument.",
    "Option {name} requires {nargs} arguments.", "Option {name} does not take a value.",
    "Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})", "Did you mean {possibility}?",
    "(Did you mean one of: {possibilities}?)", "{value} is not one of {choices}.",
    "{value} is not a valid {number_type}.", "{value} is not in the range {range}.",
    "{name} {filename} does not exist.", "Could not open file {filename}: {message}",
)  # fmt: skip
"""What click says, of its versions together."""

_SILENT = {"compile", "TypeVar", "cast", "getattr", "removesuffix", "removeprefix", "startswith", "endswith", "sub",
           "partition", "rpartition", "split", "import_module"}  # fmt: skip
"""Functions whose texts are for nobody to read."""
_TRANSPARENT = {"len", "str", "repr", "printable", "sorted", "int", "float", "abs", "list"}
_HEADS = {"said", "new_table"}
"""Functions whose texts are said even where they are one word."""
_CODE = re.compile(r"[=(\[]\w|np\.|\w\(|->|^[\w.-]+/|^--|^<")


Msgid = tuple[str, str | None]
"""A text, and its context."""


def messages() -> dict[Msgid, str]:
    """Return every msgid that a translation is due for, with the first file that says it."""
    found: dict[Msgid, str] = {}
    for module in sorted(PACKAGE.rglob("*.py")):
        file = module.relative_to(PACKAGE).as_posix()
        if not file.startswith(tuple(NOT_COVERED)):
            for text, alone in texts_in(ast.parse(module.read_text(encoding="utf-8"))):
                if text not in NOT_SAID and "uses: actions/checkout" not in text:
                    found.setdefault((text, "alone" if alone else None), file)
    found |= {(page_title(name), None): f"manual/{name}.md" for name in (*topics(), *codes())}
    found |= {(heading, "alone"): "manual/" for heading in (*TOPICS, *MISTAKES)}
    for text in helped(main):
        found.setdefault((text, None), "cli/")
    for where, texts in {"click": CLICK, "words": WORDS, "composed": COMPOSED}.items():
        found |= {(text, None): where for text in texts}
    return found | {(text, "alone"): "words" for text in ALONE}


def helped(command: click.Command, path: str = "") -> Iterator[str]:
    """Yield the paragraphs of what a command, and all below it, says of itself."""
    for paragraph in (command.help or "").split("\f")[0].split("\n\n"):
        yield from paragraphs(paragraph)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from helped(below, f"{path} {name}")


def paragraphs(text: str) -> Iterator[str]:
    """Yield a paragraph as help shows it: in one piece, or line by line where its lines are kept."""
    for part in text.split("\n\n"):
        if part.strip().startswith("\b"):
            lines = (re.split(r"\s{2,}", line.strip())[-1] for line in part.splitlines())
            yield from (line for line in lines if is_said(line))
        elif is_said(joined := " ".join(part.split())):
            yield joined


def texts_in_source(source: str) -> Iterator[str]:
    """Yield the forms of all texts that a piece of source says."""
    return (text for text, _ in texts_in(ast.parse(source)))


def texts_in(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """Yield the forms of all texts that a module says, and whether each is said alone."""
    for node, known in said_in(tree, docstrings_in(tree)):
        for form in forms_of(node) or ():
            for part in parts_of(written(form), by_line=known):
                if is_said(part) and (not known or NAME.search(part)):
                    yield part, False
                elif known and re.search("[a-z]{2}", NAME.sub("", part)):
                    yield part.removesuffix(">"), True


def parts_of(text: str, *, by_line: bool) -> Iterator[str]:
    """Yield what is translated apart: the lines of a head, the paragraphs of a help, and an option's default."""
    text = text.removesuffix("  [repeatable]")
    about, _, default = text.partition("  [default: ")
    if default:
        yield from (about, default.removesuffix("]"))
    elif by_line:
        yield from text.split("\n")
    elif "\n" in text:
        yield from paragraphs(text)
    else:
        yield text


def docstrings_in(tree: ast.AST) -> set[ast.AST]:
    """Return the texts that are statements."""
    return {
        node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def said_in(node: ast.AST, skipped: set[ast.AST], *, known: bool = False) -> Iterator[tuple[ast.expr, bool]]:
    """Yield the texts below a node, outermost first, and whether each is known to be said."""
    if node in skipped or isinstance(node, (ast.Compare, ast.arg)):
        return
    if isinstance(node, ast.expr) and forms_of(node):
        yield node, known
        holes = (part.value for part in ast.walk(node) if isinstance(part, ast.FormattedValue))
        below: Iterable[ast.AST] = (hole for hole in holes if not forms_of(hole))
    else:
        below = children(node)
    for child in below:
        yield from said_in(child, skipped, known=called_by(node) in _HEADS)


def children(node: ast.AST) -> Iterable[ast.AST]:
    """Return the nodes below one that may be, or hold, a text that is said."""
    if isinstance(node, ast.FunctionDef):
        return [*node.decorator_list, node.args, *node.body]
    if isinstance(node, ast.AnnAssign):
        return [node.value] if node.value else []
    if isinstance(node, ast.Call) and called_by(node) in _SILENT:
        return [node.func]
    if isinstance(node, ast.Call) and called_by(node) == "Rule":  # its name is of the table alone
        return node.args[1:]
    return ast.iter_child_nodes(node)


def called_by(node: ast.AST) -> str:
    """Return the name of the function that a node calls; empty where it is no call."""
    function = getattr(node, "func", None)
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


Piece = tuple[str, bool]
"""A part of a text: what it says, or the name of a place and True."""


def forms_of(node: ast.expr) -> list[tuple[Piece, ...]]:
    """Return the forms that a text may have; none where the expression is no text."""
    match node:
        case ast.Constant(value=str(text)):
            return [((text, False),)]
        case ast.JoinedStr(values=values):
            parts = [
                choices(value.value) or [place(value.value)]
                if isinstance(value, ast.FormattedValue)
                else forms_of(value)
                for value in values
            ]
            return [tuple(itertools.chain(*chosen)) for chosen in itertools.product(*parts)]
        case ast.BinOp(left=left, op=ast.Add(), right=right) if forms_of(left) or forms_of(right):
            sides = (forms_of(side) or [place(side)] for side in (left, right))
            return [tuple(itertools.chain(*chosen)) for chosen in itertools.product(*sides)]
        case _:
            return choices(node)


def choices(node: ast.expr) -> list[tuple[Piece, ...]]:
    """Return the forms of a text that depends on a condition."""
    match node:
        case ast.IfExp(body=one, orelse=other) if forms_of(one) or forms_of(other):
            return [*(forms_of(one) or [place(one)]), *(forms_of(other) or [place(other)])]
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mult()):
            return [((text, False),), (("", False),)]
        case ast.BinOp(left=ast.Constant(value=str()) as left, op=ast.Mod()):
            return forms_of(left)
        case _:
            return []


def place(node: ast.expr) -> tuple[Piece, ...]:
    """Return the place where the value of an expression stands."""
    return ((name_of(node) or "value", True),)


def name_of(node: ast.AST) -> str:
    """Return a name for the value of an expression."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_")
        case ast.BinOp(left=left, right=right):
            return name_of(left) or name_of(right)
        case ast.Call(func=ast.Attribute(attr="join"), args=[inner, *_]):
            pass
        case ast.Call(func=ast.Name(id=called), args=[inner, *_]) if called in _TRANSPARENT:
            pass
        case (
            ast.Call(func=inner) | ast.Subscript(value=inner) | ast.GeneratorExp(elt=inner) | ast.ListComp(elt=inner)
            | ast.UnaryOp(operand=inner) | ast.Starred(value=inner)
        ):  # fmt: skip
            pass
        case _:
            return ""
    return name_of(inner)


def written(form: tuple[Piece, ...]) -> str:
    """Write a form as a msgid; the second place of a name is numbered."""
    text, used = "", dict[str, int]()
    for piece, is_place in form:
        if is_place:
            used[piece] = used.get(piece, 0) + 1
            text += f"{{{piece}{used[piece] if used[piece] > 1 else ''}}}"
        else:
            text += piece
    text = re.sub(r"%[-\d.]*([dsg])", r"{\1}", text).strip().removeprefix("{INDENT}")
    return re.sub(r"\{(\w*)(?:!r)?(?::[^{}]*)?\}", lambda place: f"{{{place[1] or 'value'}}}", text)


def is_said(text: str) -> bool:
    """Whether a text is for a person: more than a word, and no code."""
    bare = re.sub(r"\{\w+\}", "", text)
    if " " not in text.strip() or not re.search("[a-z]{2}", bare) or is_command(text):
        return False
    return not _CODE.search(bare) or re.search(r"[a-z]{2,} [a-z]{1,}\b[^=]", bare) is not None


def is_command(text: str) -> bool:
    """Whether a text is a line for a shell or a build's log."""
    return text.startswith(("pip install", "::", "import ", "def ", "--executor", "--params")) or (
        text.startswith("gradcheck ") and "{" not in text
    )
