"""Simulated workers: they speak as workers do, and no shop is called. For weighing coordinator and Redis.

::

    loadgen simulate ─┬─ valkey-server, loadgen coordinator            the real ones
                      └─ python -m loadgen.worker.simulated × processes
                           crowd ── thousands of stand-ins: list, lease, seat, offer, numbered frames, last word

A stand-in (``stand_in``) is a worker without shoppers. It knows its arrivals from the plan and its share like any other
(``dealing``), and counts what shoppers would have done that came then (``figures``). Its frames therefore add up to the
plan, to the last arrival, and the coordinator judges the run as it judges all. A ``crowd`` speaks for all stand-ins of
its process over few connections, in pipelines, and ``reports`` sees their frames through: what is not simulated is the
number of connections, and the network between machines. ``gauges`` watch processes. Nothing here imports gevent.
"""
