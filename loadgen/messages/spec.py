"""A run as submitted: the plan, and how its journey code reaches the workers.

Journey code is either *installed* on the workers (compared by content digest with what the author had) or *shipped*
with the run and signed with the cluster's key: HMAC-SHA256 over run id, plan and code. The signature is checked
before anything is imported.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from loadgen.errors import PlanError
from loadgen.messages.control import Message
from loadgen.messages.json_form import Label
from loadgen.plan.model import Plan

FilePath = Annotated[str, Field(max_length=2000)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class RunSpec(Message):
    """One run, as it was asked for.

    Attributes:
        run: its id.
        plan: the plan in canonical JSON, secrets unresolved.
        submitted_at: cluster time.
        submitter: who asked, ``user@host``.
        files: SHA-256 (hex) of each file of journey code and data, by path.
        digest: SHA-256 (hex) over all of them, see :func:`loadgen.plan.bundle.digest_of`.
        code: how it reaches the workers.
        master: whether a process with the locustfiles' master side takes part; workers wait for its word.
        signature: HMAC-SHA256 (hex) when the submitter had the key; empty otherwise.
    """

    run: Label
    plan: str
    submitted_at: float
    submitter: Annotated[str, Field(max_length=200)] = ""
    files: dict[FilePath, Sha256]
    digest: Sha256
    code: Literal["installed", "shipped"]
    master: bool = False
    signature: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""

    def read_plan(self) -> Plan:
        """The plan.

        Raises:
            PlanError: it is none that this version of loadgen understands.
        """
        try:
            return Plan.model_validate_json(self.plan)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "its JSON"
            raise PlanError(
                f"the plan of run {self.run} is not one that this version of loadgen understands (see {where})",
                hint="submit it with the same version that coordinator and workers have",
            ) from error

    def signed(self, key: bytes) -> RunSpec:
        """The same spec with the signature of the cluster's key."""
        return self.model_copy(update={"signature": self._mac(key)})

    def is_signed_with(self, key: bytes) -> bool:
        """Whether the signature is that of this key (compared in constant time)."""
        return bool(self.signature) and hmac.compare_digest(self.signature, self._mac(key))

    def _mac(self, key: bytes) -> str:
        # The digest stands for the files: whoever loads the code checks its digest against this one.
        parts = (b"loadgen run 1", self.run.encode(), self.plan.encode(), self.digest.encode())
        message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.new(key, message, hashlib.sha256).hexdigest()
