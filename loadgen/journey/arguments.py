"""``environment.parsed_options``: what locustfiles find of Locust's command line, and of their own arguments.

Whoever started the run has read the command line; here its values are laid over the defaults of Locust's parser, to
which ``@events.init_command_line_parser`` may have added arguments::

    defaults of Locust ◀─ defaults of the file's own arguments ◀─ values of the run

A value that travelled as text is read by the argument's own ``type``. Nothing is taken from this machine's
configuration files: all workers of a run see the same.
"""

from __future__ import annotations

from argparse import SUPPRESS, Action, Namespace
from collections.abc import Mapping
from typing import Any

from locust.argument_parser import get_parser
from locust.env import Environment

from loadgen.errors import JourneyError, UsageError


def parsed_options(values: Mapping[str, Any]) -> Namespace:
    """Locust's options with these values; call it when all journey files are imported.

    Raises:
        JourneyError: a value is not what an argument of a journey file takes.
    """
    parser = get_parser(default_config_files=[])
    actions = {action.dest: action for action in parser._actions if action.default is not SUPPRESS}  # noqa: SLF001 -- argparse has no list of its own
    found = {name: _read(parser, action, action.default) for name, action in actions.items()}
    for name, value in values.items():
        found[name] = _read(parser, actions[name], value) if name in actions else value
    return Namespace(**found)


def _read(parser: Any, action: Action, value: Any) -> Any:
    if not isinstance(value, str) or action.type is None:
        return value
    try:
        return parser._get_value(action, value)  # noqa: SLF001 -- the one place that knows all kinds of types
    except Exception as error:
        flag = "/".join(action.option_strings) or action.dest
        raise JourneyError(
            f"{flag} cannot be {value!r}: {error}", hint="see the journey file's own arguments"
        ) from error


def configure_users(environment: Environment, options: Namespace) -> None:
    """Do what ``--config-users`` and ``--equal-weights`` say to an environment's classes, here as on every worker.

    Raises:
        UsageError: there is no such class.
    """
    classes: Any = environment.user_classes_by_name
    environment.available_user_classes = classes
    environment.available_user_tasks = {name: cls.tasks for name, cls in classes.items()}
    for config in (item for items in options.config_users or () for item in items):
        if config.get("user_class_name") not in classes:
            raise UsageError(f"--config-users names {config.get('user_class_name')}, which takes no part")
        environment.update_user_class(config)  # type: ignore[no-untyped-call]  # Locust leaves it without types
    if options.equal_weights:
        environment.assign_equal_weights()
