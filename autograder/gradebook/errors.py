"""What can keep a class from being graded."""


class ClassError(Exception):
    """A class that cannot be graded as things stand: one sentence with what to do."""


class UnknownAssignment(ClassError):
    """The gradebook has never heard of the assignment: a build registers it."""
