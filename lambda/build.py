"""Build dist/mwaa_dags_trigger.zip: the package, and what it needs beside botocore.

The zip is the same to the byte wherever it is built: names are sorted, times and modes are fixed,
and libdeflate compresses, because the zlib that Python comes with differs between machines.
"""

from __future__ import annotations

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

from tools.paths import BUILD, PROJECT, ZIP

PACKAGE = PROJECT / "lambda" / "mwaa_dags_trigger"
REQUIREMENTS = PROJECT / "lambda" / "requirements.txt"
WHEELS = BUILD / "wheels"

MAX_BYTES = 768 * 1024
DOWNLOAD_S = 180
# The earliest time that a zip can hold; it has no time zone.
TIME = datetime(1980, 1, 1)  # noqa: DTZ001
MODE = stat.S_IFREG | 0o644


class Compressor:
    """The part of `zlib.compressobj` that `stream_zip` uses, over libdeflate."""

    def __init__(self) -> None:
        self._data = bytearray()

    def compress(self, data: bytes) -> bytes:
        """Take data in; everything comes out of `flush`."""
        self._data += data
        return b""

    def flush(self) -> bytes:
        """Return all of the data, compressed."""
        return bytes(deflate.deflate_compress(self._data, 12))


def main() -> None:
    """Build the zip and print its path, size and SHA-256."""
    files = package_files()
    for wheel in locked_wheels():
        files |= wheel_files(wheel)
    data = zipped(files)
    if len(data) > MAX_BYTES:
        sys.exit(f"The zip has {len(data)} bytes, more than {MAX_BYTES}: look what was added.")
    replace(ZIP, data)
    print(f"{ZIP.relative_to(PROJECT)} {len(data)} bytes sha256:{hashlib.sha256(data).hexdigest()}")  # noqa: T201


def package_files() -> dict[str, bytes]:
    """Read the package's own modules, by their name in the zip."""
    modules = PACKAGE.rglob("*.py")
    return {path.relative_to(PACKAGE.parent).as_posix(): path.read_bytes() for path in modules}


def wheel_files(wheel: Path) -> dict[str, bytes]:
    """Read a wheel's files, licences and metadata included, by their name in the zip.

    RECORD is left out: it lists the files of an installation, which this is not.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = (
            name for name in archive.namelist() if not name.endswith((".dist-info/RECORD", "/"))
        )
        return {name: archive.read(name) for name in names}


def locked_wheels() -> list[Path]:
    """Find the wheels that requirements.txt locks, and download those that are missing.

    Only wheels without machine code count, so that the zip serves arm64 and x86_64.
    """
    wheels = found_wheels()
    if None in wheels.values():
        download()
        wheels = found_wheels()
    missing = [name for name, wheel in wheels.items() if wheel is None]
    if missing:
        sys.exit(
            f"No wheel in pure Python has a locked hash: {', '.join(missing)}. Run `make lock`."
        )
    return [wheel for wheel in wheels.values() if wheel is not None]


def found_wheels() -> dict[str, Path | None]:
    """Return, for each requirement, the wheel in the cache whose hash is locked, or None."""
    present = {
        hashlib.sha256(path.read_bytes()).hexdigest(): path
        for path in WHEELS.glob("*-none-any.whl")
    }
    # A requirement begins a line; its hashes follow on lines of their own.
    requirements = re.findall(r"^(\w\S*)((?:.*\\\n)*.*)", REQUIREMENTS.read_text(), re.MULTILINE)
    return {
        name: next(
            (present[sha] for sha in re.findall(r"sha256:(\w+)", hashes) if sha in present), None
        )
        for name, hashes in requirements
    }


def download() -> None:
    """Fill the cache from the package index."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary=:all:", "--platform=any", "--implementation=py", "--abi=none"]
    command += ["--dest", str(WHEELS), "--requirement", str(REQUIREMENTS)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=DOWNLOAD_S, check=False
        )
        problem = done.stderr.strip().rpartition("\n")[2] if done.returncode else ""
    except subprocess.TimeoutExpired:
        problem = f"no answer in {DOWNLOAD_S} s"
    if problem:
        sys.exit(
            "Cannot download what the Lambda's zip needs: check the network, or pip's index and "
            f"proxy settings ({problem})."
        )


def zipped(files: dict[str, bytes]) -> bytes:
    """Zip the files, sorted by name."""

    def members() -> Iterator[MemberFile]:
        for name in sorted(files):
            yield name, TIME, MODE, ZIP_32, (files[name],)

    # Typed as zlib's own, of which it uses what Compressor has.
    compressor: Any = Compressor
    return b"".join(stream_zip(members(), get_compressobj=compressor, extended_timestamps=False))


def replace(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as part:
        part.write(data)
    Path(part.name).chmod(0o644)
    Path(part.name).replace(path)


if __name__ == "__main__":
    main()
