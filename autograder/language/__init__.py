"""What all rooms speak: dimensions, probes, verdicts. Plain data and pure functions."""
