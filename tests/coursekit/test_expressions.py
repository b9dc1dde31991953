"""Typed expressions: read without being run, computed rightly, measured rightly, refused in one
sentence.
"""

import math

import pytest

from coursekit.expressions import LONGEST, ExpressionError, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a = 2; b = -3; a * b + a", -4),
        ("a = 2\nb = a ** 3\nb - 1", 7),
        ("a = 4; 1 / a + 3 / a", 1),
        ("a = 1; -a - -a", 0),
        ("a = 2; q = a * a; a = q + 1; a * q", 20),
        ("x = -1; relu(x) + relu(-x)", 1),
        ("x = 2; x.max(3) + max(3, x) + max(x, 1.5)", 8),
        ("x = 0; exp(x) + tanh(x)", 1),
        ("x = 3; (x + 1).relu() ^ 2", 16),
        ("c = 2 * 3 + 1; c + 0", 7),
        ("a + b", -1),  # names without a number get one
    ],
)
def test_values(text, value):
    expression = parse(text)
    assert expression.values()[expression.result] == pytest.approx(value)


def slope(text: str, name: str) -> tuple[float, float]:
    expression = parse(text)
    return expression.slope(next(k for k, step in enumerate(expression.steps) if step.name == name))


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("a = 2; b = -3; a * b + a", "a", -2),
        ("a = 2; a * a * a", "a", 12),
        ("a = 2; u = a * 3; u * u + u", "u", 13),
        (
            "x = 0.3; tanh(x) / exp(x)",
            "x",
            (1 - math.tanh(0.3) ** 2 - math.tanh(0.3)) / math.exp(0.3),
        ),
        ("x = 5; exp(2 * x)", "x", 2 * math.exp(10)),
    ],
)
def test_slopes_are_measured_well(text, name, expected):
    low, high = slope(text, name)
    assert low == pytest.approx(expected, rel=1e-6)
    assert high == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("text", "sides"), [("x = 0; relu(x)", (0, 1)), ("x = 2; y = 2; 3 * max(x, y)", (0, 3))]
)
def test_a_kink_has_two_slopes(text, sides):
    assert slope(text, "x") == pytest.approx(sides, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "type an expression"),
        ("a +", "cannot be read"),
        ("\x00", "cannot be read"),
        ("import os", "cannot be drawn"),
        ("__import__('os').system('true')", "the functions are"),
        ("a.__class__", "cannot be drawn"),
        ("a.__class__()", "the functions are"),
        ("(lambda: a)()", "the functions are"),
        ("[a for a in b]", "cannot be drawn"),
        ("a if b else c", "cannot be drawn"),
        ("f'{a}'", "cannot be drawn"),
        ("a @ b", "cannot be drawn"),
        ("a = b = 'text'", "cannot be drawn"),
        ("a[0] = 2", "name = ..."),
        ("a ** b", "plain number"),
        ("relu(a, b)", "relu takes one value"),
        ("max(a)", "max takes two values"),
        ("max(a, key=b)", "cannot be drawn"),
        ("relu + 1", "relu is a function"),
        ("relu = 2", "relu is a function"),
        ("2 + 3", "plain number"),
        ("a_very_long_name + 1", "too long to draw"),
        ("a = 0; 1 / a", "division by zero"),
        ("a = -2; a ** 0.5", "root of a negative number"),
        ("a * 9**9**9**9", "too large"),
        ("exp(1000 * a)", "too large"),
        ("a + 1e999", "too large"),
        ("+".join("a" * 100), "too many gates"),
        ("-" * 290 + "a", "too many gates"),
        ("(" * 140 + "a" + ")" * 140, None),
        ("a" + "+1" * LONGEST, f"at most {LONGEST}"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_sentence(text, told):
    if told is None:
        assert parse(text).steps[0].name == "a"
        return
    with pytest.raises(ExpressionError) as problem:
        parse(text)
    assert told in str(problem.value)
    assert "\n" not in str(problem.value)


def test_steps_that_the_result_does_not_use_are_known():
    expression = parse("a = 1; b = 2; unused = a * b; a + 3")
    assert {expression.steps[k].name for k in expression.needed()} == {"a", ""}
