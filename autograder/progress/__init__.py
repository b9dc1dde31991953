"""Whole notebooks judged where they lie, without the reference, for whoever learns from them: what
is mastered, what is open, what waits.
"""
