"""What a command says when it cannot go on."""


class UserError(Exception):
    """A condition that the person at the keyboard can mend; its text is one sentence that says how."""
