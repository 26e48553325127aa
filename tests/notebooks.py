"""Notebooks as people have them, written cell by cell."""

from __future__ import annotations

import json
from pathlib import Path

HOMEWORK = Path(__file__).parent / "acceptance" / "data" / "homework.py"


def write_notebook(path: Path, *cells: str, language: str = "python") -> Path:
    """Write a notebook of cells of code, each with an output, and a cell of text between them."""
    found: list[dict[str, object]] = []
    for source in cells:
        found.append({"cell_type": "markdown", "source": ["# text\n"], "metadata": {}})
        output = [{"output_type": "stream", "text": ["J = 8\n"], "name": "stdout"}]
        lines = source.splitlines(keepends=True)
        found.append({"cell_type": "code", "source": lines, "outputs": output, "execution_count": 1, "metadata": {}})
    notebook = {"cells": found, "nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"language": language}}}
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def course_cells(backward: str = "") -> list[str]:
    """Return the cells of the course's notebook, in which it trains, plots and reads what is not there.

    Parameters
    ----------
    backward : str, optional
        The backward propagation in the place of the course's, which has two planted mistakes.
    """
    text = HOMEWORK.read_text(encoding="utf-8")
    forward = text[text.index("def forward_propagation_n") : text.index("def backward_propagation_n")]
    return [
        "%matplotlib inline\nimport numpy as np\nfrom testCases import *\n"
        "from gc_utils import sigmoid, relu, dictionary_to_vector, vector_to_dictionary, gradients_to_vector",
        "def forward_propagation(x, theta):\n    J = np.dot(theta, x)\n    return J",
        'x, theta = 2, 4\nJ = forward_propagation(x, theta)\nprint ("J = " + str(J))',
        "def backward_propagation(x, theta):\n    dtheta = x\n    return dtheta",
        "import not_installed.pyplot as plt\nplt.plot([1, 2])\n!pip install nothing",
        forward,
        backward or text[text.index("def backward_propagation_n") :],
        "X, Y, parameters = gradient_check_n_test_case()\ncost, cache = forward_propagation_n(X, Y, parameters)\n"
        "gradients = backward_propagation_n(X, Y, cache)\nwhile True:\n    parameters = train(parameters)",
    ]
