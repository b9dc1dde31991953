"""An assignment as the grader has it: its files, its exercises, its reference, the marks in its
notebooks.
"""
