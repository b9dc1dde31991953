"""nbgrader's exchange where what students put into it is read without trust.

CollectWithCare     c.ExchangeFactory.collect = "autograder.gradebook.exchange.CollectWithCare"

And where all students are one user of the machine, as in the pods of a cluster:

CollectFromRooms    c.ExchangeFactory.collect = "autograder.gradebook.exchange.CollectFromRooms"

And the release of feedback, which no student's missing file stops:

ReleaseFeedback     c.ExchangeFactory.release_feedback = "autograder.gradebook.exchange.ReleaseFeedback"

And, for students, the Assignment List with due dates:

ListWithDueDates    c.ExchangeFactory.list = "autograder.gradebook.exchange.ListWithDueDates"
"""

from .careful import CollectWithCare
from .feedback import ReleaseFeedback
from .listing import ListWithDueDates
from .rooms import CollectFromRooms

__all__ = ["CollectFromRooms", "CollectWithCare", "ListWithDueDates", "ReleaseFeedback"]
