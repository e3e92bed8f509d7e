"""parsed_options: the run's values over the defaults of Locust and of the files' own arguments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import locust
import pytest
from locust import User, task
from locust.env import Environment

from loadgen.errors import JourneyError, UsageError
from loadgen.journey.arguments import configure_users, parsed_options


@pytest.fixture(autouse=True)
def own_arguments() -> Iterator[None]:
    def add(parser: Any) -> None:
        parser.add_argument("--tenant", default="red")
        parser.add_argument("--folder", type=Path, default="here")
        parser.add_argument("--limit", type=int, required=True)

    locust.events.init_command_line_parser.add_listener(add)
    yield
    locust.events.init_command_line_parser.remove_listener(add)


def test_without_values_there_are_defaults() -> None:
    options = parsed_options({})

    assert (options.tenant, options.folder, options.limit) == ("red", Path("here"), None)
    assert (options.num_users, options.headless, options.exit_code_on_error) == (None, False, 1)


def test_values_win_and_are_read_by_their_type() -> None:
    options = parsed_options({"tenant": "blue", "folder": "/srv", "limit": "7", "num_users": 5, "unheard": [1]})

    assert (options.tenant, options.folder, options.limit, options.num_users) == ("blue", Path("/srv"), 7, 5)
    assert options.unheard == [1]


def test_a_value_that_is_none_is_refused() -> None:
    with pytest.raises(JourneyError, match="--limit cannot be 'many'"):
        parsed_options({"limit": "many"})


def test_users_are_configured_as_the_options_say() -> None:
    class Visitor(User):
        weight = 5

        @task(4)
        def often(self) -> None:
            pass

        @task
        def seldom(self) -> None:
            pass

    environment = Environment(user_classes=[Visitor])
    configure_users(
        environment, parsed_options({"config_users": [[{"user_class_name": "Visitor", "host": "http://x"}]]})
    )
    assert Visitor.host == "http://x"

    configure_users(environment, parsed_options({"equal_weights": True}))
    assert (Visitor.weight, len(Visitor.tasks)) == (1, 2)

    with pytest.raises(UsageError, match="names Nobody"):
        configure_users(environment, parsed_options({"config_users": [[{"user_class_name": "Nobody"}]]}))
