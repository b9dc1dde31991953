"""What the exercises of several assignments ask: the only part of coursekit that knows the grader."""
