"""Code that students wrote for whatever notebook they had: found by name, put into the released
one, and judged.
"""
