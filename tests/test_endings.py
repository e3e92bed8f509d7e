"""How runs end: the table in the module's docstring is the code's."""

from __future__ import annotations

import re

from loadgen import endings
from loadgen.endings import Outcome


def test_the_table_equals_the_code():
    rows = re.findall(r"^(\w+) +(\d+)  \S", endings.__doc__ or "", re.MULTILINE)

    assert {word: int(code) for word, code in rows} == {outcome.value: outcome.exit_code for outcome in Outcome}
