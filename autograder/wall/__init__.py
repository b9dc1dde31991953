"""The wall between student code and the grader, by trust.

``wire/`` is what both halves know: frames, values, limits. ``inside/`` runs beside a student's
code, ``outside/`` in the grader's own process. The halves never import each other: they talk
through the wire."""
