"""nbgrader's exchange where all students are one user of the machine, as in the pods of a cluster.

CollectFromRooms    c.ExchangeFactory.collect = "autograder.gradebook.exchange.CollectFromRooms"
"""

from .rooms import CollectFromRooms

__all__ = ["CollectFromRooms"]
