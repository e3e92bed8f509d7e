"""Compiles the hot paths while a wheel is built, by mypyc: what sends, receives and counts, and what reads frames.

The same modules run interpreted where no C compiler is at hand, where an editable installation was asked for, and on
any Python that the wheel was not built for: their sources are in each wheel beside what was compiled. What that is
worth is in docs/benchmarks.md. ``LOADGEN_COMPILE`` says otherwise:

=========  ============================================================
``auto``   compile if there is a compiler (the default)
``never``  leave all interpreted: a wheel for any machine
``must``   fail where it cannot be compiled
=========  ============================================================
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COMPILED = [
    "journal/layout",
    "journal/writing",
    "journey/recorder",
    "journey/slowest",
    "journey/session",
    "journey/steps",
    "journey/http/answers",
    "journey/http/client",
    "journey/http/composing",
    "journey/http/connections",
    "journey/http/cookies",
    "journey/http/exchange",
    "journey/http/heads",
    "journey/http/patient",
    "journey/http/places",
    "journey/http/reporting",
    "journey/http/response",
    "journey/http/visiting",
    "journey/http/waiting",
    "journey/http/wires",
    "journey/http/http2/sharing",
    "messages/packing",
    "messages/plain",
    "messages/samples",
    "stats/adding",
]
"""Modules of ``loadgen``. A class in one of them inherits from classes in them alone, and is changed by nobody at run
time; a test keeps to that."""

BUILD = """
from setuptools import setup
from mypyc.build import mypycify
setup(
    name="loadgen-compiled", packages=[], script_args=["build_ext", "--build-lib", {lib!r}, "--build-temp", {temp!r}],
    ext_modules=mypycify([{config!r}, *{files!r}], target_dir={temp!r}, group_name="loadgen", opt_level="2"),
)
"""

CONFIG = """
[mypy]
ignore_missing_imports = true
follow_imports = silent
"""


class CompileHotPath(BuildHookInterface[Any]):
    """Called by hatchling for each wheel."""

    def dependencies(self) -> list[str]:
        """What compiling takes; nothing where it will not be done.

        That is all that loadgen is made of, too: without the types of numpy nothing compiles, and without those of
        others it compiles to something else than what was tested.
        """
        return ["mypy>=1.15", "setuptools>=77", *self.metadata.core.dependencies] if _is_wanted() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Have the wheel take the library of journeys, for ``loadgen init``, and compile, and have it take that too."""
        if version == "editable":
            return
        build_data["force_include"][str(Path(self.root, "journeys"))] = "loadgen/library"
        if not _is_wanted():
            return
        folder = Path(tempfile.mkdtemp(prefix="loadgen-"))
        try:
            libraries = _compile(Path(self.root), folder)
        except subprocess.CalledProcessError as error:
            shutil.rmtree(folder, ignore_errors=True)
            if _wish() == "must":
                raise SystemExit(f"the hot path does not compile:\n{error.output}") from error
            self.app.display_warning("the hot path does not compile; loadgen will run interpreted")
            return
        self._folder = folder
        build_data["force_include"].update(libraries)
        build_data["pure_python"], build_data["infer_tag"] = False, True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """The wheel is written."""
        del version, build_data, artifact_path
        if folder := getattr(self, "_folder", None):
            shutil.rmtree(folder)


def _wish() -> str:
    wish = os.environ.get("LOADGEN_COMPILE", "auto")
    if wish not in {"auto", "never", "must"}:
        raise SystemExit(f"LOADGEN_COMPILE is {wish!r}; it may be auto, never or must")
    return wish


def _is_wanted() -> bool:
    compiler = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    headers = Path(sysconfig.get_path("include"), "Python.h").exists()
    return _wish() == "must" or (_wish() == "auto" and headers and shutil.which(compiler.split()[0]) is not None)


def _compile(root: Path, folder: Path) -> dict[str, str]:
    """Where each library lies, and where in the wheel it belongs."""
    lib, temp = folder / "lib", folder / "temp"
    config = folder / "mypy.ini"
    config.write_text(CONFIG)
    files = [f"loadgen/{module}.py" for module in COMPILED]
    program = BUILD.format(lib=str(lib), temp=str(temp), config=f"--config-file={config}", files=files)
    source = folder / "setup.py"
    source.write_text(program)
    subprocess.run(
        [sys.executable, str(source)], cwd=root, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return {str(path): str(path.relative_to(lib)) for path in lib.rglob("*") if path.is_file()}
