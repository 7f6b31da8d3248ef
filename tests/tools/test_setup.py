"""The set-up reports missing requirements in one sentence, and finds package indexes and the provider mirror."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.mwaa.airflow import reserved_port
from tools import setup as module
from tools.paths import PROJECT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A directory with only the files that the set-up reads."""
    for name in ("tools", "lambda"):
        shutil.copytree(PROJECT / name, tmp_path / name)
    shutil.copy(PROJECT / "requirements-dev.txt", tmp_path)
    return tmp_path


def set_up(checkout: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    tools = checkout / "bin"
    tools.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, *(arguments or ("-m", "tools.setup"))],
        cwd=checkout,
        env={"PATH": str(tools), "HOME": str(checkout), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def provide(checkout: Path, name: str, script: str) -> None:
    tool = checkout / "bin" / name
    tool.parent.mkdir(exist_ok=True)
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)


def assert_one_sentence(result: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    for part in parts:
        assert part in result.stderr


def test_missing_terraform_is_reported(checkout: Path) -> None:
    assert_one_sentence(set_up(checkout), "Terraform is not on PATH", "install Terraform 1.9")


def test_old_terraform_is_reported(checkout: Path) -> None:
    provide(checkout, "terraform", "echo Terraform v1.5.7")

    assert_one_sentence(set_up(checkout), "this is 1.5", "install a newer version")


def test_a_python_without_venv_is_reported(checkout: Path) -> None:
    provide(checkout, "terraform", "echo Terraform v1.9.0")
    # Like Debian's python3 without python3-venv, whose venv module exists but fails.
    provide(checkout, "python-without-venv", "exit 1")
    python = str(checkout / "bin" / "python-without-venv")
    script = f"import sys; from tools import setup; sys.executable = {python!r}; setup.main()"

    result = set_up(checkout, "-c", script)

    assert_one_sentence(result, "install its venv module", "-venv")


def test_an_unreachable_package_index_is_reported(checkout: Path) -> None:
    provide(checkout, "terraform", "echo Terraform v1.9.0")

    with reserved_port() as closed:
        index = f"http://127.0.0.1:{closed}/"
        result = set_up(checkout, PIP_INDEX_URL=index, PIP_RETRIES="0", PIP_NO_CACHE_DIR="1")

    assert_one_sentence(result, "packages could not be installed", "PIP_INDEX_URL")


def test_uv_receives_the_index_of_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = "\n".join(
        [
            "global.index-url='https://global.example/simple'",
            "global.extra-index-url='https://a.example/simple\\nhttps://b.example/simple'",
            ":env:.index-url='https://env.example/simple'",
        ]
    )
    monkeypatch.setattr(module, "output", lambda _: listing)
    for variable in ("UV_DEFAULT_INDEX", "UV_INDEX", "SSL_CERT_FILE"):
        monkeypatch.delenv(variable, raising=False)
    assert module.index_settings() == {
        "UV_DEFAULT_INDEX": "https://env.example/simple",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_the_index_of_uv_has_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv.example/simple")
    monkeypatch.setattr(module, "output", lambda _: "global.index-url='https://pip.example'")
    assert "UV_DEFAULT_INDEX" not in module.index_settings()


def test_uv_runs_with_the_index_of_pip(tmp_path: Path) -> None:
    provide(tmp_path, "uv", 'echo "$UV_DEFAULT_INDEX $@"')
    done = subprocess.run(
        [sys.executable, "-m", "tools.uv", "pip", "compile"],
        cwd=PROJECT,
        env={"PATH": f"{tmp_path / 'bin'}", "PIP_INDEX_URL": "https://pip.example/simple"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "https://pip.example/simple pip compile\n"


class TestProviderMirror:
    @pytest.fixture(autouse=True)
    def machine(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A machine with a mirror in its directory of add-on software, which cannot reach the registry."""
        (tmp_path / "mirror" / "registry.example" / "hashicorp" / "aws").mkdir(parents=True)
        monkeypatch.setattr(module, "ADD_ON_SOFTWARE", tmp_path)
        monkeypatch.setattr(module, "CLI_CONFIG", tmp_path / "own.rc")
        monkeypatch.setattr(module, "is_reachable", lambda host: host != "registry.example")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.delenv("TF_CLI_CONFIG_FILE", raising=False)

    def test_is_found_without_a_configuration(self, tmp_path: Path) -> None:
        assert module.provider_mirror() == tmp_path / "mirror"

    def test_is_found_if_the_named_configuration_does_not_exist(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "missing.rc"))

        assert module.provider_mirror() == tmp_path / "mirror"

    def test_is_found_again_if_its_configuration_is_set(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "own.rc").touch()
        monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "own.rc"))

        assert module.provider_mirror() == tmp_path / "mirror"

    @pytest.mark.parametrize("name", [".terraformrc", "named.rc"])
    def test_is_not_used_if_the_user_has_a_configuration(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        (tmp_path / name).touch()
        if name == "named.rc":
            monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / name))

        assert module.provider_mirror() is None

    def test_is_not_used_if_the_registry_is_reachable(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "is_reachable", lambda _: True)

        assert module.provider_mirror() is None
