"""Where the course runs: on one machine, and on Kubernetes."""
