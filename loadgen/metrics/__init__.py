"""What Prometheus sees. The home of ``prometheus_client``.

``snapshot`` is what a coordinator shows; ``exposition`` turns it into metric families; ``server`` answers scrapes;
``push`` sends them without being asked.
"""

from loadgen.metrics.snapshot import ClusterSnapshot, RunSnapshot

__all__ = ["ClusterSnapshot", "RunSnapshot"]
