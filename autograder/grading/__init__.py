"""Judging one submitted notebook: load the assignment, rebuild what the student sent, run it behind
the wall, judge.
"""
