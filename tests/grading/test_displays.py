"""What of a student's displays is shown."""

from __future__ import annotations

from autograder.grading.displays import TOO_LONG, defused, displays


def display(data: dict, metadata: dict | None = None) -> dict:
    return displays([{"output_type": "display_data", "data": data, "metadata": metadata or {}}])[0]


def test_only_known_formats_are_kept():
    shown = display({"text/plain": "x", "application/javascript": "alert(1)", "text/vnd.mermaid": "<script>"})
    assert shown["data"] == {"text/plain": "x"}
    assert display({"application/javascript": "alert(1)"})["data"] == {
        "text/plain": "(an output in a format that is not shown)"
    }


def test_sizes_of_pictures_are_numbers():
    bad = {"image/png": {"width": "1 onload=alert(1)", "height": 20, "alt": "x"}, "text/html": {"isolated": True}}
    assert display({"image/png": "aGk="}, bad)["metadata"] == {"image/png": {"height": 20}}


def test_pictures_are_base64():
    assert "image/png" not in display({"image/png": '"><script>', "text/plain": "x"})["data"]


def test_rich_text_has_a_bearable_length():
    assert display({"text/html": "<b>" * 100_000})["data"]["text/html"] == TOO_LONG


def test_tex_makes_no_links():
    assert "\\href" not in defused(r"$\href{javascript:alert(1)}{x}$ \let\a\href")
    assert defused(r"$\hat{x} \styled \alpha$") == r"$\hat{x} \styled \alpha$"


def test_streams_and_errors_pass():
    stream = {"output_type": "stream", "name": "stderr", "text": "50%"}
    assert displays([stream]) == [stream]
