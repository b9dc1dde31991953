"""What all our handlers beside Formgrader's have in common."""

from __future__ import annotations

from nbgrader.server_extensions.formgrader.base import BaseHandler


class BesideHandler(BaseHandler):
    """A handler of our own: pages that may be framed by nobody else and load nothing but what the
    handler's ``policy`` allows.
    """

    policy = "style-src 'unsafe-inline'"

    @property
    def base_url(self) -> str:
        """As Jupyter has it, "/" at its end: the cookie of a first visit holds for all below."""
        return super(BaseHandler, self).base_url

    def set_default_headers(self) -> None:
        """A page's own style and pictures, and nothing else."""
        super().set_default_headers()
        self.set_header(
            "Content-Security-Policy",
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
            + self.policy,
        )
