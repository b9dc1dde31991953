"""What both modules of exercises use: it lies beside them, and travels with them."""

SECONDS = 3
