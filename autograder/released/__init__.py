"""What travels with a release, so that a student's own machine can judge like grading.

``expected``: what the reference gives in situations drawn with fixed seeds. ``locked``: the hint of
every known mistake, under a key made from what that very mistake gives there. ``work_out`` makes
both where the reference is, ``sheet`` is their file, ``here`` judges with them.
"""
