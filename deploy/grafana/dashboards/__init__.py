"""Grafana's dashboards as typed code; ``python -m dashboards`` writes the JSON that Grafana is given.

::

    queries ─▶ panels ─┬─▶ overview, business ─┐
                       ├─▶ step_detail ────────┼─▶ frame (variables, annotations, links) ─▶ ../json/*.json
                       └─▶ generator_health ───┘

Every panel has a unit and a description. Queries follow three rules: quantiles are never averaged or added; "instance"
is taken out by ``max``, for the moment in which two coordinators show the same run; what asks a histogram works with
buckets and with native histograms.
"""

import warnings

with warnings.catch_warnings():
    # It prefers a second form of dashboards, which only Grafana 12 and later read; files of the first work in all.
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.builders import dashboard, heatmap  # noqa: F401 -- they warn when first imported
    from grafana_foundation_sdk.cog import plugins  # noqa: F401 -- the same
