"""The code and data that go with a plan: which files, what they hold, and how they travel.

A bundle is the journey files of a plan, its dialect, every local module that these import (followed through the source,
nothing is run), and the data files. Its digest tells whether a worker has the same; packed as a zip it can be shipped.
Paths inside it are relative to the deepest folder that holds all of them.
"""

from __future__ import annotations

import ast
import hashlib
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from loadgen.errors import JourneyError
from loadgen.plan.data import DataSource
from loadgen.plan.model import Plan
from loadgen.plan.names import dialect_parts
from loadgen.plan.read import LoadedPlan
from loadgen.plan.target import Target

MAX_BYTES: Final = 64 * 1024 * 1024
"""All files of a bundle together; larger data belongs on the workers."""

MAX_FILES: Final = 2000
"""More files than this are no journeys but somebody's home folder."""

CHUNK_BYTES: Final = 4 * 1024 * 1024
"""A file is hashed in pieces of so much: a few milliseconds each."""

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The oldest time a zip can hold: equal bundles pack to equal bytes."""


_BAD_ZIP: Final = (
    zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, RuntimeError, NotImplementedError
)  # fmt: skip
"""All that zipfile raises over bytes that are none, or none that it understands."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Files by their path inside the bundle (with ``/``, relative, normal)."""

    files: Mapping[str, bytes]

    @property
    def hashes(self) -> dict[str, str]:
        """SHA-256 (hex) of each file, sorted by path."""
        return {path: hashlib.sha256(self.files[path]).hexdigest() for path in sorted(self.files)}

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the whole bundle: see :func:`digest_of`."""
        return digest_of(self.hashes)

    def pack(self) -> bytes:
        """The bundle as a zip; equal bundles give equal bytes."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(self.files):
                archive.writestr(zipfile.ZipInfo(path, _EPOCH), self.files[path], zipfile.ZIP_DEFLATED)
        return packed.getvalue()

    @classmethod
    def unpack(cls, packed: bytes) -> Bundle:
        """Read a packed bundle; nothing is written anywhere.

        Raises:
            JourneyError: no zip, too large, or with paths that lead out of it.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(packed)) as archive:
                entries = archive.infolist()
                if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_BYTES:
                    raise JourneyError("the shipped journey code is too large")
                return cls({_safe(entry.filename): archive.read(entry) for entry in entries})
        except _BAD_ZIP as error:
            raise JourneyError(f"the shipped journey code cannot be unpacked: {error}") from error

    def write_to(self, folder: Path) -> None:
        """Write all files below a folder.

        Raises:
            JourneyError: they cannot be written.
        """
        try:
            for path, content in self.files.items():
                file = folder / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
        except OSError as error:
            raise JourneyError(f"the journey code cannot be written to {folder}: {error.strerror}") from error

    @classmethod
    def read_from(cls, folder: Path, paths: Mapping[str, str]) -> Bundle:
        """The files of these paths as a folder has them; those that are missing are left out.

        Raises:
            JourneyError: one cannot be read, or a path leads out of the folder.
        """
        found = {}
        for path in paths:
            file = folder / _safe(path)
            try:
                if file.is_file():
                    found[path] = file.read_bytes()
            except OSError as error:
                raise JourneyError(f"cannot read {file}: {error.strerror}") from error
        return cls(found)


def digest_of(hashes: Mapping[str, str]) -> str:
    """SHA-256 (hex) over the sorted lines ``<hash>  <path>``, as ``sha256sum`` writes them."""
    lines = "".join(f"{hashes[path]}  {path}\n" for path in sorted(hashes))
    return hashlib.sha256(lines.encode()).hexdigest()


def digest_of_file(path: Path, breathe: Callable[[], None] = lambda: None) -> str:
    """SHA-256 (hex) of a file, read piece by piece.

    Raises:
        JourneyError: it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(CHUNK_BYTES):
                digest.update(piece)
                breathe()
    except OSError as error:
        raise JourneyError(f"cannot read {path}: {error.strerror or error}") from error
    return digest.hexdigest()


