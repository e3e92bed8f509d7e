"""``python -m loadgen.worker.master``: the master side of one run, as ``loadgen run`` starts it.

Its result is the one line on standard output; what scripts print goes to standard error.
"""

from __future__ import annotations

import sys

from gevent import monkey

monkey.patch_all()

from loadgen.worker.master.main import main  # noqa: E402 -- nothing may be imported before it is patched

if __name__ == "__main__":
    sys.exit(main())
