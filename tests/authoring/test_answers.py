"""Where nbgrader's markers go in an answer, by its source alone."""

from __future__ import annotations

import ast
from pathlib import Path

from autograder.authoring.answers import read_answers


def solved(tmp_path: Path, source: str, name: str) -> str:
    path = tmp_path / "answers.py"
    path.write_text(source)
    return read_answers(path, "solutions/answers.py").solved(name)


def test_the_body_goes_between_the_markers_as_it_was_written(tmp_path: Path) -> None:
    source = '''\
import math

# A heading

def area(r):  # noqa: N803
    """Its area.

    r: a number.
    """


    # pi is known
    squared = r ** 2   # oddly spaced


    text = """
left as it is
    """
    def times(x):
        """An inner function is part of the body."""
        return x * math.pi
    return times(squared)
    # the end


# Another heading
after = 1
'''
    assert (
        solved(tmp_path, source, "area")
        == '''\
def area(r):  # noqa: N803
    """Its area.

    r: a number.
    """
    ### BEGIN SOLUTION
    # pi is known
    squared = r ** 2   # oddly spaced


    text = """
left as it is
    """
    def times(x):
        """An inner function is part of the body."""
        return x * math.pi
    return times(squared)
    # the end
    ### END SOLUTION'''
    )


def test_decorators_nested_classes_and_async_methods(tmp_path: Path) -> None:
    source = '''\
@register(
    "net",
)
class Net(Base):
    """A net."""

    class Head:
        """Its head."""

        size: int = 3

        async def read(self):
            "Read."
            return self.size

    @property
    def depth(
        self,
    ) -> int:  # given
        return 2

    @staticmethod
    def name() -> str:
        """Its name."""
        return "net"
    # after the last method
'''
    made = solved(tmp_path, source, "Net")
    assert (
        made
        == '''\
@register(
    "net",
)
class Net(Base):
    """A net."""

    class Head:
        """Its head."""

        size: int = 3

        async def read(self):
            "Read."
            ### BEGIN SOLUTION
            return self.size
            ### END SOLUTION

    @property
    def depth(
        self,
    ) -> int:
        return 2

    @staticmethod
    def name() -> str:
        """Its name."""
        ### BEGIN SOLUTION
        return "net"
        ### END SOLUTION
    # after the last method'''
    )
    assert ast.dump(ast.parse(made)) == ast.dump(ast.parse(source))


def test_hidden_bodies_are_all_but_the_given_ones(tmp_path: Path) -> None:
    path = tmp_path / "answers.py"
    path.write_text(
        'def helper(x):\n    return x + 1\n\nclass Net:\n    """A net."""\n    def a(self):  # '
        'given\n        return 1\n    def b(self):\n        """B."""\n        return 2\n'
    )
    answers = read_answers(path, "solutions/answers.py")
    hidden = {name: answers.body(function) for name, function in answers.hidden()}
    assert hidden == {"helper": ["    return x + 1"], "Net.b": ["        return 2"]}
