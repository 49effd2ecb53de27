"""Write requirements.lock: the exact installed versions of everything that the project and its tests need.

`pip freeze` would pin one platform; here each package that only some platforms need carries a marker.
"""

import importlib.metadata
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PLATFORMS = {  # sys_platform: (platform_system, os_name, platform_machine)
    "linux": ("Linux", "posix", "x86_64"),
    "darwin": ("Darwin", "posix", "arm64"),
    "win32": ("Windows", "nt", "AMD64"),
}
PYTHONS = ("3.11", "3.12", "3.13")
# Packages that no Linux machine installs, so that their versions can't be read there.
ELSEWHERE = {"appnope": "0.1.4", "colorama": "0.4.6", "pywinpty": "3.1.2"}


def requirements_of(name):
    """The requirement strings of an installed distribution; none for a package of another platform."""
    return [] if name in ELSEWHERE else importlib.metadata.requires(name) or []


def needed(roots, platform):
    """The canonical names of all packages reachable from `roots` on `platform`, for any supported Python."""
    system, os_name, machine = PLATFORMS[platform]
    seen, waiting = set(), [Requirement(r) for r in roots]
    while waiting:
        requirement = waiting.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        environments = [
            dict(
                sys_platform=platform,
                platform_system=system,
                os_name=os_name,
                platform_machine=machine,
                python_version=python,
                python_full_version=f"{python}.9",
                extra=extra,
            )
            for python in PYTHONS
            for extra in ("", *requirement.extras)
        ]
        for child in map(Requirement, requirements_of(key[0])):
            if child.marker is None or any(child.marker.evaluate(e) for e in environments):
                waiting.append(child)
    return {name for name, _ in seen}


def marker(platforms):
    """The environment marker of a package that only `platforms` need; '' if all do."""
    if len(platforms) == len(PLATFORMS):
        return ""
    if len(platforms) == 1:
        return f"; sys_platform == '{platforms[0]}'"
    (absent,) = set(PLATFORMS) - set(platforms)
    return f"; sys_platform != '{absent}'"


def lock_text():
    """The text of requirements.lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    roots = project["dependencies"] + project["optional-dependencies"]["dev"]
    by_platform = {platform: needed(roots, platform) for platform in PLATFORMS}
    lines = ["# The exact versions that the tests ran with. Written by `make lock`; do not edit."]
    for name in sorted(set().union(*by_platform.values())):
        version = ELSEWHERE.get(name) or importlib.metadata.version(name)
        public = version.split("+")[0]  # torch 2.13.0+cpu is torch 2.13.0
        lines.append(f"{name}=={public}" + marker([p for p in PLATFORMS if name in by_platform[p]]))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (ROOT / "requirements.lock").write_text(lock_text(), encoding="utf-8")
    print("requirements.lock written")
