"""nbgrader's configuration for everybody on the hub: where the exchange is, and who may use it."""

import os

from nbgrader.auth import JupyterHubAuthPlugin

c = get_config()  # noqa: F821  # pyright: ignore[reportUndefinedVariable]
c.Exchange.root = os.environ.get("CHAINRULE_EXCHANGE", "/srv/nbgrader/exchange")
c.Exchange.path_includes_course = True
c.Authenticator.plugin_class = JupyterHubAuthPlugin
# Where people share one user of the machine, the owner of a submission's folder says nothing.
c.ExchangeCollect.check_owner = os.environ.get("CHAINRULE_OWNERS") == "known"
