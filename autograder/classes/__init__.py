"""A class at a time: pools of workers and what they are handed. Knows no gradebook."""
