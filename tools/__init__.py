"""Set-up and maintenance commands of the whole project."""
