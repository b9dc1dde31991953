"""What the cluster adds to nbgrader_config.py: the instructor's image appends these lines to it."""

import os

# Students are all the same user of their pods; each has an inbound folder of their own.
c.ExchangeFactory.collect = "autograder.gradebook.exchange.CollectFromRooms"  # noqa: F821  # pyright: ignore[reportUndefinedVariable]
c.Exchange.root = os.environ.get("CHAINRULE_EXCHANGE", "/exchange")  # noqa: F821  # pyright: ignore[reportUndefinedVariable]
c.Exchange.path_includes_course = True  # noqa: F821  # pyright: ignore[reportUndefinedVariable]

# Containers may make no namespaces, so bubblewrap is not to be had in them; Landlock is.
c.Judge.isolation = "landlock"  # noqa: F821  # pyright: ignore[reportUndefinedVariable]

if os.environ.get("CHAINRULE_GRADEBOOK"):
    c.CourseDirectory.db_url = os.environ["CHAINRULE_GRADEBOOK"]  # noqa: F821  # pyright: ignore[reportUndefinedVariable]
