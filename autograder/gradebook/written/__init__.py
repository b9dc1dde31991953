"""Written answers, one question at a time: all students' answers to it on one page beside
Formgrader, with its rubric.

    answers     what the gradebook and autograded/ hold for one question
    saving      a grade that is saved only over the one it was made from
    page        the page, its script and its looks
    handlers    what the server answers, and the line of nbgrader_config.py that makes it do so
"""
