"""Run uv with the network settings of pip, and without settings that change where packages go.

python -m tools.uv [ARGUMENT ...]
"""

from __future__ import annotations

import os
import sys

from tools.setup import installer_environment

if __name__ == "__main__":
    os.execvpe("uv", ["uv", *sys.argv[1:]], installer_environment(sys.executable))  # noqa: S606
