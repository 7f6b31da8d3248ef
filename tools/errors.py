"""Errors of commands."""


class UserError(Exception):
    """An error that the user can fix. The message is one sentence with the solution."""
