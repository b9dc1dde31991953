"""Formgrader as the chart starts it, beside a real Hub that did not start it: instructors come in,
students do not.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from courses.course import TinyCourse
from playwright.sync_api import Browser

from deploy.hub.settings import free_ports

from .helm import ROOT, kinds, rendered, z2jh

BIN = Path(sys.executable).parent
TOKEN = "t" * 40
pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


def answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@pytest.fixture
def hub(tiny_course: TinyCourse, tmp_path: Path) -> Iterator[str]:
    """The Hub with the roles of our values, and Formgrader with the environment of our chart; only
    addresses differ.
    """
    public, api, proxy, service = free_ports(4)
    values = z2jh()["hub"]
    roles = [{"name": name, **role} for name, role in values["loadRoles"].items()]
    roles = [role for role in roles if "oracle" not in str(role)]
    (tmp_path / "jupyterhub_config.py").write_text(
        f"c.JupyterHub.bind_url = 'http://127.0.0.1:{public}'\n"
        f"c.JupyterHub.hub_bind_url = 'http://127.0.0.1:{api}'\n"
        f"c.ConfigurableHTTPProxy.api_url = 'http://127.0.0.1:{proxy}'\n"
        f"c.ConfigurableHTTPProxy.command = [{str(BIN / 'configurable-http-proxy')!r}]\n"
        "c.JupyterHub.authenticator_class = 'dummy'\n"
        "c.Authenticator.allowed_users = {'iris', 'ada', 'grader'}\n"
        "c.JupyterHub.load_groups = {'formgrade-chainrule': {'users': ['iris', 'grader']},"
        " 'nbgrader-chainrule': {'users': ['iris', 'ada']}}\n"
        f"c.JupyterHub.load_roles = {roles!r}\n"
        "c.JupyterHub.services = [{'name': 'chainrule', 'oauth_no_confirm': True,"
        f" 'url': 'http://127.0.0.1:{service}', 'api_token': {TOKEN!r}}}]\n"
    )
    container = kinds(rendered())["Deployment", "formgrader"]["spec"]["template"]["spec"][
        "containers"
    ][0]
    environment = {one["name"]: one.get("value", TOKEN) for one in container["env"]} | {
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{service}",
        "JUPYTERHUB_API_URL": f"http://127.0.0.1:{api}/hub/api",
        "JUPYTER_CONFIG_PATH": f"{ROOT}/deploy/hub/jupyter/grader:{ROOT}/deploy/hub/jupyter/common",
        "CHAINRULE_EXCHANGE": str(tmp_path / "exchange"),
        "HOME": str(tmp_path),
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }
    root = ["--allow-root"] if os.geteuid() == 0 else []
    with (tmp_path / "log").open("w") as log:
        running = [
            subprocess.Popen(
                [str(BIN / "jupyterhub")],
                cwd=tmp_path,
                env=os.environ | {"PATH": environment["PATH"]},
                stdout=log,
                stderr=log,
            ),
            subprocess.Popen(
                [str(BIN / container["command"][0]), *root],
                cwd=tiny_course.root,
                env=environment,
                stdout=log,
                stderr=log,
            ),
        ]
        try:
            addresses = (
                f"http://127.0.0.1:{public}/hub/login",
                f"http://127.0.0.1:{service}/services/chainrule/api",
            )
            until = time.monotonic() + 150
            while not all(map(answers, addresses)):
                assert time.monotonic() < until, (tmp_path / "log").read_text()[-3000:]
                time.sleep(0.5)
            yield f"http://127.0.0.1:{public}"
        finally:
            for one in running:
                one.terminate()
            for one in running:
                one.wait(60)


def test_instructors_come_in_and_students_do_not(browser: Browser, hub: str):
    said: dict[str, str] = {}
    for name in ("iris", "ada"):
        page = browser.new_context().new_page()
        page.goto(f"{hub}/services/chainrule/formgrader")
        page.fill("#username_input", name)
        page.fill("#password_input", "x")
        page.click("#login_submit")
        listed = page.locator("td.name a", has_text="tiny")
        listed.or_(page.get_by_text("403")).first.wait_for(timeout=60_000)
        said[name] = page.locator("body").inner_text()
    assert "Manage Assignments" in said["iris"]
    assert "tiny" in said["iris"]
    assert "You do not have permission" in said["ada"]
