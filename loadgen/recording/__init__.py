"""From a recording of a visit (HAR 1.2) to a journey that can be read and run.

::

    read_har ─▶ exchanges ─▶ sort ─▶ what the shopper does ─▶ script_of ─▶ steps and statements ─▶ write ─▶ text
                              └▶ other hosts, assets, refusals: told, not written

Pure but for reading the file; nothing of a recording is ever run. Layer 3.
"""

from loadgen.recording.documents import name_operations, path_templates
from loadgen.recording.har import exchanges_of, read_har
from loadgen.recording.script import Script, script_of
from loadgen.recording.sorting import Sorted, sort
from loadgen.recording.telling import tell
from loadgen.recording.writing import write

__all__ = [
    "Script",
    "Sorted",
    "exchanges_of",
    "name_operations",
    "path_templates",
    "read_har",
    "script_of",
    "sort",
    "tell",
    "write",
]
