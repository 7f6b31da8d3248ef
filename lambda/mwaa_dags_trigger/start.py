"""A start without garbage collection: `app` imports this module before all others.

Nothing that the start makes is garbage; to look for it would take a tenth of the start's time.
"""

from __future__ import annotations

import gc

gc.disable()


def done() -> None:
    """Collect garbage from now on."""
    gc.enable()
