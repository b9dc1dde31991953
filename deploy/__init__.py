"""Where the course runs: on one machine, on Slurm, and on Kubernetes."""
