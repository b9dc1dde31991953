"""Right answers once more, as another student would write them: `chainrule audit` proves that they pass."""
