"""What travels with a release: expected answers, locked hints, and what a student's machine makes
of them.
"""
