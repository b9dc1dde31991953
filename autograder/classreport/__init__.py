"""What a class understood, as one page: gathered from what grading wrote, summed up, drawn.

    gather      the gradebook, autograded/ and submitted/ -> one record
    sittings    how long somebody worked, where the notebook tells
    attention   which submissions need a person
    likeness    whose answers are alike
    summary     the record -> numbers, as plain JSON
    page        the numbers -> one self-contained HTML page
    tables      the numbers -> CSV

Nothing here runs or judges an answer, and nothing is written but the report.
"""
