"""The command `doctor`: checks in the order in which a request travels."""
