"""nbgrader's configuration of a person's server: the Assignment List says when things are due."""

c = get_config()  # noqa: F821  # pyright: ignore[reportUndefinedVariable]
c.ExchangeFactory.list = "autograder.gradebook.exchange.ListWithDueDates"
