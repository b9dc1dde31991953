"""Real processes and real kills: whatever ends, every submission has one grade, that of an
undisturbed run.
"""
