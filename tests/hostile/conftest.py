"""Each class is graded once in a run, whoever asks first."""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

import pytest
from courses.course import folder_of_the_run

from autograder.wall.outside.isolation import choose

from .classroom import CLASSES, Graded, graded_once

ByName = Callable[[str], Graded]


@pytest.fixture(scope="session")
def class_by_name(tmp_path_factory: pytest.TempPathFactory) -> ByName:
    """A class of CLASSES, graded by ``chainrule grade`` when it is first asked for."""
    known: dict[str, Graded] = {}
    run = str(folder_of_the_run(tmp_path_factory))
    seed = str(crc32(run.encode()))  # one a run: what is drawn decides what can be said

    def by_name(name: str) -> Graded:
        if name not in known:
            attacks, isolation = CLASSES[name]
            options = ("--jobs", "2", "--json", "--isolation", isolation, "--seed", seed)
            command = ("chainrule", "grade", "tiny", *options)
            level = choose(isolation)
            promised = [attack for attack in attacks if level not in attack.not_promised_by]
            known[name] = graded_once(tmp_path_factory, name, promised, command)
        return known[name]

    return by_name


@pytest.fixture
def graded(request: pytest.FixtureRequest, class_by_name: ByName) -> Graded:
    """The class that a test is parametrised with; what the level here does not promise is
    skipped.
    """
    level = choose(CLASSES[request.param][1])
    attack = request.node.callspec.params.get("attack")
    if attack is not None and level in attack.not_promised_by:
        pytest.skip(f"needs bubblewrap: {level} does not promise what {attack.name} tries")
    return class_by_name(request.param)


@pytest.fixture
def peaceful(class_by_name: ByName) -> Graded:
    """The honest neighbours alone."""
    return class_by_name("peaceful")
