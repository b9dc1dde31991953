"""``chainrule oracle``."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from ..errors import OracleError
from .saying import course_root


def run(
    course: Path | None,
    log: Path | None,
    examiners: int,
    checks_per_minute: int,
    checks_per_hour: int,
) -> None:
    """Serve until a signal."""
    try:
        import uvicorn

        from ..oracle.door import Door, PunctualProtocol
        from ..oracle.service import Hub, Settings, application
    except ModuleNotFoundError as error:
        raise OracleError(f"{error.name} is not installed: pip install 'chainrule[hub]'") from None
    url, prefix = (
        os.environ.get("JUPYTERHUB_SERVICE_URL"),
        os.environ.get("JUPYTERHUB_SERVICE_PREFIX"),
    )
    if not url or not prefix or not os.environ.get("JUPYTERHUB_API_TOKEN"):
        raise OracleError(
            "the oracle is started by a JupyterHub, as a service with a url: the Hub says who "
            "asks (JUPYTERHUB_SERVICE_URL, JUPYTERHUB_SERVICE_PREFIX and JUPYTERHUB_API_TOKEN are "
            "not all set)"
        )
    settings = Settings(course_root(course), prefix, log)
    settings = replace(
        settings,
        examiners=examiners,
        checks_per_minute=checks_per_minute,
        checks_per_hour=checks_per_hour,
    )
    where = urlsplit(url)
    uvicorn.run(
        application(settings, Hub()),
        host=where.hostname or "127.0.0.1",
        port=where.port or 80,
        access_log=False,
        log_level="warning",
        limit_concurrency=2000,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=16 << 10,
        http=cast(Any, partial(PunctualProtocol, Door())),
        ws="none",
    )
