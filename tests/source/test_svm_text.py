"""The SVM notebook's text: its rhythm, its length, and that every mended formula is in fact right."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from autograder.authoring.text import Cell, read_text

ROOT = Path(__file__).parents[2]
TEXT = read_text(ROOT / "source" / "svm" / "svm.md", "svm.md")
ANSWERS = runpy.run_path(str(ROOT / "solutions" / "svm.py"))

ORDER = [
    "L_i_vectorized",
    "margin_violations",
    "zero_one_counterexample",
    "svm_loss_naive",
    "eval_numerical_gradient",
    "rel_error",
    "grad_check_sparse",
    "svm_loss",
    "svm_loss_vectorized",
    "notes_errata",
    "squared_hinge_loss",
    "expected_initial_loss",
    "scaling_experiment",
    "rescale_margin",
    "preprocess",
    "LinearSVM",
    "is_at_boundary",
    "coarse_to_fine_search",
]


def parts(name: str) -> tuple[list[Cell], list[Cell]]:
    """The cells of an exercise before its stub (from its heading on) and after its check (up to the next heading)."""
    cells = TEXT.cells
    stub = next(k for k, cell in enumerate(cells) if cell.kind == "solution" and cell.name == name)
    first = next(k for k in range(stub, -1, -1) if cells[k].kind == "markdown" and cells[k].source.startswith("##"))
    last = next(
        (k for k in range(stub, len(cells)) if cells[k].kind == "markdown" and cells[k].source.startswith("##")), None
    )
    return list(cells[first:stub]), list(cells[stub + 1 : last])


def words(text: str) -> int:
    """Words of prose: a displayed formula is a picture, an inline one a word."""
    text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.S)
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    text = re.sub(r"\$[^$]*\$|`[^`]*`", "formula", text)
    return len(re.findall(r"[^\W_][\w'’-]*", text))


def test_the_exercises_come_in_the_order_of_the_course():
    assert [cell.name for cell in TEXT.cells if cell.kind == "solution"] == ORDER
    assert [cell.name for cell in TEXT.cells if cell.kind == "check"] == ORDER


@pytest.mark.parametrize("name", ORDER)
def test_an_idea_a_picture_a_stub_a_check_and_a_look(name):
    before, after = parts(name)
    kinds = [cell.kind for cell in before]
    assert kinds == ["markdown", "demo"], "an idea and something to see"
    assert "**See.**" in before[0].source
    assert [cell.kind for cell in after][:3] == ["check", "markdown", "demo"]
    assert after[1].source.startswith("**Look.**")
    assert "once_written()" in after[2].source


@pytest.mark.parametrize("name", ORDER)
def test_an_idea_takes_at_most_150_words(name):
    before, _ = parts(name)
    assert words(before[0].source) <= 150


@pytest.mark.parametrize("name", [name for name in ORDER if name not in {"zero_one_counterexample", "notes_errata"}])
def test_an_idea_has_its_formula(name):
    before, _ = parts(name)
    assert "$" in before[0].source or "`" in before[0].source


def test_there_are_no_walls_of_text():
    for cell in TEXT.cells:
        if cell.kind == "markdown":
            assert words(cell.source) <= 190, cell.line
            for paragraph in cell.source.split("\n\n"):
                assert words(paragraph) <= 80, (cell.line, paragraph[:60])


def test_code_fits_beside_a_file_browser():
    for cell in TEXT.cells:
        if cell.kind in ("demo", "code"):
            assert max(map(len, cell.source.splitlines())) <= 100, cell.line


def test_the_opening_says_what_it_is_for_what_it_needs_and_how_long_it_takes():
    opening = TEXT.cells[0].source
    for promise in ("**When you are done** you can", "**It rests on**", "**It takes**", "100 points"):
        assert promise in opening


def test_the_students_code_cells_are_few():
    plain = [cell for cell in TEXT.cells if cell.kind == "code"]
    assert len(plain) == 2
    assert "from autograder import check" in plain[0].source


def test_the_written_question_states_its_points():
    (question,) = [k for k, cell in enumerate(TEXT.cells) if cell.kind == "manual"]
    assert TEXT.cells[question].name == "derivation"
    asked = re.findall(r"\((\d) points?\)", TEXT.cells[question - 1].source)
    assert sum(map(int, asked)) == TEXT.cells[question].points == 4


# --- The boxes that mend old notes, each with the fact that proves it. ------------------------------------------------

BOXES = [box for cell in TEXT.cells for box in re.findall(r"^> \*\*Old notes.*$", cell.source, flags=re.M)]
RNG = np.random.default_rng(231)
N, D, C = 7, 5, 4
W, X, y = RNG.standard_normal((D, C)), RNG.standard_normal((N, D)), RNG.integers(0, C, N)


def said(*phrases: str) -> None:
    """One box holds all the phrases."""
    assert any(all(phrase in box for phrase in phrases) for box in BOXES), phrases


def data_loss(W, delta=1.0):
    return np.mean([ANSWERS["L_i_vectorized"](x, label, W.T, delta) for x, label in zip(X, y, strict=True)])


def test_two_orientations_of_W_give_the_same_loss():
    said("`(C, D)`", "`(D, C)`", "only Section 1")
    assert data_loss(W) == pytest.approx(ANSWERS["svm_loss_vectorized"](W, X, y, 0.0)[0])


def test_with_the_true_class_the_count_is_one_too_high():
    said("$dz$", "one too high")
    scores = X @ W
    everyone = (scores - scores[range(N), y][:, None] + 1 > 0).sum(axis=1)
    np.testing.assert_array_equal(everyone, ANSWERS["margin_violations"](scores, y)[1] + 1)


def test_the_loss_counts_nothing():
    said("just counts the incorrect classes")
    scores, true_class = ANSWERS["zero_one_counterexample"]()
    assert np.argmax(scores) == true_class
    loss = ANSWERS["L_i_vectorized"](np.ones(1), true_class, scores[:, None])
    assert loss > 0
    assert loss != round(loss)


def test_the_loss_is_a_mean_with_a_price_on_the_weights():
    said("neither $1/N$ nor a regulariser", "the same $X_i$ for all classes")
    loss, _ = ANSWERS["svm_loss_naive"](W, X, y, 0.3)
    assert loss == pytest.approx(data_loss(W) + 0.3 * np.sum(W * W))


def test_the_true_classes_part_is_the_counts_with_a_minus_sign():
    said("`N` counts", "minus sign", "`[i, y[i]]`")
    scores = X @ W
    mask, counts = ANSWERS["margin_violations"](scores, y)
    dx = mask.astype(float)
    dx[range(N), y] = -counts
    np.testing.assert_allclose(ANSWERS["svm_loss"](scores, y)[1], dx / N)


def test_the_gradient_has_the_shape_of_the_weights():
    said("`(N, C)` and `(N, 1)`", "`dW` is `(D, C)`")
    dscores = ANSWERS["svm_loss"](X @ W, y)[1]
    product = X.T @ dscores
    assert product.shape == (D, C)
    np.testing.assert_allclose(product + 2 * 0.3 * W, ANSWERS["svm_loss_vectorized"](W, X, y, 0.3)[1])


def test_scaling_keeps_a_zero_loss_and_not_the_scores():
    said("every score changes by the factor $a$", "*zero loss*", r"2\,\text{reg}\,W")
    apart = 10 * np.eye(3)
    losses, price = ANSWERS["scaling_experiment"](apart, np.eye(3), np.arange(3), np.array([1.0, 2.0, 5.0]), 0.1)
    np.testing.assert_array_equal(losses, 0)
    np.testing.assert_allclose(price / price[0], [1, 4, 25])


def test_delta_and_reg_set_one_trade_off():
    said("That is half of it", "*one* trade-off")
    c, reg = 2.5, 0.3
    assert data_loss(c * W, c) == pytest.approx(c * data_loss(W))

    def objective(W, delta, reg):
        return data_loss(W, delta) + reg * np.sum(W * W)

    # With the margin c times as wide and reg divided by c, the whole objective is only multiplied by c.
    assert objective(c * W, c, reg / c) == pytest.approx(c * objective(W, 1.0, reg))
    assert objective(c * W, c, reg) != pytest.approx(c * objective(W, 1.0, reg))


def test_the_three_lines_of_code_have_the_four_errors_the_answer_says():
    assert ANSWERS["notes_errata"]() == {"a": True, "b": True, "c": True, "d": False, "e": True, "f": False}
    loss, dW = ANSWERS["svm_loss_vectorized"](W, X, y, 0.3)
    assert np.shape(loss > 0) == ()  # a: the loss is one number
    mask, counts = ANSWERS["margin_violations"](X @ W, y)
    ds = mask.astype(float)
    ds[range(N), y] = -counts  # b
    np.testing.assert_allclose(X.T @ ds / N + 2 * 0.3 * W, dW)  # c and e, with X.T (not d) and ones (not f)


def test_every_box_is_proved_above():
    assert len(BOXES) == 8


@pytest.mark.parametrize("kind", ["hinge", "squared_hinge"])
def test_ten_classes_start_at_nine(kind):
    assert "which makes 9 for ten classes" in next(c.source for c in TEXT.cells if "## 11." in c.source)
    assert ANSWERS["expected_initial_loss"](10, kind) == 9


def test_a_colour_image_has_more_than_sixty_thousand_evaluations():
    assert 2 * (3072 + 1) * 10 > 60_000
    assert any("more than sixty thousand for CIFAR-10" in cell.source for cell in TEXT.cells)
