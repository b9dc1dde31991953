"""Outside the wall: the grader's own process. What comes from inside is read as if an enemy wrote
it.
"""
