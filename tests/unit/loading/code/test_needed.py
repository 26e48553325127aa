from __future__ import annotations

import pytest

from gradcheck_cli.loading.code.cells import Cell, without_magics
from gradcheck_cli.loading.code.needed import needed_by
from gradcheck_cli.loading.code.statements import statements_of


def taken(name: str, source: str) -> list[str]:
    """The first lines of the statements that a name needs."""
    statements, errors = statements_of([Cell(None, source, "hw.py")])
    assert not errors
    lines = source.splitlines()
    return [lines[statements[k].node.lineno - 1] for k in needed_by(name, statements)]


def test_takes_what_a_function_uses_and_nothing_else() -> None:
    source = "import numpy as np\nimport pandas\nscale = 2\nother = 1 / 0\ndef f(x):\n    return np.sum(x) * scale"
    assert taken("f", source) == ["import numpy as np", "scale = 2", "def f(x):"]


def test_an_argument_or_a_local_name_is_not_the_global_one() -> None:
    source = "parameters = train()\ncosts = train()\ndef f(parameters):\n    costs = []\n    return parameters, costs"
    assert taken("f", source) == ["def f(parameters):"]


@pytest.mark.parametrize(
    "use",
    [
        "def f(x=scale): pass",
        "@scale\ndef f(x): pass",
        "class f:\n    y = scale",
        "class f:\n    def g(self): return scale",
        "f = lambda x: x * scale",
        "f = [scale * k for k in range(3)]",
        "def f(x):\n    return [scale * y for y in x]",
        "def f(x):\n    def g(): return scale\n    return g()",
        "try:\n    f = scale\nexcept ValueError:\n    f = 3",
    ],
)
def test_finds_a_use_wherever_it_stands(use: str) -> None:
    assert taken("f", f"scale = 3\nother = 4\n{use}") == [
        "scale = 3",
        use.splitlines()[0].replace("@scale", "def f(x): pass"),
    ]


def test_a_function_that_is_defined_again_is_the_last_one() -> None:
    assert taken("f", "def f(): return 1\nf()\ndef f(): return 2") == ["def f(): return 1", "def f(): return 2"]


def test_an_assignment_counts_that_is_the_last_before_its_use() -> None:
    source = "n = 3\nw = n * [0]\nn = 4\nn = 5\ndef f(): return w, n"
    assert taken("f", source) == ["n = 3", "w = n * [0]", "n = 5", "def f(): return w, n"]


def test_training_is_not_taken_where_there_is_another_value() -> None:
    source = "def init(): ...\ndef train(p): ...\np = init()\np = train(p)\ndef f(): return p"
    assert taken("f", source) == ["def init(): ...", "p = init()", "def f(): return p"]


def test_a_method_of_an_own_object_may_train() -> None:
    source = "class Net: ...\nnet = Net()\nnet.layers = []\nnet.add(3)\np = [1]\np = net.fit()\ndef f(): return net, p"
    every = ["class Net: ...", "net = Net()", "net.layers = []", "net.add(3)", "p = [1]", "def f(): return net, p"]
    assert taken("f", source) == every


@pytest.mark.parametrize(
    "made_ready",
    ["p['w'] = 3", "p.append(3)", "for k in range(3): p[k] = k * 2", "p.x = 4"],
)
def test_what_makes_a_value_ready_comes_with_it(made_ready: str) -> None:
    assert taken("f", f"p = {{}}\n{made_ready}\nq = p\ndef f(): return p") == [
        "p = {}",
        made_ready,
        "def f(): return p",
    ]


@pytest.mark.parametrize(
    "run",
    [
        "train(p)",
        "p.train()",
        "for k in range(9): p[k] = f(k)",
        "for k in range(9): p -= 1",
        "while True: pass",
        "with open('x') as p: pass",
        "if __name__ == '__main__': p = 4",
        "print(p)",
        "del p",
    ],
)
def test_what_runs_is_never_taken(run: str) -> None:
    assert taken("f", f"p = {{}}\n{run}\ndef f(): return p") == ["p = {}", "def f(): return p"]


def test_a_seed_comes_with_the_numbers_that_are_drawn_after_it() -> None:
    source = "import numpy as np\nnp.random.seed(1)\nw = np.random.randn(3)\ndef f(): return w"
    assert len(taken("f", source)) == 4


def test_what_says_where_imports_are_looked_for_comes_with_them() -> None:
    source = "import sys, os\nsys.path.append(os.pardir)\nsys.argv.append('x')\nimport common\ndef f(): return common"
    every = [
        "import sys, os",
        "import sys, os",
        "sys.path.append(os.pardir)",
        "import common",
        "def f(): return common",
    ]
    assert taken("f", source) == every


def test_all_names_of_a_module_are_imported_only_where_one_is_missing() -> None:
    source = "from testCases import *\ndef f(): return len([])\ndef g(): return relu(3)"
    assert taken("f", source) == ["def f(): return len([])"]
    assert taken("g", source) == ["from testCases import *", "def g(): return relu(3)"]


def test_annotations_are_not_evaluated_where_the_file_says_so() -> None:
    source = "from __future__ import annotations\nT = 1 / 0\ndef f(x: T) -> T: return x"
    assert taken("f", source) == ["def f(x: T) -> T: return x"]


@pytest.mark.parametrize(
    ("cell", "left"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("!ls -l | head\nfiles = !ls\nx = 1", "pass\npass\nx = 1"),
        ("np.dot?\n?np\nx = 1", "pass\npass\nx = 1"),
        ("if x:\n    %timeit f(x)\n", "if x:\n    pass\n"),
        ("%%time\nx = 1", "\nx = 1"),
        ("%%bash\nrm -rf x", ""),
        ("x = (3\n% 2)", "x = (3\n% 2)"),
        ("s = '''\n!ls\n'''", "s = '''\n!ls\n'''"),
    ],
)
def test_magics_give_way_and_lines_keep_their_numbers(cell: str, left: str) -> None:
    assert without_magics(cell) == left
