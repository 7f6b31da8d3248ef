"""Install the packages that the project's commands need.

    python -m tools.setup [package | checkov]

`make` runs this command. With `package` it installs the packages that build the function's zip, with `checkov` it
installs that linter. Without an argument it installs all other packages and writes `.build/env`, which adds the tools
to PATH and, if needed, configures a provider mirror for Terraform.

This module needs only the standard library. It supports old versions of Python 3, so that their users get an error
message and not a SyntaxError. It therefore does not import from `__future__`.
"""

import ast
import hashlib
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List, Optional

from tools.errors import UserError
from tools.paths import BUILD, PROJECT

VENV = BUILD / "venv"
REQUIREMENTS = PROJECT / "requirements-dev.txt"
PACKAGE_VENV = BUILD / "package"
PACKAGE_REQUIREMENTS = PROJECT / "lambda" / "build-requirements.txt"
CHECKOV_VENV = BUILD / "checkov"
CHECKOV_REQUIREMENTS = PROJECT / "tools" / "checkov-requirements.txt"
CLI_CONFIG = BUILD / "terraform.rc"
ADD_ON_SOFTWARE = Path("/opt")
NEWER_PYTHONS = ("python3.13", "python3.12", "python3.11")


def main() -> None:
    """Install the packages, or exit with an error message."""
    try:
        use_python()
        if sys.argv[1:] == ["package"]:
            install_packages(PACKAGE_VENV, PACKAGE_REQUIREMENTS)
        elif sys.argv[1:] == ["checkov"]:
            install_packages(CHECKOV_VENV, CHECKOV_REQUIREMENTS)
        else:
            check_terraform()
            install_packages(VENV, REQUIREMENTS)
            write_environment(provider_mirror())
    except UserError as error:
        sys.exit(f"mwaa-dags-trigger: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def use_python() -> None:
    """Continue with Python 3.11 or newer."""
    if sys.version_info >= (3, 11):
        return
    for name in NEWER_PYTHONS:
        path = shutil.which(name)
        if path and subprocess.call([path, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(path, [path, "-m", "tools.setup", *sys.argv[1:]])  # noqa: S606
    raise UserError(
        f"Python 3.11 or newer is required, but this is Python {sys.version.split()[0]}: install a newer version, "
        "or select it with `make PYTHON=/path/to/python3.11`."
    )


def check_terraform() -> None:
    """Raise `UserError` unless Terraform 1.9 or newer is installed."""
    if not shutil.which("terraform"):
        raise UserError("Terraform is not on PATH: install Terraform 1.9 or newer.")
    version = output(["terraform", "version"])
    match = re.search(r"Terraform v(\d+)\.(\d+)", version)
    if not match:
        raise UserError("`terraform version` reports no version: install Terraform 1.9 or newer.")
    if (int(match.group(1)), int(match.group(2))) < (1, 9):
        raise UserError(
            f"Terraform 1.9 or newer is required, but this is {match.group()[11:]}: install a newer version."
        )


def install_packages(venv: Path, requirements: Path) -> None:
    """Install exactly the locked packages into the virtual environment."""
    marker = venv / ".installed"
    lock = requirements.read_text()
    digest = hashlib.sha256(lock.encode()).hexdigest()
    if marker.exists() and marker.read_text() == digest and (venv / "bin" / "python").exists():
        return
    with step("Python packages, %s" % requirements.relative_to(PROJECT)):
        create_venv(venv)
        python = str(venv / "bin" / "python")
        # If the lock file contains uv, pip installs only uv. uv then installs the rest in a tenth of the time.
        uv = re.search(r"^uv==(?:.*\\\n)*.*\n", lock, re.MULTILINE)
        first = venv / "first.txt"
        first.write_text(uv.group() if uv else lock)
        pip = [python, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps"]
        run([*pip, "-r", str(first)], {})
        if uv:
            sync = [str(venv / "bin" / "uv"), "pip", "sync", "--quiet", "--python", python]
            run([*sync, "--require-hashes", str(requirements)], index_settings())
        marker.write_text(digest)


def create_venv(venv: Path) -> None:
    """Create the virtual environment. Debian's Python needs another package for it."""
    command = [sys.executable, "-m", "venv", "--clear", str(venv)]
    if subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) != 0:
        version = "{}.{}".format(*sys.version_info)
        raise UserError(
            "Python cannot create a virtual environment: install its venv module "
            f"(on Debian and Ubuntu: apt install python{version}-venv)."
        )


def index_settings() -> Dict[str, str]:
    """Return the package index in the configuration of pip, as environment variables for uv.

    uv reads neither pip's configuration files nor its variables (uv documentation, "Compatibility with pip"). Existing
    variables for uv take precedence.
    """
    listing = output([str(VENV / "bin" / "python"), "-m", "pip", "config", "list"])
    settings: Dict[str, str] = {}
    # In pip's configuration, the environment takes precedence over [install], and [install] over [global].
    for section in ("global.", "install.", ":env:."):
        for line in listing.splitlines():
            name, _, value = line.partition("=")
            if name.startswith(section):
                settings[name[len(section) :]] = str(ast.literal_eval(value))
    variables = {
        variable: " ".join(settings[option].split())
        for option, variable in (
            ("index-url", "UV_DEFAULT_INDEX"),
            ("extra-index-url", "UV_INDEX"),
            ("cert", "SSL_CERT_FILE"),
        )
        if option in settings and variable not in os.environ
    }
    # Like pip, use the best match of all indexes. Hashes are required in any case.
    return {"UV_INDEX_STRATEGY": "unsafe-best-match", **variables}


def run(command: List[str], environment: Dict[str, str]) -> None:
    """Run an installer. Its most probable failure is a missing network connection."""
    result = subprocess.run(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if result.returncode != 0:
        lines = result.stdout.decode(errors="replace").strip().splitlines()
        errors = [line for line in lines if line.lower().startswith("error")]
        raise UserError(
            "the Python packages could not be installed: check that you can reach the package index, or set "
            f"PIP_INDEX_URL to a mirror. The installer reports: {(errors or lines or ['nothing'])[-1]}"
        )


def output(command: List[str]) -> str:
    """Return the output of a command, even if the command fails."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return result.stdout.decode(errors="replace")


def provider_mirror() -> Optional[Path]:
    """Return the directory of a Terraform provider mirror, or None if Terraform needs no configuration.

    Terraform searches its implied mirror directories itself. A mirror in the directory for add-on software (/opt in the
    Filesystem Hierarchy Standard) has to be configured, unless Terraform is already configured or can reach the
    registry.
    """
    configuration = Path(os.environ.get("TF_CLI_CONFIG_FILE", "~/.terraformrc")).expanduser()
    # In a shell that has sourced `.build/env`, this is the project's own file.
    if configuration.exists() and configuration != CLI_CONFIG:
        return None
    for provider in sorted(ADD_ON_SOFTWARE.glob("*/*/hashicorp/aws")):
        registry = provider.parent.parent
        if not is_reachable(registry.name):
            return registry.parent
    return None


def is_reachable(host: str) -> bool:
    """Return whether the host accepts HTTPS connections."""
    try:
        socket.create_connection((host, 443), timeout=3).close()
    except OSError:
        return False
    return True


def write_environment(mirror: Optional[Path]) -> None:
    """Write `.build/env`, which a shell can source."""
    lines = [
        f"export PATH={shlex.quote(str(VENV / 'bin'))}:$PATH",
        # uv does not compile packages, and the tests start Python hundreds of times.
        "unset PYTHONDONTWRITEBYTECODE",
    ]
    if mirror:
        # With `direct {}`, Terraform would also call the registry, and fail because it is not reachable.
        CLI_CONFIG.write_text(
            f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n'
        )
        lines.append(f"export TF_CLI_CONFIG_FILE={shlex.quote(str(CLI_CONFIG))}")
    (BUILD / "env").write_text("\n".join(lines) + "\n")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print the name of a step, and its seconds after it has finished."""
    start = time.monotonic()
    sys.stdout.write(f"{name:<60}")
    sys.stdout.flush()
    try:
        yield
    except BaseException:
        sys.stdout.write("failed\n")
        raise
    sys.stdout.write(f"{time.monotonic() - start:6.1f} s\n")


if __name__ == "__main__":
    main()
