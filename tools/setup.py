"""Sets up what the project's commands need, with nothing but Python's standard library.

    python -m tools.setup [package | checkov]

`make` runs it. With `package` it installs what builds the Lambda's zip, with `checkov` that linter. Without, it
installs everything else and writes `.build/env`, which puts the tools on PATH and, where needed, tells Terraform of
a mirror.
It has to load on an old Python 3 too, which then gets a sentence and not a SyntaxError: hence no `__future__`.
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
    """Set up, or say in one sentence what is missing."""
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
    """Go on with a Python that is new enough."""
    if sys.version_info >= (3, 11):
        return
    for name in NEWER_PYTHONS:
        path = shutil.which(name)
        if path and subprocess.call([path, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(path, [path, "-m", "tools.setup", *sys.argv[1:]])  # noqa: S606
    raise UserError(
        f"Python 3.11 or newer is needed and this is {sys.version.split()[0]}: install one, "
        "or name it with `make PYTHON=/path/to/python3.11`."
    )


def check_terraform() -> None:
    """Raise UserError unless `terraform` is there and new enough."""
    if not shutil.which("terraform"):
        raise UserError("Terraform is not on PATH: install Terraform 1.9 or newer.")
    answer = output(["terraform", "version"])
    match = re.search(r"Terraform v(\d+)\.(\d+)", answer)
    if not match:
        raise UserError("`terraform version` does not answer: install Terraform 1.9 or newer.")
    if (int(match.group(1)), int(match.group(2))) < (1, 9):
        raise UserError(
            f"Terraform 1.9 or newer is needed and this is {match.group()[11:]}: install a newer one."
        )


def install_packages(venv: Path, requirements: Path) -> None:
    """Make the virtual environment hold exactly the locked packages."""
    marker = venv / ".installed"
    lock = requirements.read_text()
    digest = hashlib.sha256(lock.encode()).hexdigest()
    if marker.exists() and marker.read_text() == digest and (venv / "bin" / "python").exists():
        return
    with step("Python packages, %s" % requirements.relative_to(PROJECT)):
        create_venv(venv)
        python = str(venv / "bin" / "python")
        # Where the lock has uv, pip installs uv, and uv the rest in a tenth of the time.
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
    """Create the virtual environment; Debian ships Python without what that takes."""
    command = [sys.executable, "-m", "venv", "--clear", str(venv)]
    if subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) != 0:
        version = "{}.{}".format(*sys.version_info)
        raise UserError(
            "Python cannot make a virtual environment: install its venv module "
            f"(on Debian and Ubuntu: apt install python{version}-venv)."
        )


def index_settings() -> Dict[str, str]:
    """Return, as uv's environment variables, the package index that pip is configured to use.

    uv reads neither pip's configuration files nor its variables (uv documentation, "Compatibility
    with pip"). What the user has set for uv itself stays.
    """
    listing = output([str(VENV / "bin" / "python"), "-m", "pip", "config", "list"])
    settings: Dict[str, str] = {}
    # pip's own precedence: the environment over [install] over [global].
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
    # As pip does: the best match of all indexes, not what the first has. Hashes are required.
    return {"UV_INDEX_STRATEGY": "unsafe-best-match", **variables}


def run(command: List[str], environment: Dict[str, str]) -> None:
    """Run an installer; if it fails, it is most likely for want of the network."""
    result = subprocess.run(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if result.returncode != 0:
        said = result.stdout.decode(errors="replace").strip().splitlines()
        errors = [line for line in said if line.lower().startswith("error")]
        raise UserError(
            "the Python packages could not be installed: check that the package index answers, or set PIP_INDEX_URL "
            f"to a mirror. The installer says: {(errors or said or ['nothing'])[-1]}"
        )


def output(command: List[str]) -> str:
    """Return what a command prints, whatever becomes of it."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return result.stdout.decode(errors="replace")


def provider_mirror() -> Optional[Path]:
    """Return the directory of a Terraform provider mirror, or None where Terraform needs none.

    Terraform looks into its implied mirror directories by itself. Of a mirror among add-on software (the /opt of the
    Filesystem Hierarchy Standard) it has to be told, if nothing is configured and the registry is out of reach.
    """
    configuration = Path(os.environ.get("TF_CLI_CONFIG_FILE", "~/.terraformrc")).expanduser()
    # A shell that has sourced `.build/env` names our own.
    if configuration.exists() and configuration != CLI_CONFIG:
        return None
    for provider in sorted(ADD_ON_SOFTWARE.glob("*/*/hashicorp/aws")):
        registry = provider.parent.parent
        if not answers(registry.name):
            return registry.parent
    return None


def answers(host: str) -> bool:
    """Return whether the host takes HTTPS connections."""
    try:
        socket.create_connection((host, 443), timeout=3).close()
    except OSError:
        return False
    return True


def write_environment(mirror: Optional[Path]) -> None:
    """Write `.build/env`, to be sourced by a shell."""
    lines = [
        f"export PATH={shlex.quote(str(VENV / 'bin'))}:$PATH",
        # uv installs sources only, and the tests start Python hundreds of times.
        "unset PYTHONDONTWRITEBYTECODE",
    ]
    if mirror:
        # No `direct {}`: Terraform would ask the registry too, and fail because that does not answer.
        CLI_CONFIG.write_text(
            f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n'
        )
        lines.append(f"export TF_CLI_CONFIG_FILE={shlex.quote(str(CLI_CONFIG))}")
    (BUILD / "env").write_text("\n".join(lines) + "\n")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print the step's name, and its seconds when it is done."""
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
