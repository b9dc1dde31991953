"""The course on one machine: JupyterHub, its proxy, nbgrader's services and the oracle. ``python -m
deploy.hub``.
"""
