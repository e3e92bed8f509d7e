"""Where metrics are to be sent is checked before anything starts, and no password is repeated."""

from __future__ import annotations

import pytest
from cli.shell import Shell


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("run plan.yaml --remote-write ann:hunter2@host", "Invalid value for '--remote-write': expected a URL such as"),
        ("run plan.yaml --otlp ftp://ann:hunter2@host", "Invalid value for '--otlp': expected a URL such as"),
        ("coordinator --redis redis://127.0.0.1:1 --otlp http://ann:hunter2@:x", "Invalid value for '--otlp'"),
        ("run plan.yaml --push-every 0s", "Invalid value for '--push-every': expected 1s to 60s"),
        ("run plan.yaml --redis redis://127.0.0.1:1 --otlp http://host", "--otlp are for runs on this machine alone"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(line: str, says: str, shell: Shell) -> None:
    code, out, err = shell.run(f"loadgen {line}")

    assert (code, out) == (2, "")
    assert says in err
    assert "hunter2" not in err


def test_a_variable_for_coordinators_is_no_mistake_where_a_run_goes_to_a_cluster(shell: Shell) -> None:
    code, _, err = shell.run("loadgen run plan.yaml --redis redis://127.0.0.1:1", LOADGEN_OTLP="http://host")

    assert code == 3, err
    assert "plan.yaml" in err


def test_headers_that_are_none_are_refused_without_repeating_them(shell: Shell) -> None:
    headers = {"LOADGEN_REMOTE_WRITE_HEADERS": "hunter2"}
    code, _, err = shell.run("loadgen run plan.yaml --remote-write http://host", **headers)

    assert code == 2
    assert "LOADGEN_REMOTE_WRITE_HEADERS cannot be read: expected name=value" in err
    assert "hunter2" not in err
