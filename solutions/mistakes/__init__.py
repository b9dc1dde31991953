"""Well-known wrong answers, one module per assignment, each with the hint it deserves (see
``autograder.mistakes``).
"""
