"""Inside the wall: everything here runs beside a student's code, and nothing else does."""
