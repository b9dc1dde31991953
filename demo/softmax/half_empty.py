"""Stopped half-way; the rest is as released."""
# others: half
