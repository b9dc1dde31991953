"""The hub's configuration that depends on who somebody is; z2jh runs it last
(hub.extraConfig.people).
"""

import os
from typing import Any

c: Any = globals()["c"]  # the hub's configuration; get_config is z2jh's own function here

INSTRUCTORS = "formgrade-chainrule"
INSTRUCTOR_IMAGE = os.environ.get(
    "CHAINRULE_INSTRUCTOR_IMAGE", "example.org/chainrule/instructor:0.1.0"
)

# What the token in a kernel may do. Without the oracle here its owner's role would not help.
c.KubeSpawner.server_token_scopes = [
    "users:activity!user",
    "access:servers!server",
    "read:users:name!user",
    "read:users:groups!user",
    "access:services!service=oracle",
]
# A pod that asks the Kubernetes API has nothing to ask with.
c.KubeSpawner.automount_service_account_token = False
c.KubeSpawner.allow_privilege_escalation = False
c.KubeSpawner.container_security_context = {"runAsNonRoot": True, "capabilities": {"drop": ["ALL"]}}

for_students = list(c.KubeSpawner.profile_list)
for_instructors = [
    *for_students,
    {
        "display_name": "Instructor",
        "description": "the course with its solutions, to write and build assignments",
        "slug": "instructor",
        "kubespawner_override": {"image": INSTRUCTOR_IMAGE, "mem_limit": "8G"},
    },
]


def profiles(spawner):
    """The servers that somebody may start. A profile that is not listed cannot be asked for
    either.
    """
    groups = {group.name for group in spawner.user.groups}
    return for_instructors if INSTRUCTORS in groups else for_students


c.KubeSpawner.profile_list = profiles
