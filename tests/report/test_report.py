"""Reports: what a student reads, in both forms."""

from __future__ import annotations

import numpy as np

from autograder.language.verdict import Evidence, Finding, Verdict
from autograder.report import heat_map_png, to_html, to_text

ERROR = np.zeros((7, 4))
ERROR[2, 1] = 1.0
FINDINGS = (
    Finding("Dimensions", True, "fine", share=1),
    Finding(
        "Right values",
        False,
        "dW is <b>wrong</b>",
        "Your dW lacks a term.",
        3,
        Evidence("dW", (2, 1), 1.0, 2.0, None, ERROR, ("D", "C")),
    ),
    Finding("Reference", None, "waits for grading", share=4),
)
VERDICT = Verdict("svm_loss", 8.0, 1.0, "partial", FINDINGS, 11)


def test_the_text_says_what_is_wrong_and_what_waits():
    text = to_text(VERDICT)
    assert text.startswith("svm_loss: partly right, 1 of 8 points so far, 4 wait for grading")
    assert "✓ Dimensions (1 point)" in text
    assert "✗ Right values (3 points)" in text
    assert "→ Your dW lacks a term." in text
    assert "… Reference (4 points): waits for grading" in text
    assert 'check("svm_loss", seed=11)' in text


def test_the_html_escapes_what_an_answer_said():
    html = to_html(VERDICT)
    assert "dW is &lt;b&gt;wrong&lt;/b&gt;" in html
    assert "<b>" not in html
    assert "data:image/png;base64," in html
    assert 'alt="Heat map of the error in dW; it is largest at [2, 1]."' in html


def test_the_heat_map_is_a_picture_only_where_there_is_an_error():
    png = heat_map_png(VERDICT)
    assert png is not None
    assert png.startswith(b"\x89PNG")
    assert heat_map_png(Verdict("svm_loss", 8.0, 8.0, "passed", FINDINGS[:1])) is None
