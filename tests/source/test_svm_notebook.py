"""The SVM notebook, executed: what only it has."""

import re

from lectures import demos, executed, html


def test_the_gradient_check_shows_a_right_gradient(tmp_path_factory):
    solved = executed(tmp_path_factory, "svm")
    alt = next(html(cell) for cell in demos(solved) if "gradient_agreement" in cell.source)
    largest = re.search(r"largest relative error is ([\d.e-]+)\.", alt)
    assert largest is not None
    assert float(largest.group(1)) < 1e-5
