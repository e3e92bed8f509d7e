"""Whom metrics are sent to: what all of them have in common."""

from __future__ import annotations

from typing import Final, Literal, Protocol

from loadgen.metrics.snapshot import ClusterSnapshot

Kind = Literal["remote_write", "otlp"]
"""The label ``receiver`` of what is counted about sending."""

SEND_S: Final = 3.0
"""How long a receiver may be silent before it is given up for this time."""

_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500


class SendError(Exception):
    """A receiver did not take what it was sent.

    Args:
        reason: why, to follow "because it"; without anything secret.
        again: whether the same may be taken soon.
    """

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.reason, self.again = reason, again

    @classmethod
    def answered(cls, status: int, text: str = "") -> SendError:
        """It answered, but not that it took everything.

        Args:
            status: of HTTP.
            text: what it said.
        """
        words = "".join(ch if ch.isprintable() else " " for ch in text.strip()[:100]).strip()
        again = status == _TOO_MANY or status >= _SERVER_ERROR
        return cls(f"answered {status}{f' ({words})' if words else ''}", again=again)


class Receiver(Protocol):
    """One that metrics are sent to."""

    @property
    def kind(self) -> Kind:
        """How it is spoken to."""

    @property
    def shown(self) -> str:
        """Its address for people, without anything secret."""

    def send(self, page: ClusterSnapshot | None, now_s: float, at_ms: int) -> bool:
        """Send what there is.

        Args:
            page: what to show; None: nothing any more.
            now_s: this process's monotonic clock, seconds.
            at_ms: the instant it is true for, milliseconds since the Unix epoch; later than any before.

        Returns:
            False if there was nothing to say.

        Raises:
            SendError: it was not taken.
        """
