"""A run as submitted: the plan, and how its journey code reaches the workers.

Journey code is either *installed* on the workers (compared by content digest with what the author had) or *shipped*
with the run and signed with the cluster's key: HMAC-SHA256 over run id, plan and code. The signature is checked
before anything is imported.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated, Literal

from pydantic import Field

from loadgen.messages.control import Label, _Message


class RunSpec(_Message):
    """One run, as it was asked for.

    Attributes:
        run: its id.
        plan: the plan in canonical JSON, secrets unresolved.
        submitted_at: cluster time.
        submitter: who asked, ``user@host``.
        digest: SHA-256 (hex) of the journey code the author had.
        code: how it reaches the workers.
        signature: HMAC-SHA256 (hex) when shipped; empty when installed.
    """

    run: Label
    plan: str
    submitted_at: float
    submitter: Annotated[str, Field(max_length=200)] = ""
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    code: Literal["installed", "shipped"]
    signature: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""

    def signed(self, key: bytes) -> RunSpec:
        """The same spec with the signature of the cluster's key."""
        return self.model_copy(update={"signature": self._mac(key)})

    def is_signed_with(self, key: bytes) -> bool:
        """Whether the signature is that of this key (compared in constant time)."""
        return bool(self.signature) and hmac.compare_digest(self.signature, self._mac(key))

    def _mac(self, key: bytes) -> str:
        # The digest stands for the code: whoever loads the code checks it against the digest.
        parts = (b"loadgen run 1", self.run.encode(), self.plan.encode(), self.digest.encode())
        message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.new(key, message, hashlib.sha256).hexdigest()
