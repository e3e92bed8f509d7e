"""Import journey files, as their authors wrote them, and say plainly what is wrong with them.

A file is imported with its own directory at the front of ``sys.path``, so it finds its neighbours, as with Locust.
Afterwards the directory moves to the end of the path: a late ``import`` of a neighbour still works, but a neighbour
called ``json.py`` shadows nothing of ours.
"""

from __future__ import annotations

import difflib
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from locust.shape import LoadTestShape
from locust.user.users import User
from locust.util.load_locustfile import is_shape_class, is_user_class

from loadgen.errors import JourneyError
from loadgen.journey.dialect import Dialect
from loadgen.journey.mistakes import broken_import
from loadgen.plan.inspection import missing_dialect
from loadgen.plan.names import dialect_parts
from loadgen.plan.read import LoadedPlan


@dataclass(frozen=True, slots=True)
class JourneyFile:
    """What a journey file offers.

    Attributes:
        file: its name as the plan gives it.
        users: its user classes that are not abstract, imported ones included, by name, in the file's order.
        shapes: its ``LoadTestShape`` classes.
        dialects: the dialects that it defines itself, by name.
    """

    file: str
    users: dict[str, type[User]] = field(default_factory=dict)
    shapes: list[type[LoadTestShape]] = field(default_factory=list)
    dialects: dict[str, type[Dialect]] = field(default_factory=dict)


def load_users(root: Path, files: Sequence[str]) -> dict[str, JourneyFile]:
    """Import journey files.

    Args:
        root: the directory that the files' names are relative to; nothing outside of it is imported.
        files: their names, as the plan gives them.

    Returns:
        What each offers, by its name.

    Raises:
        JourneyError: a file does not exist, lies outside of the root, or does not import.
    """
    top = root.resolve()
    return {file: _load(top, file) for file in dict.fromkeys(files)}


def find_user(journey: JourneyFile, name: str | None) -> type[User]:
    """One user class of a journey file.

    Args:
        journey: the file.
        name: the class's name; None takes the only one there is.

    Raises:
        JourneyError: there is no such class, or None was given and there is more than one, or none.
    """
    known = list(journey.users)
    if not known:
        raise JourneyError(
            f"{journey.file} defines no user class", hint="a journey is a class that inherits from Shopper or HttpUser"
        )
    if name is None:
        if len(known) > 1:
            raise JourneyError(f"{journey.file} defines several users", hint=f"name one of {', '.join(known)}")
        return journey.users[known[0]]
    if name in journey.users:
        return journey.users[name]
    near = difflib.get_close_matches(name, known, 1, 0.5)
    hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(known)}"
    raise JourneyError(f"{journey.file} has no user {name}", hint=hint)


def load_dialect(root: Path, named: str) -> type[Dialect]:
    """Import a dialect.

    Args:
        root: the directory that its file's name is relative to; nothing outside of it is imported.
        named: ``file.py``, for the only dialect that the file defines, or ``file.py:ClassName``.

    Raises:
        JourneyError: the file does not exist, lies outside of the root, does not import, or has no such dialect.
    """
    file, name = dialect_parts(named)
    known = load_users(root, [file])[file].dialects
    message, hint = missing_dialect(Path(file).name, name, list(known))
    if message:
        raise JourneyError(message, hint=hint)
    return known[name or next(iter(known))]


def dialect_of(loaded: LoadedPlan) -> type[Dialect] | None:
    """The dialect that a plan names, from where its file lies on this machine; None where it names none.

    Raises:
        JourneyError: as :func:`load_dialect`.
    """
    path = loaded.dialect_file
    if path is None:
        return None
    name = dialect_parts(loaded.plan.target.dialect or "")[1]
    return load_dialect(path.parent, f"{path.name}:{name}" if name else path.name)


def _load(root: Path, file: str) -> JourneyFile:
    path = (root / file).resolve()
    if not path.is_relative_to(root):
        raise JourneyError(f"{file} lies outside of the journeys' directory {root}")
    if not path.is_file():
        raise JourneyError(f"journey file {file} does not exist", hint=f"looked in {root}")
    module = vars(_import(root, path, file))
    return JourneyFile(
        file,
        {name: item for name, item in module.items() if is_user_class(item)},
        [item for item in module.values() if is_shape_class(item)],
        {name: item for name, item in module.items() if _is_dialect(item, module["__name__"])},
    )


def _is_dialect(item: object, module: str) -> bool:
    return isinstance(item, type) and issubclass(item, Dialect) and item.__module__ == module


def _import(root: Path, path: Path, file: str) -> ModuleType:
    name = _module_name(path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise JourneyError(f"{file} is not a Python file", hint="journey files end in .py")
    module = importlib.util.module_from_spec(spec)
    _forget_neighbours(path.parent)
    before = set(sys.modules)
    sys.path.insert(0, str(path.parent))
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise broken_import(error, root, file) from error
    finally:
        sys.path.remove(str(path.parent))
        if str(path.parent) not in sys.path:
            sys.path.append(str(path.parent))
        _neighbours.update({new: path.parent for new in set(sys.modules) - before if _lives_in(new, path.parent)})
    return module


_neighbours: dict[str, Path] = {}
"""Modules that journey files imported from beside themselves, with that directory."""


def _module_name(path: Path) -> str:
    """The file's own name, so that its neighbours can import it, unless something else has that name."""
    known = path.stem in sys.modules and path.stem not in _neighbours
    return f"journey_{path.stem}" if known or path.stem in sys.stdlib_module_names else path.stem


def _forget_neighbours(directory: Path) -> None:
    """Two directories may each have a ``shop.py``: a file must find its own."""
    for name, home in list(_neighbours.items()):
        if home != directory:
            sys.modules.pop(name, None)
            del _neighbours[name]


def _lives_in(module: str, directory: Path) -> bool:
    origin = getattr(sys.modules[module], "__file__", None)
    if not origin or not Path(origin).is_relative_to(directory):
        return False
    return "site-packages" not in Path(origin).relative_to(directory).parts
