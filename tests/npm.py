"""Packages from npm, exactly those of a lock file, installed once and kept in this machine's cache.

Lock files name no registry (``omit-lockfile-registry-resolved`` in ``.npmrc``): whichever npm is told to ask will do.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from shops.keeping import kept
from shops.needing import lacks

HOW = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
PATIENCE = ("--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000")
"""Without a network, say so soon."""


def workshop(project: Path, folder: Path) -> Path:
    """A copy of a Node project with its packages beside it.

    Args:
        project: has ``package.json``, ``package-lock.json``, ``.npmrc`` and the program's files.
        folder: is made, and holds the copy.
    """
    npm = shutil.which("npm")
    if npm is None:
        lacks("it needs Node.js 20 or newer, with npm (apt-get install nodejs npm)")
    wanted = [project / name for name in ("package.json", "package-lock.json", ".npmrc")]

    def install(place: Path) -> None:
        for path in wanted:
            shutil.copy(path, place)
        done = subprocess.run([npm, "ci", *HOW, *PATIENCE], cwd=place, capture_output=True, text=True, check=False)
        if done.returncode:
            lacks(f"npm could not install what {project.name} needs:\n{done.stderr[-500:]}")

    packages = kept(f"npm-{project.name}", wanted, install) / "node_modules"
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns("node_modules"))
    (folder / "node_modules").symlink_to(packages)
    return folder
