"""What people see of a run: live in the terminal, at its end, and as files.

::

    record + plan + sealed seconds ── summarise ──▶ Summary ──▶ terminal, HTML, JUnit, CSV; it is itself the JSON
                                   ── now ────────▶ live

``summarise`` decides every number, ``capacity`` how much load was carried, ``story`` says it in words; the renderers
compute nothing. Layer 5, the home of rich and plotly; ``terminal``, ``live`` and ``html`` are imported where they are
used, because their libraries take their time.
"""

from loadgen.report.csv import render_csv
from loadgen.report.files import write_file
from loadgen.report.junit import render_junit
from loadgen.report.summarise import summarise
from loadgen.report.summary import Summary

__all__ = ["Summary", "render_csv", "render_junit", "summarise", "write_file"]
