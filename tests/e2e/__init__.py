"""A package, so that what is deployed for it is gone when other tests begin."""
