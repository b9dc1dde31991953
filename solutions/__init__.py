"""The hidden references, one module per assignment with one answer to each exercise. Never on a student's disk."""
