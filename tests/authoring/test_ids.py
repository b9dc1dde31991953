"""Ids that survive edits."""

from __future__ import annotations

from autograder.authoring import solved_notebook

from .conftest import Course


def ids(course: Course) -> list[str]:
    return [cell["id"] for cell in solved_notebook(course.root, "tiny")["cells"]]


def test_editing_a_cell_changes_no_id(course: Course) -> None:
    before = ids(course)
    course.replace(course.text, "Two exercises.", "Two exercises, and some words about them.")
    course.replace(course.text, "print(double(np.arange(3)))", "print(double(np.arange(5)))")
    assert ids(course) == before


def test_a_new_cell_changes_no_id_of_other_sections(course: Course) -> None:
    before = ids(course)
    course.replace(
        course.text,
        "Twice is $2x$.",
        "```{code-cell}\nimport math\n```\n\nTwice is $2x$.\n\n+++\n\nYes.",
    )
    after = ids(course)
    assert [one for one in after if one not in before] == [
        "doubling-code-1",
        "doubling-text-2",
        "doubling-text-3",
    ]
    assert [one for one in after if one in before] == before


def test_subsections_names_and_headings_in_code(course: Course) -> None:
    course.replace(
        course.text,
        "Twice is $2x$.",
        "### Étude: *one* & all of the other things\n\nText.\n\n```python\n## no heading\n```\n\n+++\n\n### Look\n\n"
        '+++ {"name": "picture"}\n\nHere.\n\n+++\n\n### Look\n',
    )
    course.replace(course.text, "## A layer", "## Doubling")
    assert ids(course) == [
        "opening-text-1",
        "setup",
        "doubling-text-1",
        "doubling-look-text-1",
        "picture",
        "doubling-look-text-2",
        "double",
        "check_double",
        "doubling-look-demo-1",
        "doubling-text-2",
        "Layer",
        "check_layer",
        "doubling-text-3",
        "derivation",
        "doubling-text-4",
    ]


def test_an_id_that_an_author_took_is_left_to_them(course: Course) -> None:
    course.replace(course.text, ":name: setup", ":name: doubling-text-1")
    assert ids(course)[1:3] == ["doubling-text-1", "doubling-text-2"]
