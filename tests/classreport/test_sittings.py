"""How long somebody worked is read from whatever they sent, and believed within reason."""

from __future__ import annotations

import json

import pytest

from autograder.classreport.sittings import minutes_worked


def notebook(*moments: object) -> bytes:
    cells = [{"metadata": {"execution": {"iopub.execute_input": moment}}} for moment in moments]
    return json.dumps({"cells": cells}).encode()


def test_pauses_do_not_count():
    moments = (
        "2026-03-01T13:00:00Z",
        "2026-03-01T10:00:00Z",
        "2026-03-01T10:20:30Z",
        "2026-03-01T13:10:00+00:00",
    )
    assert minutes_worked(notebook(*moments)) == 30.5


def test_zones_are_heeded():
    assert minutes_worked(notebook("2026-03-01T12:00:00+02:00", "2026-03-01T10:05:00Z")) == 5


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"{",
        b"[]",
        b'{"cells": 7}',
        b'{"cells": [7, {"metadata": []}, {"metadata": {"execution": []}}]}',
        b"[" * 100_000,
        notebook(),
        notebook("2026-03-01T10:00:00Z"),
        notebook("yesterday", None, 7, {"a": 1}),
        notebook("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
    ],
)
def test_what_tells_nothing(sent):
    assert minutes_worked(sent) is None


def test_no_more_than_two_weeks():
    moments = [
        f"{2000 + year}-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z"
        for year in range(1)
        for month in range(1, 3)
        for day in range(1, 29)
        for hour in range(24)
        for minute in (0, 30)
    ]
    assert minutes_worked(notebook(*moments)) == 14 * 24 * 60
