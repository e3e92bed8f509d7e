"""What a machine may lack: on a laptop the tests that need it skip and say how to get it, in CI they fail."""

import os
from typing import NoReturn

import pytest


def lacks(what: str) -> NoReturn:
    """Skip, or fail in CI, for want of something."""
    if os.environ.get("CI"):
        pytest.fail(f"CI must have what this test needs: {what}")
    pytest.skip(what)
