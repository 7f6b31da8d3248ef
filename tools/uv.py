"""Run uv with the package index in the configuration of pip.

python -m tools.uv [ARGUMENT ...]
"""

from __future__ import annotations

import os
import sys

from tools.setup import index_settings

if __name__ == "__main__":
    os.execvpe("uv", ["uv", *sys.argv[1:]], os.environ | index_settings())  # noqa: S606
