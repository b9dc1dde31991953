"""nbgrader's exchange where what students put into it is read without trust.

CollectWithCare     c.ExchangeFactory.collect = "autograder.gradebook.exchange.CollectWithCare"

And where all students are one user of the machine, as in the pods of a cluster:

CollectFromRooms    c.ExchangeFactory.collect = "autograder.gradebook.exchange.CollectFromRooms"

And the release of feedback, which no student's missing file stops:

ReleaseFeedback     c.ExchangeFactory.release_feedback = "autograder.gradebook.exchange.ReleaseFeedback"
"""

from .careful import CollectWithCare
from .feedback import ReleaseFeedback
from .rooms import CollectFromRooms

__all__ = ["CollectFromRooms", "CollectWithCare", "ReleaseFeedback"]