def collect(loaded: LoadedPlan) -> tuple[Plan, Bundle]:
    """Gather what goes with a plan.

    Returns:
        The plan with its files named by their path inside the bundle, and the bundle.

    Raises:
        JourneyError: a file cannot be read, or it is too much.
    """
    journeys = [journey.path for journey in loaded.journeys]
    dialect = loaded.dialect_file
    code = [*journeys, dialect] if dialect else journeys
    sources = {file for path in code for file in _with_imports(path)}
    at_hand = loaded.data_files
    installed = {source.name for source in loaded.plan.data if source.installed}
    data = {name: path for name, path in at_hand.items() if name not in installed}
    root = Path(os.path.commonpath([path.parent for path in [*sources, *data.values()]]))
    everything = sorted(sources | set(data.values()))
    if len(everything) > MAX_FILES:
        raise JourneyError(f"the plan's journeys import more than {MAX_FILES} local files")
    files = {path.relative_to(root).as_posix(): _content(path) for path in everything}
    if sum(len(content) for content in files.values()) > MAX_BYTES:
        raise JourneyError(
            "the plan's journeys and data are larger than 64 MiB",
            hint="install large data files on the workers (loadgen worker --data DIR) and say installed: true",
        )
    inside = {path: path.relative_to(root).as_posix() for path in [*code, *data.values()]}
    plan = loaded.plan.model_copy(
        update={
            "target": _aimed(loaded.plan.target, inside[dialect]) if dialect else loaded.plan.target,
            "journeys": tuple(
                ref.model_copy(update={"file": inside[path]})
                for ref, path in zip(loaded.plan.journeys, journeys, strict=True)
            ),
            "data": tuple(
                _known(source, at_hand[source.name], inside.get(at_hand[source.name]))
                if source.name in at_hand
                else source
                for source in loaded.plan.data
            ),
        }
    )
    return plan, Bundle(files)


def _aimed(target: Target, dialect: str) -> Target:
    """A target whose dialect is named by its path inside the bundle."""
    _, name = dialect_parts(target.dialect or "")
    return target.model_copy(update={"dialect": f"{dialect}:{name}" if name else dialect})


def _known(source: DataSource, path: Path, inside: str | None) -> DataSource:
    """A source with its digest, and its path inside the bundle if it is there."""
    digest = digest_of_file(path)
    if source.sha256 not in ("", digest):
        raise JourneyError(
            f"{path} has digest {digest[:12]}, the plan says {source.sha256[:12]}", hint="is it the right file?"
        )
    return source.model_copy(update={"file": inside or source.file, "sha256": digest})


def _with_imports(path: Path) -> set[Path]:
    """A journey file and the local modules that it imports, followed to the end."""
    root = path.parent
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        file = waiting.pop()
        if file in found or len(found) > MAX_FILES:
            continue
        found.add(file)
        for module, level in _imports(file):
            base = file.parent if level else root
            for _ in range(level - 1):
                base = base.parent
            waiting += _module_files(base, module)
    return found


def _imports(file: Path) -> Iterator[tuple[list[str], int]]:
    try:
        tree = ast.parse(_content(file), filename=str(file))
    except (SyntaxError, ValueError):
        return  # the import itself will say what is wrong, with its line
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name.split("."), 0
        elif isinstance(node, ast.ImportFrom):
            parts = node.module.split(".") if node.module else []
            yield parts, node.level
            for name in node.names:
                yield [*parts, name.name], node.level


def _module_files(base: Path, parts: list[str]) -> list[Path]:
    """The files that importing a dotted name runs, as far as they lie below ``base``."""
    files = []
    folder = base
    for part in parts:
        package, module = folder / part / "__init__.py", folder / f"{part}.py"
        if package.is_file():
            files.append(package.resolve())
        elif module.is_file():
            files.append(module.resolve())
            break
        folder /= part
    return files


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise JourneyError(f"cannot read {path}: {error.strerror}") from error


def _safe(path: str) -> str:
    pure = PurePosixPath(path)
    leads_out = pure.is_absolute() or ".." in pure.parts or "\\" in path
    if leads_out or not pure.parts or str(pure) != path or not path.isprintable():
        raise JourneyError(f"the journey code names a file outside of itself: {path!r}")
    return path
