"""Errors of the command line."""

from __future__ import annotations


class ConsoleError(Exception):
    """A problem that the user can solve. Its text is one sentence: what happened, to what, and what to do."""
