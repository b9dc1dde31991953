"""The cell that a published notebook begins with where its course is served: opened alone, the
notebook fetches the rest by it. It is nobody's answer, and grading leaves it out.
"""

from __future__ import annotations

import re
from string import Template
from typing import Any

_FIRST = "# Opened by itself, in a hosted notebook? This cell fetches what belongs to the notebook."
_CODE = Template(f"""\
{_FIRST}
# Where that is at hand, it does nothing.
import importlib.util

if importlib.util.find_spec("autograder") is None:
    %pip install --quiet '$address/$wheel'
from autograder.fetch import fetch_assignment

fetch_assignment("$name", "$address")""")
_ADDRESS = re.compile(r"https?://[\w.:/~%+@-]+")


def may_be_served_at(address: str) -> bool:
    """Whether an address is one of the web, and can be written into a cell as it is."""
    return bool(_ADDRESS.fullmatch(address))


def fetch_cell(name: str, address: str, wheel: str) -> dict[str, Any]:
    """The cell for an assignment's notebook. ``address``: where the course is served."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": "fetch-the-rest",
        "metadata": {},
        "outputs": [],
        "source": _CODE.substitute(name=name, address=address.rstrip("/"), wheel=wheel),
    }


_ANY = re.compile(
    re.escape(_CODE.template)
    .replace(re.escape("$address"), _ADDRESS.pattern)
    .replace(re.escape("$wheel"), r"[\w.+-]+")
    .replace(re.escape("$name"), r"\w+")
)


def is_fetch_cell(source: str) -> bool:
    """Whether a cell is that one and nothing else, of whatever course and address."""
    return bool(_ANY.fullmatch(source.replace("\r\n", "\n").strip()))
