"""The set-up in hostile surroundings: settings of pip, uv and Python, paths, places that cannot be written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.test_setup import assert_one_sentence, checkout, provide, set_up
from tools import setup as module
from tools.errors import UserError
from tools.paths import PROJECT

__all__ = ["checkout"]

# Settings that change where packages go, which packages are chosen, or what is imported.
HOSTILE = (
    *("PIP_CONSTRAINT", "PIP_DRY_RUN", "PIP_NO_BINARY", "PIP_NO_DEPS", "PIP_PREFIX", "PIP_PYTHON"),
    *("PIP_REQUIRE_VIRTUALENV", "PIP_ROOT", "PIP_TARGET", "PIP_UPLOADED_PRIOR_TO", "PIP_USER"),
    *("PYTHONHOME", "PYTHONINSPECT", "PYTHONPATH", "PYTHONSAFEPATH", "PYTHONSTARTUP"),
    *("PYTHONUSERBASE", "PYTHONWARNINGS"),
    *("UV_CONFIG_FILE", "UV_CONSTRAINT", "UV_EXCLUDE_NEWER", "UV_NO_BINARY", "UV_OVERRIDE"),
    *("UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "UV_SYSTEM_PYTHON", "UV_TARGET", "UV_WORKING_DIR"),
)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give each test an environment without settings for an installer."""
    variables = {variable for names in module.NETWORK_SETTINGS.values() for variable in names}
    for name in os.environ:
        if name in variables or name.startswith(("PIP_", "UV_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_settings_that_move_packages_do_not_reach_an_installer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in HOSTILE:
        monkeypatch.setenv(name, "1")

    assert not {*HOSTILE} & {*module.installer_environment(sys.executable)}


def test_the_network_settings_of_pip_reach_pip_and_uv(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configuration = tmp_path / "pip.conf"
    configuration.write_text(
        """\
[global]
cert = /ca.pem
index-url = https://global.example/simple
extra-index-url =
    https://a.example/simple
    https://b.example/simple
proxy = http://proxy.example:3128
trusted-host = a.example b.example
[install]
find-links = https://wheels.example
target = elsewhere
"""
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
    monkeypatch.setenv("PIP_INDEX_URL", "https://env.example/simple")
    expected = {
        "PIP_CERT": "/ca.pem",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_EXTRA_INDEX_URL": "https://a.example/simple https://b.example/simple",
        "PIP_FIND_LINKS": "https://wheels.example",
        "PIP_INDEX_URL": "https://env.example/simple",
        "PIP_PROXY": "http://proxy.example:3128",
        "PIP_TRUSTED_HOST": "a.example b.example",
        "SSL_CERT_FILE": "/ca.pem",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "HTTP_PROXY": "http://proxy.example:3128",
        "UV_DEFAULT_INDEX": "https://env.example/simple",
        "UV_FIND_LINKS": "https://wheels.example",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_INSECURE_HOST": "a.example b.example",
        "UV_NO_CONFIG": "1",
    }

    environment = module.installer_environment(sys.executable)

    assert {name: environment.get(name) for name in expected} == expected
    assert "elsewhere" not in environment.values()


def test_the_variables_of_uv_have_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example/simple")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv.example/simple")

    environment = module.installer_environment(sys.executable)

    assert environment["UV_DEFAULT_INDEX"] == "https://uv.example/simple"


def test_uv_uses_no_index_if_pip_uses_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    command = [sys.executable, "-m", "tools.uv", "pip", "compile", "-"]

    done = subprocess.run(
        command, cwd=PROJECT, input="idna", capture_output=True, text=True, timeout=60, check=False
    )

    assert "idna was not found in the provided package locations" in " ".join(done.stderr.split())


def test_a_broken_configuration_of_pip_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configuration = tmp_path / "pip.conf"
    configuration.write_text("index-url = https://global.example/simple\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))

    with pytest.raises(UserError, match=r"pip cannot read its configuration.*no section headers"):
        module.installer_environment(sys.executable)


def test_an_installation_that_cannot_be_imported_is_not_complete(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "PROJECT", tmp_path)
    requirements = tmp_path / "requirements.txt"
    requirements.touch()

    with pytest.raises(UserError, match="No module named 'nosuch'"):
        module.install_packages(tmp_path / "venv", requirements, "nosuch")
    assert not (tmp_path / "venv" / ".installed").exists()


@pytest.mark.parametrize(
    ("said", "reported", "advised"),
    [
        pytest.param(
            "error: Failed to fetch: `https://pypi.example/idna/`\n  Caused by: dns error",
            "`https://pypi.example/idna/` Caused by: dns error",
            True,
            id="uv without an index",
        ),
        pytest.param(
            "ERROR: No matching distribution found for uv==1",
            "No matching distribution found for uv==1",
            True,
            id="pip without an index",
        ),
        pytest.param(
            "WARNING: Retrying after Y\nWARNING: Retrying after Z\nERROR: No matching distribution found for uv==1",
            "reports: WARNING: Retrying after Z ERROR: No matching distribution found for uv==1",
            True,
            id="cause before the error",
        ),
        pytest.param(
            "ERROR: Cannot install idna==3.4\nThe user requested (constraint) idna==3.3",
            "The user requested (constraint) idna==3.3",
            False,
            id="conflict",
        ),
        pytest.param(
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "No space left on device",
            False,
            id="full disk",
        ),
        pytest.param("Killed", "Killed", False, id="other"),
        pytest.param("", "nothing", False, id="nothing"),
    ],
)
def test_what_an_installer_says_is_reported_with_advice_for_the_known_cause(
    said: str, reported: str, advised: bool
) -> None:
    with pytest.raises(UserError) as error:
        module.run(["sh", "-c", 'echo "$1"; exit 1', "installer", said], dict(os.environ))

    assert reported in str(error.value)
    assert ("reach the package index" in str(error.value)) is advised
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("place", ["a file", "a place that cannot be written"])
def test_a_build_directory_that_cannot_be_used_is_reported(checkout: Path, place: str) -> None:
    if place == "a file":
        (checkout / ".build").touch()
    else:
        (checkout / ".build").symlink_to("/proc")

    result = set_up(checkout, "-m", "tools.setup", "package")

    assert_one_sentence(result, "cannot create a virtual environment. It reports:", ".build")
    assert "apt install" not in result.stderr


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        pytest.param(
            PermissionError(13, "Permission denied", ".build/env"),
            ".build/env: Permission denied. Check who owns it, for example root after an earlier `sudo make`.",
            id="owned by somebody else",
        ),
        pytest.param(
            OSError(28, "No space left on device", ".build/env"),
            ".build/env: No space left on device.",
            id="full disk",
        ),
        pytest.param(
            OSError(30, "Read-only file system", "dist"),
            "dist: Read-only file system.",
            id="read-only",
        ),
    ],
)
def test_a_file_that_cannot_be_written_is_described(error: OSError, sentence: str) -> None:
    assert module.describe(error) == sentence


@pytest.mark.parametrize(
    ("script", "reported"),
    [
        pytest.param("echo OpenTofu v1.10.6", "prints `OpenTofu v1.10.6`", id="OpenTofu"),
        pytest.param(
            "echo 'No version is set for terraform' >&2; exit 1",
            "prints `No version is set for terraform`",
            id="version manager without a version",
        ),
        pytest.param("exit 0", "prints `nothing`", id="no output"),
    ],
)
def test_another_program_that_is_called_terraform_is_quoted(
    checkout: Path, script: str, reported: str
) -> None:
    provide(checkout, "terraform", script)

    assert_one_sentence(set_up(checkout), reported, "install Terraform 1.9 or newer")


def test_a_terraform_that_cannot_be_executed_is_reported(checkout: Path) -> None:
    provide(checkout, "terraform", "")
    (checkout / "bin" / "terraform").write_bytes(b"\x7fELF")

    assert_one_sentence(set_up(checkout), "Exec format error", "install Terraform 1.9 or newer")


def test_a_wrapper_may_print_lines_before_the_version_of_terraform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provide(tmp_path, "terraform", "echo Using the project version; echo Terraform v1.11.4")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    module.check_terraform()


@pytest.mark.parametrize("character", [*":;?#*$&|<>!`\"'\\[]{}", "\n", "\t", "\udcff"], ids=ascii)
def test_a_path_with_which_a_tool_would_fail_is_refused(
    monkeypatch: pytest.MonkeyPatch, character: str
) -> None:
    monkeypatch.setattr(module, "PROJECT", Path(f"/home/user/check{character}out"))

    with pytest.raises(UserError, match="move the checkout") as error:
        module.check_path()
    assert "\n" not in str(error.value)


def test_a_path_is_refused_before_anything_is_created(checkout: Path) -> None:
    (checkout / "a:b").mkdir()
    for name in ("lambda", "tools"):
        (checkout / name).rename(checkout / "a:b" / name)

    result = set_up(checkout / "a:b", "-m", "tools.setup", "package")

    assert_one_sentence(result, "contains ':'", "move the checkout")
    assert not (checkout / "a:b" / ".build").exists()


def test_a_clone_has_the_same_line_ends_with_core_autocrlf(tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    origin.mkdir()
    (origin / ".gitattributes").write_bytes((PROJECT / ".gitattributes").read_bytes())
    (origin / "module.py").write_bytes(b"one\ntwo\n")
    identity = ["-c", "user.name=n", "-c", "user.email=n@example.com"]
    for command in (
        ["init", "--quiet", str(origin)],
        ["-C", str(origin), "add", "."],
        ["-C", str(origin), *identity, "commit", "--quiet", "--message", "first"],
        ["-c", "core.autocrlf=true", "clone", "--quiet", str(origin), str(tmp_path / "clone")],
    ):
        subprocess.run(["git", *command], check=True, timeout=60)

    assert (tmp_path / "clone" / "module.py").read_bytes() == b"one\ntwo\n"
