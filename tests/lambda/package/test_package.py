"""The zip: its contents, that it works alone, and that all builds are identical."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import botocore
import pytest

from sandbox.mwaa.releases import DEFAULT
from tests.support.fake_mwaa.server import FakeMwaa, endpoint
from tests.support.transports.adapter import RUN_ID
from tests.support.transports.adapters import ADAPTERS
from tools.paths import PROJECT, ZIP_HASH

SITE = Path(botocore.__file__).parents[1]
BUILD = "import runpy; runpy.run_module('lambda.build', run_name='__main__')"

Build = Callable[..., bytes]


def checkout(to: Path, wheels: Path) -> Path:
    """Copy the files that the build reads, as in another clone."""
    package = shutil.ignore_patterns("__pycache__")
    for name in ("lambda", "tools"):
        shutil.copytree(PROJECT / name, to / name, ignore=package)
    if wheels.is_dir():
        shutil.copytree(wheels, to / ".build" / "wheels")
    return to


WITH_PIP = str(PROJECT / ".build/package/bin/python")
"""The Python of `make package`. The environment of these tests may have no pip."""


def run(
    root: Path, code: str = BUILD, python: str = sys.executable, **env: str
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [python, "-c", code],
        cwd=root,
        env={**environment, **env},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def built(root: Path, code: str = BUILD, python: str = sys.executable, **env: str) -> bytes:
    done = run(root, code, python, **env)
    assert done.returncode == 0, done.stderr
    return (root / "dist" / "mwaa_dags_trigger.zip").read_bytes()


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with the wheels in its cache, and the zip built."""
    root = checkout(tmp_path_factory.mktemp("clone"), PROJECT / ".build" / "wheels")
    built(root)
    return root


@pytest.fixture(scope="session")
def zip_path(clone: Path) -> Path:
    return clone / "dist" / "mwaa_dags_trigger.zip"


@pytest.fixture
def other_clone(tmp_path: Path, clone: Path) -> Path:
    return checkout(tmp_path / "another" / "place", clone / ".build" / "wheels")


# The same bytes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "env"),
    [
        pytest.param(
            f"import os; os.umask(0o077); {BUILD}",
            {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7"},
            id="umask, time zone, locale and hash seed",
        ),
        pytest.param(
            f"import zlib; del zlib.compress, zlib.compressobj; {BUILD}",
            {},
            id="no zlib to compress",
        ),
    ],
)
def test_another_clone_builds_the_same_bytes(
    code: str, env: dict[str, str], other_clone: Path, zip_path: Path
) -> None:
    for path in other_clone.rglob("*.py"):
        path.chmod(0o755)
        os.utime(path, (1e9, 1e9))
    assert built(other_clone, code, **env) == zip_path.read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(".#app.py", id="lock of an editor"),
        pytest.param("._app.py", id="metadata of a file system"),
        pytest.param("app (copy).py", id="copy"),
        pytest.param("app-1.py", id="download"),
        pytest.param(".ipynb_checkpoints/app.py", id="hidden directory"),
        pytest.param("directory.py/__pycache__", id="directory"),
        pytest.param("linked.py", id="dangling link"),
    ],
)
def test_what_cannot_be_imported_is_not_packed(
    name: str, other_clone: Path, zip_path: Path
) -> None:
    path = other_clone / "lambda" / "mwaa_dags_trigger" / name
    path.parent.mkdir(exist_ok=True)
    path.symlink_to("user@host.123")
    if "link" not in name and "#" not in name:
        path.unlink()
        path.write_bytes(b"\x00\x05\x16\x07")
    assert built(other_clone) == zip_path.read_bytes()


def test_line_ends_of_windows_do_not_change_the_bytes(other_clone: Path, zip_path: Path) -> None:
    """A checkout without .gitattributes has these line ends if core.autocrlf is set."""
    for path in [*other_clone.rglob("*.py"), *other_clone.rglob("*.txt")]:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert built(other_clone) == zip_path.read_bytes()


def test_the_module_that_deploys_it_has_its_hash(zip_path: Path) -> None:
    digest = hashlib.sha256(zip_path.read_bytes()).digest()

    assert ZIP_HASH.read_text() == f"{base64.b64encode(digest).decode()}\n", (
        "run `make package`, and commit modules/target/package.sha256"
    )


def other_python() -> str | None:
    """Find another Python on the PATH that can import the modules that the build needs."""
    own = f"python3.{sys.version_info.minor}"
    for minor in range(11, 20):
        python = shutil.which(f"python3.{minor}")
        if python and Path(python).name != own:
            done = run(PROJECT, "import deflate, stream_zip", python, PYTHONPATH=str(SITE))
            if done.returncode == 0:
                return python
    return None


def test_another_python_builds_the_same_bytes(other_clone: Path, zip_path: Path) -> None:
    python = other_python()
    if python is None:
        pytest.skip("no other Python on this machine")
    assert built(other_clone, BUILD, python, PYTHONPATH=str(SITE)) == zip_path.read_bytes()


