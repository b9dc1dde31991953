"""Everything right."""
# others: solved
