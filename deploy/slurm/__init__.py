"""Workers for ``chainrule grade --scheduler`` on a Slurm cluster, through dask-jobqueue."""