def test_a_changed_module_changes_the_bytes(other_clone: Path, zip_path: Path) -> None:
    with (other_clone / "lambda/mwaa_dags_trigger/app.py").open("a") as module:
        module.write("# changed\n")
    assert built(other_clone) != zip_path.read_bytes()


# Contents ---------------------------------------------------------------------------------------


def test_it_is_small(zip_path: Path) -> None:
    assert zip_path.stat().st_size <= 0.75 * 1024 * 1024


def test_it_contains_no_machine_code(zip_path: Path) -> None:
    with zipfile.ZipFile(zip_path) as archive:
        for name in archive.namelist():
            assert not name.endswith((".so", ".pyd", ".dylib", ".dll", ".pyc")), name
            assert not archive.read(name).startswith((b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe")), name
        wheels = [name for name in archive.namelist() if name.endswith(".dist-info/WHEEL")]
        assert len(wheels) == 5
        assert all(b"Root-Is-Purelib: true" in archive.read(name) for name in wheels)


def test_it_is_sorted_valid_and_readable_by_all(zip_path: Path) -> None:
    with zipfile.ZipFile(zip_path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(archive.namelist())
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        modes = {info.external_attr >> 16 for info in archive.infolist()}
        assert modes == {stat.S_IFREG | 0o644}


def test_it_contains_the_package_its_dependencies_and_their_licenses(zip_path: Path) -> None:
    with zipfile.ZipFile(zip_path) as archive:
        names = set(archive.namelist())
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "certifi",
        "charset_normalizer",
        "idna",
        "mwaa_dags_trigger",
        "requests",
        "urllib3",
    }
    for info in (top for top in tops if top.endswith(".dist-info")):
        assert any(name.startswith(f"{info}/licenses/") for name in names), info
    sources = PROJECT / "lambda"
    modules = (sources / "mwaa_dags_trigger").rglob("*.py")
    assert {path.relative_to(sources).as_posix() for path in modules} <= names


# It works alone ---------------------------------------------------------------------------------

ALONE = """
import json, os, sys
os.environ["TRANSPORT"] = {transport!r}
sys.path[:0] = [{code!r}, {runtime!r}]
from mwaa_dags_trigger import app
import requests, urllib3
assert requests.__file__.startswith({code!r}) and urllib3.__file__.startswith({code!r})

class Context:
    def get_remaining_time_in_millis(self):
        return 300_000

event = {{"mwaa_env_name": "etl", "mwaa_dag_name": "demo", "run_id": "{run_id}"}}
print(json.dumps(app.lambda_handler(event, Context())))
"""


@pytest.mark.parametrize("transport", ADAPTERS)
def test_the_unpacked_zip_works_with_only_the_botocore_of_the_runtime(
    transport: str, zip_path: Path, tmp_path: Path, mwaa: FakeMwaa
) -> None:
    with zipfile.ZipFile(zip_path) as archive:
        archive.extractall(tmp_path / "task")
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    for name in ("botocore", "dateutil", "jmespath", "six.py"):
        (runtime / name).symlink_to(SITE / name)
    mwaa.begin(*ADAPTERS[transport](DEFAULT).created())
    paths = {"code": str(tmp_path / "task"), "runtime": str(runtime)}
    code = ALONE.format(**paths, transport=transport, run_id=RUN_ID)
    # -S leaves site-packages out, -I the user's own settings.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        env={**os.environ, **endpoint(mwaa)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["created"], result["transport"]) == (True, transport)


# The build itself -------------------------------------------------------------------------------


def test_with_cached_wheels_it_needs_no_index_and_prints_path_size_and_hash(
    clone: Path, zip_path: Path
) -> None:
    done = run(clone, PIP_INDEX_URL="https://index.invalid", PIP_NO_INDEX="1")
    assert done.stderr == ""
    size = zip_path.stat().st_size
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"dist/mwaa_dags_trigger.zip {size} bytes sha256:")


def test_without_index_and_wheels_it_names_the_problem(tmp_path: Path) -> None:
    root = checkout(tmp_path / "clone", tmp_path / "no wheels")
    done = run(root, python=WITH_PIP, PIP_NO_INDEX="1", PIP_FIND_LINKS="", PIP_RETRIES="0")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("Cannot download the dependencies of the function. Check the network")
    assert not (root / "dist").exists()


def test_a_zip_that_cannot_be_written_is_reported(other_clone: Path) -> None:
    (other_clone / "dist").touch()
    done = run(other_clone)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("mwaa-dags-trigger: ")
    assert line.endswith("dist: File exists.")


def test_a_wheel_with_another_hash_is_not_used(other_clone: Path) -> None:
    wheel = next((other_clone / ".build" / "wheels").glob("idna-*.whl"))
    with wheel.open("ab") as file:
        file.write(b"x")
    done = run(other_clone, python=WITH_PIP, PIP_NO_INDEX="1", PIP_FIND_LINKS="", PIP_RETRIES="0")
    assert done.returncode == 1
    assert "Cannot download" in done.stderr


def test_the_lock_names_no_host_and_no_path() -> None:
    lock = (PROJECT / "lambda" / "requirements.txt").read_text()
    assert "://" not in lock
    assert "index" not in lock
    assert lock.count("--hash=sha256:") > 5
