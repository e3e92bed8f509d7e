"""``python -m loadgen.journey.locustfile ARGUMENT...``: what a locustfile and Locust's command line ask for, as JSON.

Locust's own parser reads the arguments, the environment (``LOCUST_*``) and its configuration (``~/.locust.conf``,
``locust.conf``, ``[tool.locust]`` of pyproject.toml), when the files are imported and have added their own arguments.
Who calls this must not import locust. What files print goes to standard error, so that standard output is JSON alone::

    {"files": ["/abs/shop.py"], "users": [{"name": "Visitor", "file": "/abs/shop.py", "weight": 1, "host": null,
     "speaks_http": true}], "options": {"num_users": 100, …}, "ends_s": null, "by_class": false, "reacts": false,
     "changes": [[0.0, {"Visitor": 10}]]}
    {"error": "a sentence", "hint": "…", "exit_code": 2}
    {"said": "Available Users: …"}
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from locust.argument_parser import get_locustfiles_locally, get_parser, parse_locustfile_option
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpUser
from locust.env import Environment
from locust.user.inspectuser import print_task_ratio, print_task_ratio_json
from locust.user.users import HttpUser, User

from loadgen.errors import LoadgenError, UsageError
from loadgen.journey.arguments import configure_users
from loadgen.journey.levels import Levels, levels_of_ramp, levels_of_shape
from loadgen.journey.load import JourneyFile, load_users
from loadgen.plan.nearest import did_you_mean

_WEB: Final = "loadgen has no web interface: watch the run here, in Grafana or with loadgen watch"
_CLUSTER: Final = "start loadgen coordinator and loadgen worker, and say --redis URL here"

_REFUSED: Final = {
    **dict.fromkeys(
        ("web_host", "web_host_display_name", "web_port", "web_login", "tls_cert", "tls_key", "web_base_path"), _WEB
    ),
    **dict.fromkeys(("class_picker", "headful", "build_path", "autoquit"), _WEB),
    **dict.fromkeys(
        ("master", "worker", "master_host", "master_port", "master_bind_host", "master_bind_port"), _CLUSTER
    ),
    "otel": "trace requests with target.trace of a plan",
}
"""Options that have no meaning here, with what does the same."""

FOREVER_S: Final = 30 * 86400.0
"""How long a run without -t may last: until somebody stops it, but no longer than a plan may."""


def look(arguments: Sequence[str]) -> dict[str, Any]:
    """What a command line of Locust's asks for.

    Raises:
        UsageError: the command line makes no sense, or asks for what there is not.
        JourneyError: a file does not import.
    """
    files = [Path(file) for file in _complaining(lambda: _files_in(list(arguments)))]
    root = Path(os.path.commonpath([file.parent for file in files]))
    sys.path.insert(0, str(Path.cwd()))  # as Locust has it
    loaded = load_users(root, [str(file.relative_to(root)) for file in files])
    options = _parse(arguments)
    found = {name: (root / file, cls) for file, journey in loaded.items() for name, cls in journey.users.items()}
    if options.list_commands:
        return {"said": "\n".join(["Available Users:", *(f"    {name}" for name in found)])}
    users = _chosen(found, options.user_classes)
    _configure(options, users)
    classes = [cls for _, cls in users.values()]
    if options.show_task_ratio or options.show_task_ratio_json:
        return {"said": _ratio(classes, options)}
    levels = _levels(loaded, classes, options, root)
    return {
        "files": [str(file) for file in files],
        "users": [_user(name, file, cls) for name, (file, cls) in users.items()],
        "options": {name: _plain(value) for name, value in vars(options).items()},
        "changes": levels.changes if levels else None,
        "ends_s": levels.ends_s if levels else options.run_time or FOREVER_S,
        "by_class": levels is not None and levels.by_class,
        "reacts": levels is not None and levels.reacts,
    }


def _files_in(arguments: list[str]) -> list[str]:
    named: Any = get_locustfiles_locally  # Locust leaves it without types
    files: list[str] = named(parse_locustfile_option(arguments))
    return files


def _complaining(parse: Any) -> Any:
    """Call a part of Locust's that complains on standard error and ends the process.

    Raises:
        UsageError: it did.
    """
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return parse()
    except SystemExit:
        text = said.getvalue().strip().rpartition("error: ")[2]
        sentence, _, hint = text.partition("\n")
        raise UsageError(
            sentence.strip().rstrip(".") or "the command line makes no sense",
            hint=hint.strip() or "docs/locustfiles.md lists the options of Locust that have a meaning here",
        ) from None


def _parse(arguments: Sequence[str]) -> Namespace:
    parser = _complaining(get_parser)
    options: Namespace = _complaining(lambda: parser.parse_args(list(arguments)))
    for action in parser._actions:  # noqa: SLF001 -- argparse has no list of its own
        hint = _REFUSED.get(action.dest)
        if hint and getattr(options, action.dest, action.default) != action.default:
            raise UsageError(f"{action.option_strings[0]} has no meaning here", hint=hint)
    if options.stats_history_enabled and options.csv_prefix is None:
        raise UsageError("--csv-full-history needs --csv", hint="for example: --csv results/run")
    return options


def _chosen(found: dict[str, tuple[Path, type[User]]], names: Sequence[str]) -> dict[str, tuple[Path, type[User]]]:
    """The users that take part, by name.

    Raises:
        UsageError: there is no such user.
    """
    for name in names:
        if name not in found:
            hint = did_you_mean(name, list(found)) or f"there are {', '.join(found)}"
            raise UsageError(f"there is no user class {name}", hint=hint)
    chosen = {name: user for name, user in found.items() if not names or name in names}
    return {name: (file, cls) for name, (file, cls) in chosen.items() if cls.weight > 0 or cls.fixed_count > 0}


def _configure(options: Namespace, users: dict[str, tuple[Path, type[User]]]) -> None:
    """Do what ``--config-users`` and ``--equal-weights`` say to the classes.

    Raises:
        UsageError: there is no such class.
    """
    classes = {name: cls for name, (_, cls) in users.items()}
    environment = Environment(user_classes=list(classes.values()))
    configure_users(environment, options)


def _levels(loaded: dict[str, JourneyFile], classes: list[type[User]], options: Namespace, root: Path) -> Levels | None:
    """Users over time, where they are no plain ramp."""
    shapes = [shape for journey in loaded.values() for shape in journey.shapes]
    if not classes:
        return None
    if shapes:
        environment = Environment(user_classes=list(classes), parsed_options=options, host=options.host)
        return levels_of_shape(shapes[0](), environment, classes, options.run_time, root)
    if any(cls.fixed_count for cls in classes):
        users, rate = options.num_users or 1, options.spawn_rate or 1.0
        return levels_of_ramp(classes, users, rate, options.run_time or FOREVER_S)
    return None


def _ratio(classes: list[type[User]], options: Namespace) -> str:
    said = io.StringIO()
    as_json: Any = print_task_ratio_json  # Locust leaves them without types
    as_table: Any = print_task_ratio
    with contextlib.redirect_stdout(said):
        if options.show_task_ratio_json:
            as_json(classes, options.num_users)
        else:
            for total, title in ((False, "Task ratio per User class"), (True, "Total task ratio")):
                print(title)  # noqa: T201 -- what is said is the answer
                as_table(classes, options.num_users, total)
    return said.getvalue().rstrip()


def _user(name: str, file: Path, cls: type[User]) -> dict[str, Any]:
    speaks_http = issubclass(cls, (HttpUser, FastHttpUser)) or isinstance(getattr(cls, "client", None), HttpSession)
    return {"name": name, "file": str(file), "weight": cls.weight, "host": cls.host, "speaks_http": speaks_http}


def _plain(value: Any) -> Any:
    """A value as JSON has it; what it has not travels as text, and is read by its argument's type again."""
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError):
        return str(value)


def main(arguments: list[str]) -> None:
    """Write what a command line asks for to standard output."""
    sys.argv = ["locust", *arguments]
    answer: dict[str, Any]
    with contextlib.redirect_stdout(sys.stderr):
        try:
            answer = look(arguments)
        except LoadgenError as error:
            answer = {"error": error.message, "hint": error.hint, "exit_code": error.exit_code}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
