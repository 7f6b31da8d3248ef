"""What the sandbox says when it cannot go on."""

from __future__ import annotations


class SandboxError(Exception):
    """A condition that the person at the keyboard can mend; its text is one sentence that says how."""
