"""Reads and checks the values of single settings. Each raises ValueError with a sentence for people."""

import re
import stat
import sys
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from backend.path_prefix import is_prefix
from backend.trusted_proxies import split_entries

#: What stands in examples, without marks: with such a key anybody could sign tokens.
_EXAMPLES = ("replacewith", "replacethis", "changeme", "changethis", "changeinproduction", "yoursecret", "verysecret")
#: A random key of 32 hexadecimal digits takes 10^31 guesses by zxcvbn's count; words, rows of keys and repetitions
#: take fewer than this.
_MIN_KEY_GUESSES_LOG10 = 20
#: How an origin is written. A browser sends "null" for pages of any site.
_ORIGIN = re.compile(r"https?://(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


#: Names in `WHISPER_MODELS` that would be those of a built-in engine.
_WHISPER_NAMES = {"large"}


def check_public_url(value: str | None) -> str | None:
    """The address of the page, with its path if it has one."""
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or "@" in value:
        raise ValueError("it must be like https://example.org/ or https://example.org/asr/")
    path = parts.path.rstrip("/")
    if path and not is_prefix(path):
        raise ValueError(
            f"{path} cannot be the path: use letters, digits, -, _, . and ~, and no path of the server itself, "
            "such as /api"
        )
    return value


def split_origins(value: object) -> object:
    """Origins separated by commas."""
    if isinstance(value, str):
        value = tuple(origin.strip().rstrip("/").lower() for origin in value.split(",") if origin.strip())
    if isinstance(value, tuple | list):
        if "*" in value:
            raise ValueError("list the origins of the web page; * would allow every site")
        for origin in value:
            if not (isinstance(origin, str) and _ORIGIN.fullmatch(origin)):
                raise ValueError(
                    f"{origin} is no origin such as https://host or https://host:8443, without a path; null would "
                    "allow every site"
                )
    return value


def split_hosts(value: object) -> object:
    """Names of hosts separated by commas."""
    if isinstance(value, str):
        value = tuple(host.strip().lower() for host in value.split(",") if host.strip())
    if isinstance(value, tuple | list):
        for host in value:
            if not (isinstance(host, str) and _HOST.fullmatch(host)):
                raise ValueError(f"{host} is no name of a host, such as robot.example.lan, without a port")
    return value


def known_log_level(value: object) -> object:
    """The level in capitals."""
    if not isinstance(value, str) or value.upper() not in _LOG_LEVELS:
        raise ValueError(f"it must be one of {', '.join(_LOG_LEVELS)}")
    return value.upper()


def split_whisper_folders(value: object, root: Path) -> object:
    """NAME=FOLDER pairs separated by commas; folders are relative to `root`."""
    if not isinstance(value, str):
        return value
    folders: dict[str, Path] = {}
    for part in filter(None, (part.strip() for part in value.split(","))):
        name, equals, folder = (side.strip() for side in part.partition("="))
        if not (equals and folder and re.fullmatch("[a-z0-9][a-z0-9.-]{0,31}", name)):
            raise ValueError(
                f"{part!r} is not NAME=FOLDER; a name has small letters, digits, points and hyphens, at most 32"
            )
        if name in _WHISPER_NAMES or name in folders:
            raise ValueError(f"the name {name!r} is taken; choose another one")
        folders[name] = (root / Path(folder).expanduser()).resolve()
    return folders


def check_proxies(value: str) -> str:
    """Addresses and networks as `backend.trusted_proxies` reads them."""
    split_entries(value)
    return value


def check_key(value: SecretStr) -> SecretStr:
    """A key that nobody can guess."""
    if not is_strong_key(value.get_secret_value()):
        raise ValueError(
            "it must be a random string of at least 32 characters, not an example, words or a repetition; "
            "make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return value


@lru_cache(maxsize=8)
def is_strong_key(key: str) -> bool:
    """Whether nobody can guess it: random, and no example."""
    if len(key) < 32:
        return False
    letters = "".join(filter(str.isalnum, key.lower()))
    if any(example in letters for example in _EXAMPLES):
        return False
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # loads a megabyte of word lists

    # A part is enough, and zxcvbn takes long for long texts.
    return float(zxcvbn(key[:48])["guesses_log10"]) >= _MIN_KEY_GUESSES_LOG10


def check_file_mode(path: Path) -> None:
    """End the program when every user of the machine can read `.env`: whoever has the key can sign in as anybody."""
    if path.is_file() and path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        print(f"{path} can be read by every user of this machine. Run: chmod 600 {path}", file=sys.stderr)
        raise SystemExit(2)
