"""Install the packages that the project's commands need.

    python -m tools.setup [package | checkov | sbom]

`make` runs this command. With `package` it installs the packages that build the function's zip, with `checkov` that
linter, and with `sbom` the tool that writes the SBOM. Without an argument it installs all other packages and writes
`.build/env`, which adds the tools to PATH and, if needed, configures a provider mirror for Terraform.

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
SBOM_VENV = BUILD / "sbom"
SBOM_REQUIREMENTS = PROJECT / "tools" / "sbom-requirements.txt"
CLI_CONFIG = BUILD / "terraform.rc"
ADD_ON_SOFTWARE = Path("/opt")
NEWER_PYTHONS = ("python3.13", "python3.12", "python3.11")
# A colon separates the directories on PATH. The others have a meaning in a shell, in a URL or in Terraform.
UNUSABLE_IN_PATHS = re.compile(r"""[:;?#*$&|<>!`"'\\\[\]{}\x00-\x1f\x7f\udc80-\udcff]""")
TERRAFORM_SECONDS = 60
# Settings of pip for the network, with the variables that have the same effect on uv.
NETWORK_SETTINGS = {
    "cache-dir": (),
    "cert": ("SSL_CERT_FILE",),
    "client-cert": ("SSL_CLIENT_CERT",),
    "default-timeout": ("UV_HTTP_TIMEOUT",),
    "extra-index-url": ("UV_INDEX",),
    "find-links": ("UV_FIND_LINKS",),
    "index-url": ("UV_DEFAULT_INDEX",),
    "keyring-provider": ("UV_KEYRING_PROVIDER",),
    "no-cache-dir": (),
    "no-index": (),
    "proxy": ("HTTP_PROXY", "HTTPS_PROXY"),
    "retries": ("UV_HTTP_RETRIES",),
    "timeout": ("UV_HTTP_TIMEOUT",),
    "trusted-host": ("UV_INSECURE_HOST",),
}
# Variables of uv for the network and its cache.
UV_NETWORK = re.compile(
    "UV_(CACHE_DIR|DEFAULT_INDEX|EXTRA_INDEX_URL|FIND_LINKS|HTTP_|INDEX|INSECURE_HOST|KEYRING_|LINK_MODE|NATIVE_TLS"
    "|NO_CACHE|OFFLINE|REQUEST_TIMEOUT|SYSTEM_CERTS)"
)
UV_NO_INDEX = PROJECT / "tools" / "uv-no-index.toml"
INDEX_ERROR = re.compile(
    "certificate|connect|dns error|fetch|matching distribution|name resolution|network|proxy|timed? ?out",
    re.IGNORECASE,
)


def main() -> None:
    """Install the packages, or exit with an error message."""
    try:
        use_python()
        check_path()
        if sys.argv[1:] == ["package"]:
            install_packages(PACKAGE_VENV, PACKAGE_REQUIREMENTS, "deflate, stream_zip")
        elif sys.argv[1:] == ["checkov"]:
            install_packages(CHECKOV_VENV, CHECKOV_REQUIREMENTS, "checkov")
        elif sys.argv[1:] == ["sbom"]:
            install_packages(SBOM_VENV, SBOM_REQUIREMENTS, "cyclonedx_py")
        else:
            check_terraform()
            install_packages(VENV, REQUIREMENTS, "boto3, psutil, pytest, python_terraform, typer")
            write_command()
            write_environment(provider_mirror())
    except UserError as error:
        sys.exit(f"mwaa-dags-trigger: {error}")
    except OSError as error:
        sys.exit(f"mwaa-dags-trigger: {describe(error)}")
    except KeyboardInterrupt:
        sys.exit(130)


def describe(error: OSError) -> str:
    """Return a sentence about a file that cannot be read or written."""
    advice = ""
    if isinstance(error, PermissionError):
        advice = " Check who owns it, for example root after an earlier `sudo make`."
    return f"{error.filename or 'a file'}: {error.strerror or error}.{advice}"


def check_path() -> None:
    """Raise `UserError` if the path of the checkout contains a character with which a tool would fail."""
    match = UNUSABLE_IN_PATHS.search(str(PROJECT))
    if match:
        raise UserError(
            f"The path of this checkout contains {match.group()!a}, with which some tools fail: move the checkout to a "
            "path of letters, digits, spaces and . _ - + = @ % , ~ ( )."
        )


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
    required = "install Terraform 1.9 or newer"
    if not shutil.which("terraform"):
        raise UserError(f"Terraform is not on PATH: {required}.")
    try:
        version = output(["terraform", "version"], timeout=TERRAFORM_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"`terraform version` does not run ({error}): {required}.") from None
    match = re.search(r"^Terraform v(\d+)\.(\d+)", version, re.MULTILINE)
    if not match:
        first = (version.strip() or "nothing").splitlines()[0]
        raise UserError(
            f"`terraform version` prints `{first[:200]}` and not a version of Terraform: {required}. "
            "OpenTofu is not supported."
        )
    if (int(match.group(1)), int(match.group(2))) < (1, 9):
        raise UserError(
            f"Terraform 1.9 or newer is required, but this is {match.group()[11:]}: install a newer version."
        )


def install_packages(venv: Path, requirements: Path, modules: str) -> None:
    """Install exactly the locked packages into the virtual environment, and check that `modules` can be imported."""
    marker = venv / ".installed"
    lock = requirements.read_text()
    digest = hashlib.sha256(lock.encode()).hexdigest()
    if marker.exists() and marker.read_text() == digest and (venv / "bin" / "python").exists():
        return
    with step("Python packages, %s" % requirements.relative_to(PROJECT)):
        create_venv(venv)
        python = str(venv / "bin" / "python")
        environment = installer_environment(python)
        # If the lock file contains uv, pip installs only uv. uv then installs the rest in a tenth of the time.
        uv = re.search(r"^uv==(?:.*\\\n)*.*\n", lock, re.MULTILINE)
        first = venv / "first.txt"
        first.write_text(uv.group() if uv else lock)
        pip = [python, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps"]
        run([*pip, "-r", str(first)], environment)
        if uv:
            sync = [str(venv / "bin" / "uv"), "pip", "sync", "--quiet", "--python", python]
            run([*sync, "--require-hashes", str(requirements)], environment)
        run([python, "-c", f"import {modules}"], environment)
        marker.write_text(digest)


def create_venv(venv: Path) -> None:
    """Create the virtual environment. Debian's Python needs another package for it."""
    result = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(venv)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if result.returncode == 0:
        return
    said = " ".join(result.stdout.decode(errors="replace").split())
    if "ensurepip" in said or "No module named venv" in said:
        version = "{}.{}".format(*sys.version_info)
        raise UserError(
            "Python cannot create a virtual environment: install its venv module "
            f"(on Debian and Ubuntu: apt install python{version}-venv)."
        )
    raise UserError(
        f"Python cannot create a virtual environment. It reports: {said[-500:] or 'nothing'}"
    )


def installer_environment(python: str) -> Dict[str, str]:
    """Return the environment variables for pip, uv and the Python that runs them.

    The settings of pip and uv for the network stay. All others are removed, because they would change where packages
    go, which packages are chosen or what is imported. `python` is a Python that has pip. Its settings for the network
    also apply to uv, which does not read them (uv documentation, "Compatibility with pip"). Existing variables for uv
    take precedence.
    """
    listing = subprocess.run(
        [python, "-m", "pip", "config", "list"],
        # PIP_PYTHON makes pip run in another Python.
        env={
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PIP_PYTHON", "PYTHON"))
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        check=False,
    )
    if listing.returncode != 0:
        reason = " ".join(listing.stderr.decode(errors="replace").split())
        raise UserError(f"pip cannot read its configuration. It reports: {reason[-500:]}")
    settings = network_settings(listing.stdout.decode(errors="replace"))
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIP_", "PYTHON", "UV_")) or UV_NETWORK.match(name)
    }
    for name, value in settings.items():
        kept["PIP_" + name.upper().replace("-", "_")] = value
        for variable in NETWORK_SETTINGS[name]:
            kept.setdefault(variable, value)
    kept["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    # pip then reads no configuration file, and uv none of the user or of another project.
    kept["PIP_CONFIG_FILE"] = os.devnull
    if settings.get("no-index", "").lower() in ("1", "on", "true", "y", "yes"):
        kept["UV_CONFIG_FILE"] = str(UV_NO_INDEX)
    else:
        kept["UV_NO_CONFIG"] = "1"
    # Like pip, use the best match of all indexes. Hashes are required in any case.
    kept.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return kept


def network_settings(listing: str) -> Dict[str, str]:
    """Return the settings for the network in the output of `pip config list`."""
    settings: Dict[str, str] = {}
    # In pip's configuration, the environment takes precedence over [install], and [install] over [global].
    for section in ("global.", "install.", ":env:."):
        for line in listing.splitlines():
            name, _, value = line.partition("=")
            if name.startswith(section) and name[len(section) :] in NETWORK_SETTINGS:
                settings[name[len(section) :]] = " ".join(str(ast.literal_eval(value)).split())
    return settings


def run(command: List[str], environment: Dict[str, str]) -> None:
    """Run a command of the installation. Its most probable failure is a missing network connection."""
    result = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if result.returncode == 0:
        return
    lines = result.stdout.decode(errors="replace").strip().splitlines()
    # pip starts each error with ERROR, after a WARNING for each attempt to reach the index. uv starts its message with
    # "error:", and the causes follow.
    errors = [number for number, line in enumerate(lines) if line.lower().startswith("error")]
    causes = [line for line in lines[: errors[0]] if line.startswith("WARNING")] if errors else []
    reasons = [*causes[-1:], *lines[errors[0] :]] if errors else lines[-1:]
    said = " ".join(" ".join(reasons).split()) or "nothing"
    advice = ""
    if INDEX_ERROR.search(said):
        advice = ": check that you can reach the package index, or set PIP_INDEX_URL to a mirror"
    raise UserError(
        f"the Python packages could not be installed{advice}. The installer reports: {said[:800]}"
    )


def output(command: List[str], timeout: float) -> str:
    """Return the output of a command, even if the command fails."""
    result = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=timeout
    )
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


def write_command() -> None:
    """Write the command `mwaa-dags`, which runs the sources of this directory.

    An editable installation would also put the sources of the function on the path of the local Lambda.
    """
    command = VENV / "bin" / "mwaa-dags"
    command.write_text(
        f"""\
#!{VENV / "bin" / "python"}
import sys

sys.path[:0] = {[str(PROJECT / name) for name in ("console", "lambda")]!r}
from mwaa_dags.cli import main

main()
"""
    )
    command.chmod(0o755)


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
