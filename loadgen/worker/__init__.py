"""The workers: one process per core, each of which computes its own part of the load and reports once a second.

``supervisor`` looks after the processes of one machine and never touches gevent; ``__main__`` is one process.
Inside it: ``process`` (lease, control, life), ``preparation`` (plan and journey code, checked and loaded),
``serving`` (one run), ``tenure`` and ``handover`` (which share is its own, and how it changes hands), ``open_load`` and
``closed_load`` (who starts when), ``outbox`` (frames until sealed), ``health`` (the process watches itself),
``targets`` (whom it may aim at), ``runner`` (what locustfiles expect). ``simulated`` workers have no shoppers.
"""
