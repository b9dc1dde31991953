"""JupyterHub's configuration of this course on one machine. Everything that differs from hub to hub
is in the settings.
"""

import os
import sys
from pathlib import Path

from deploy.hub import sandbox
from deploy.hub.greeting import Greeting
from deploy.hub.logins import Logins
from deploy.hub.lti import sign_in_by_lti
from deploy.hub.settings import (
    COURSE,
    COURSE_NAME,
    ENVIRONMENT,
    GRADER,
    NAMES,
    ORACLE,
    RECEIVER,
    load,
)

c = get_config()  # noqa: F821  # pyright: ignore[reportUndefinedVariable]
hub = load(Path(os.environ[ENVIRONMENT]))
programs = Path(sys.executable).parent
os.umask(0o022)

# --- addresses: this machine only -----------------------------------------------------------------
c.JupyterHub.bind_url = hub.address
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{hub.hub_port}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{hub.proxy_port}"
c.ConfigurableHTTPProxy.command = [sys.executable, "-m", "deploy.hub.proxy"]
c.ConfigurableHTTPProxy.pid_file = str(hub.state / "proxy.pid")
c.JupyterHub.db_url = f"sqlite:///{hub.state / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(hub.state / "cookie_secret")

# --- people and groups ----------------------------------------------------------------------------
if not sign_in_by_lti(c, hub.state):
    c.JupyterHub.authenticator_class = Logins
    c.Logins.passwords = dict(hub.passwords())
c.Authenticator.allowed_users = {*hub.people, GRADER}
# nbgrader's JupyterHubAuthPlugin goes by these names of groups
c.JupyterHub.load_groups = {
    f"nbgrader-{COURSE}": {"users": [*hub.students, *hub.instructors]},
    f"formgrade-{COURSE}": {"users": [*hub.instructors, GRADER]},
}

# --- the hub's own pages --------------------------------------------------------------------------
c.JupyterHub.redirect_to_server = False  # people come to the page that says what to do next
c.JupyterHub.template_paths = [str(Path(__file__).parent / "templates")]
c.JupyterHub.template_vars = {
    "course_name": COURSE_NAME,
    "names": NAMES,
    "greeting": Greeting(hub),
    "formgrader": f"/services/{COURSE}/formgrader",
}

# --- who may do what ------------------------------------------------------------------------------
c.JupyterHub.load_roles = [
    {
        "name": f"nbgrader-{COURSE}",
        "description": "everybody in the course may ask the oracle",
        "groups": [f"nbgrader-{COURSE}"],
        "scopes": [f"access:services!service={ORACLE}"],
    },
    {
        "name": f"formgrade-{COURSE}",
        "description": "instructors may open Formgrader",
        "groups": [f"formgrade-{COURSE}"],
        "scopes": [
            f"access:services!service={COURSE}",
            "list:services",
            f"read:services!service={COURSE}",
        ],
    },
    {
        "name": "formgrader-service",
        "description": "Formgrader keeps the students' group in step with its gradebook",
        "services": [COURSE],
        "scopes": [
            "list:groups",
            f"groups!group=nbgrader-{COURSE}",
            f"read:users:name!user={GRADER}",
            f"read:users:groups!user={GRADER}",
        ],
    },
]
# What the token in a student's kernel may do. Without the oracle here its owner's role would not
# help.
c.Spawner.server_token_scopes = [
    "users:activity!user",
    "access:servers!server",
    "read:users:name!user",
    "read:users:groups!user",
    f"access:services!service={ORACLE}",
]

# --- people's servers -----------------------------------------------------------------------------
c.JupyterHub.spawner_class = "simple"
c.Spawner.ip = "127.0.0.1"
c.Spawner.default_url = "/lab"
c.Spawner.http_timeout = 120
c.Spawner.start_timeout = 120
c.SimpleLocalProcessSpawner.home_dir_template = str(hub.root / "homes" / "{username}")


def configured(role):
    """Jupyter's configuration for a role. This path outranks a person's own configuration."""
    return os.pathsep.join(str(sandbox.CONFIGURATION / one) for one in (role, "common"))


def walled(spawner):
    """Put a person's server into their own room."""
    name = spawner.user.name
    sandbox.prepare(hub, name)
    spawner.cmd = [*sandbox.command(hub, name), str(programs / "jupyterhub-singleuser")]
    spawner.environment = {
        "JUPYTER_CONFIG_PATH": configured("person"),
        "CHAINRULE_EXCHANGE": str(hub.exchange),
        "CHAINRULE_ORACLE_URL": f"http://127.0.0.1:{hub.oracle_port}/services/{ORACLE}/",
        "OMP_NUM_THREADS": "1",
    }


c.Spawner.pre_spawn_hook = walled

# --- services -------------------------------------------------------------------------------------
PATIENCE = 180
"""Seconds a service may take until it answers, or the hub gives up: a busy machine is slow, and
what has failed ends by itself.
"""
formgrader = {
    "name": COURSE,
    "url": f"http://127.0.0.1:{hub.formgrader_port}",
    "timeout": PATIENCE,
    "command": [
        *sandbox.with_names(hub),
        str(programs / "jupyterhub-singleuser"),
        *(["--allow-root"] if os.geteuid() == 0 else []),
    ],
    "cwd": str(hub.course),
    "environment": {
        "JUPYTERHUB_USER": GRADER,  # nbgrader's plugin asks for it
        "JUPYTERHUB_DEFAULT_URL": "/formgrader",
        "JUPYTER_CONFIG_PATH": configured("grader"),
        "CHAINRULE_EXCHANGE": str(hub.exchange),
        "CHAINRULE_OWNERS": "known" if os.geteuid() == 0 else "",
        "HOME": str(hub.home(GRADER)),
        "PATH": os.environ["PATH"],
    },
    "oauth_no_confirm": True,
}
oracle = {
    "name": ORACLE,
    "url": f"http://127.0.0.1:{hub.oracle_port}",
    "timeout": PATIENCE,
    "command": [
        str(programs / "chainrule"),
        "oracle",
        "--course",
        str(hub.course),
        "--log",
        str(hub.state / "oracle"),
    ],
    "cwd": str(hub.course),
    "environment": {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"},
    "display": False,
}
# It asks nobody and answers nobody: it reads the exchange, and writes into the course's build/.
receiver = {
    "name": RECEIVER,
    "command": [
        *sandbox.with_names(hub),
        str(programs / "chainrule"),
        "receive",
        "--watch",
        "--course",
        str(hub.course),
    ],
    "cwd": str(hub.course),
    "environment": {
        "JUPYTER_CONFIG_PATH": configured("grader"),
        "CHAINRULE_EXCHANGE": str(hub.exchange),
        "CHAINRULE_OWNERS": "known" if os.geteuid() == 0 else "",
        "HOME": str(hub.home(GRADER)),
        "PATH": os.environ["PATH"],
        "OMP_NUM_THREADS": "1",
    },
    "display": False,
}
c.JupyterHub.services = [formgrader, oracle, receiver]
