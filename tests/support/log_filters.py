"""The filter patterns of CloudWatch Logs, as far as this project uses them. moto ignores patterns for JSON."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase

_PATTERN = re.compile(r'\{ \$\.(\w+) = "([^"]*)" \}')


def is_matched(line: str, pattern: str) -> bool:
    """Return whether the JSON of a line has the field of the pattern with the value, in which `*` stands for any text.

    Source: "Filter pattern syntax for metric filters" in the Amazon CloudWatch Logs User Guide.
    """
    parsed = _PATTERN.fullmatch(pattern)
    if not parsed:
        raise NotImplementedError(f"The pattern {pattern} is not supported here.")
    try:
        value = json.loads(line)[parsed[1]]
    except (ValueError, KeyError, TypeError):
        return False
    return isinstance(value, str) and fnmatchcase(value, parsed[2])
