"""The same families sent to whom they are wanted by, for runs that nobody scrapes: remote write and OTLP.

::

    coordinator ── ClusterSnapshot, once a tick ──▶ Outgoing ── the newest one, when it is due ──▶ Receiver
       loop           takes no time                     └──────────── a thread of its own ────────────┘

A receiver that is away, refuses or hangs costs its own thread's time and nobody else's. Nothing is queued: what could
not be sent is replaced by what is newer, as counters hold all that was. ``series`` and ``remote_write`` are Prometheus'
remote write (the home of ``cramjam``), ``otlp`` is OpenTelemetry (the home of ``opentelemetry``); both come with an
extra of their own and are imported by ``opening`` only when they are asked for.
"""
