"""Jupyter's configuration for everybody on the hub."""

c = get_config()  # noqa: F821  # pyright: ignore[reportUndefinedVariable]
c.KernelManager.transport = "ipc"  # a kernel on TCP could be reached by everybody on the machine
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
