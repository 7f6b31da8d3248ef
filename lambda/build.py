"""Build dist/mwaa_dags_trigger.zip: the package and its dependencies other than botocore.

The zip is identical to the byte on all machines: names are sorted, times and modes are fixed, and
libdeflate compresses the files, because Python's zlib differs between machines.
"""

from __future__ import annotations

import base64
import hashlib
import re
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import deflate
from stream_zip import ZIP_32, MemberFile, stream_zip

from tools.errors import UserError
from tools.paths import BUILD, PROJECT, ZIP, ZIP_HASH
from tools.setup import describe, installer_environment

PACKAGE = PROJECT / "lambda" / "mwaa_dags_trigger"
REQUIREMENTS = PROJECT / "lambda" / "requirements.txt"
WHEELS = BUILD / "wheels"

MAX_BYTES = 768 * 1024
DOWNLOAD_SECONDS = 180
# The earliest time that a zip can contain. It has no time zone.
TIME = datetime(1980, 1, 1)  # noqa: DTZ001
MODE = stat.S_IFREG | 0o644


class Compressor:
    """The part of `zlib.compressobj` that `stream_zip` uses, implemented with libdeflate."""

    def __init__(self) -> None:
        self._data = bytearray()

    def compress(self, data: bytes) -> bytes:
        """Buffer the data for `flush`."""
        self._data += data
        return b""

    def flush(self) -> bytes:
        """Return all data, compressed."""
        return bytes(deflate.deflate_compress(self._data, 12))


def main() -> None:
    """Build the zip, write its SHA-256 for the module that deploys it, and print path, size and hash."""
    files = package_files()
    for wheel in locked_wheels():
        files |= wheel_files(wheel)
    data = create_zip(files)
    if len(data) > MAX_BYTES:
        sys.exit(
            f"The zip has {len(data)} bytes, more than {MAX_BYTES}. Check which files were added."
        )
    replace(ZIP, data)
    digest = hashlib.sha256(data)
    replace(ZIP_HASH, base64.b64encode(digest.digest()) + b"\n")
    print(f"{ZIP.relative_to(PROJECT)} {len(data)} bytes sha256:{digest.hexdigest()}")  # noqa: T201


def package_files() -> dict[str, bytes]:
    """Return the modules of the package that can be imported, by their names in the zip."""
    names = {path: path.relative_to(PACKAGE.parent) for path in PACKAGE.rglob("*.py")}
    # Without what an editor or a file system adds, such as `.#app.py` and `._app.py`, and with the same line ends
    # everywhere: Git writes others with `core.autocrlf`.
    return {
        name.as_posix(): path.read_bytes().replace(b"\r\n", b"\n")
        for path, name in names.items()
        if path.is_file() and all(part.isidentifier() for part in name.with_suffix("").parts)
    }


def wheel_files(wheel: Path) -> dict[str, bytes]:
    """Return the files of a wheel, including licenses and metadata, by their names in the zip.

    RECORD is omitted, because it describes an installation.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = (
            name for name in archive.namelist() if not name.endswith((".dist-info/RECORD", "/"))
        )
        return {name: archive.read(name) for name in names}


def locked_wheels() -> list[Path]:
    """Return the wheels that requirements.txt locks. Download missing wheels.

    Only wheels without machine code are used, so that the zip works on arm64 and x86_64.
    """
    wheels = cached_wheels()
    if None in wheels.values():
        download()
        wheels = cached_wheels()
    missing = [name for name, wheel in wheels.items() if wheel is None]
    if missing:
        sys.exit(
            f"No wheel without machine code has a locked hash: {', '.join(missing)}. Run `make lock`."
        )
    return [wheel for wheel in wheels.values() if wheel is not None]


def cached_wheels() -> dict[str, Path | None]:
    """Return the cached wheel with a locked hash for each requirement, or None."""
    present = {
        hashlib.sha256(path.read_bytes()).hexdigest(): path
        for path in WHEELS.glob("*-none-any.whl")
    }
    # Each requirement starts a line. Its hashes are on the next lines.
    requirements = re.findall(r"^(\w\S*)((?:.*\\\n)*.*)", REQUIREMENTS.read_text(), re.MULTILINE)
    return {
        name: next(
            (present[sha] for sha in re.findall(r"sha256:(\w+)", hashes) if sha in present), None
        )
        for name, hashes in requirements
    }


def download() -> None:
    """Download the wheels from the package index into the cache."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary=:all:", "--platform=any", "--implementation=py", "--abi=none"]
    command += ["--dest", str(WHEELS), "--requirement", str(REQUIREMENTS)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            env=installer_environment(sys.executable),
            text=True,
            timeout=DOWNLOAD_SECONDS,
            check=False,
        )
        problem = done.stderr.strip().rpartition("\n")[2] if done.returncode else ""
    except subprocess.TimeoutExpired:
        problem = f"no response in {DOWNLOAD_SECONDS} s"
    if problem:
        sys.exit(
            "Cannot download the dependencies of the function. Check the network and pip's index and "
            f"proxy settings ({problem})."
        )


def create_zip(files: dict[str, bytes]) -> bytes:
    """Return a zip of the files, sorted by name."""

    def members() -> Iterator[MemberFile]:
        for name in sorted(files):
            yield name, TIME, MODE, ZIP_32, (files[name],)

    # stream_zip declares zlib's type, but uses only these methods.
    compressor: Any = Compressor
    return b"".join(stream_zip(members(), get_compressobj=compressor, extended_timestamps=False))


def replace(path: Path, data: bytes) -> None:
    """Write a file completely or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as part:
        part.write(data)
    Path(part.name).chmod(0o644)
    Path(part.name).replace(path)


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"mwaa-dags-trigger: {error}")
    except OSError as error:
        sys.exit(f"mwaa-dags-trigger: {describe(error)}")
