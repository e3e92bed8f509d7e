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

from loadgen.errors import JourneyError


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
