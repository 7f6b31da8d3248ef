"""A package, so that fixtures of this scope end before other tests begin."""
