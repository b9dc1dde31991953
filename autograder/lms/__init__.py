"""Grades passed on to a learning management system, by its own documented web interface.

    web         requests that wait where they are told to, and never show the token
    canvas      Canvas's REST interface
    moodle      Moodle's web services
    people      who is who there
    differences what there is to send, and what is left alone
    sent        what was sent before, remembered
    pushing     all of it in order

Nothing here grades; nothing is sent unless ``push`` is told to.
"""
