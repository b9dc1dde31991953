"""What nbgrader_config.py names: the steps of nbgrader's own commands that are ours."""
