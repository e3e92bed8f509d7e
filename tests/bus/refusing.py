"""URLs that lead nowhere: what their errors have in common."""

from __future__ import annotations

import time

import pytest

from loadgen.bus import connect
from loadgen.errors import BusError, LoadgenError, UsageError

PASSWORD = "s3cret-p4ss"


def refused(url: str) -> LoadgenError:
    """The error of a URL, with all that holds for every one of them."""
    began = time.monotonic()
    with pytest.raises((BusError, UsageError)) as caught:
        connect(url)
    assert time.monotonic() - began < 5
    error = caught.value
    assert error.hint
    for text in (error.message, error.hint):
        assert PASSWORD not in text
        assert "Connection(" not in text  # redis-py's own view of its objects
        assert text.isprintable()
    return error
