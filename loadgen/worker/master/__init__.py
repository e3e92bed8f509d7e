"""The master side of locustfiles: a process beside ``loadgen run`` that no shopper and no figure depends on.

Scripts that run on Locust's master find here what they find there: events, every worker as a client, messages, the
cluster's statistics, a shape that looks at them, the exit code. It reads what the coordinator has sealed and recorded,
as everybody who watches a run does, and it can do one thing to a run: stop it.
"""
