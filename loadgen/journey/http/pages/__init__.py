"""Pages with all that belongs to them, as a shopper's browser loads them.

::

    page() ─▶ HTML ─▶ document: links ─▶ kept and fresh? ── yes ──────────────▶ Page: what came, how long it took
                         ▲                   │ no                                ▲
                         │                   ▼                                   │
                         │            six at a time to each host ─▶ Client.request, counted like any other
                         └── stylesheet: fonts, pictures, further sheets ◀──┘

What is loaded: stylesheets and what they name (``@import``, fonts, pictures of rules that may apply), scripts,
pictures (``srcset`` and ``<picture>`` chosen for one screen), preloads, the icon. What is not: frames, films and sound,
what scripts would ask for, what the page only announces (``prefetch``), and other people's hosts.
"""
