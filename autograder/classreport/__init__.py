"""What a class understood, as one page: gathered from what grading wrote, summed up, drawn.

    gather      the gradebook, autograded/ and submitted/ -> one record
    sittings    how long somebody worked, where the notebook tells
    attention   which submissions need a person
    likeness    whose answers are alike
    leaderboard whose trained models did best, of those who want to be compared
    summary     the record -> numbers, as plain JSON
    page        the numbers -> one self-contained HTML page
    tables      the numbers -> CSV

    course      all assignments of a course, and the report over them:
    overview    their numbers -> the course's
    behind      who may fall behind
    discrimination  which questions tell students apart
    earlier     the same numbers of an earlier class beside them

    beside      the line of nbgrader_config.py that lets Formgrader serve these pages
    serving     what it answers

Nothing here runs or judges an answer, and nothing is written but the report.
"""
