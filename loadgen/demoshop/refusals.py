"""What the shop tells a visitor whom it cannot serve; pages show it as HTML, the API as JSON."""

from __future__ import annotations

from http import HTTPStatus


class Refusal(Exception):  # noqa: N818 - turning a visitor away is no error of the shop
    """A request that gets a sentence instead of what it asked for.

    Args:
        status: the HTTP status of the answer.
        code: the reason as one word, for programs.
        message: the reason as a sentence, for people.
    """

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


FAILED = Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "failed", "Something went wrong in the shop.")
"""What a slip, or the fault ``error``, answers."""
