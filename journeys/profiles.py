"""What visitors hold in their hands. A plan says how many of each: ``devices: {mobile: 65, desktop: 35}``.

Without ``devices`` in the plan, visitors are nobody in particular, and load pages without their assets.
"""

from __future__ import annotations

from dataclasses import dataclass

from loadgen.journey import lognormal
from loadgen.journey.thinking import Think


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of device.

    Attributes:
        user_agent: how it introduces itself; shops choose pages and pictures by it.
        think: how long its owner looks at a page, unless the journey says otherwise.
        assets: whether it loads stylesheets, scripts and pictures with a page, as browsers do. It costs a generator
            several times as much; a shop behind a CDN does not see most of them.
    """

    user_agent: str
    think: Think
    assets: bool = False


PROFILES = {
    "mobile": Profile(
        "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0"
        " Mobile Safari/537.36 loadgen",
        lognormal(1.0, p95_s=4),
    ),
    "desktop": Profile(
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 loadgen",
        lognormal(1.5, p95_s=8),
    ),
    "browser": Profile(
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 loadgen",
        lognormal(1.5, p95_s=8),
        assets=True,
    ),
}
"""By the names that a plan's ``devices`` may use. Think times are short, so that a rehearsal is."""
