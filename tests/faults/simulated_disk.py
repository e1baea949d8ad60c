"""A simulated disk that knows what a power cut would leave, fed with the system calls of a real server.

strace records every call that changes a file. The bytes of a file are durable after its fsync, a name after the fsync
of its folder. Whatever else a file system may keep is dropped here, or drawn at random.
"""

import ast
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

#: The calls to trace: those that change bytes or names, those that sync them, and those that send answers.
CALLS = [
    *("openat", "close", "write", "pwrite64", "writev", "pwritev", "lseek", "ftruncate", "fsync", "fdatasync"),
    *("rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir"),
    *("sendto", "sendmsg", "clone", "clone3", "fork", "vfork", "sendfile", "copy_file_range", "fallocate"),
]
_LINE = re.compile(r"(\d+) +(.*)", re.DOTALL)
_CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+|\?)", re.DOTALL)
_RESUMED = re.compile(r"<\.\.\. (\w+) resumed>(.*)", re.DOTALL)
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_PLACE = re.compile(r"(?:(\d+)|AT_FDCWD)<((?:[^>\\]|\\.)*)>")
_BLOCK = 4096


@dataclass(slots=True)
class File:
    now: bytearray = field(default_factory=bytearray)
    synced: bytes = b""  #: as of its last fsync


@dataclass(slots=True)
class Folder:
    now: dict[str, "File | Folder"] = field(default_factory=dict)
    synced: dict[str, "File | Folder"] = field(default_factory=dict)


@dataclass(slots=True)
class _Open:
    what: File | Folder
    at: int = 0
    appends: bool = False


class Disk:
    """The folder `root`, whose present content is durable."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.tree = _read_tree(root)
        self._open: dict[tuple[int, int], _Open] = {}

    def write_after_power_cut(self, target: Path, rng: random.Random | None) -> None:
        """Write to `target` what a power cut would leave now. Without `rng`, only what is durable."""
        _write_tree(self.tree, target, rng)

    def do(self, process: int, call: str, arguments: str, result: int) -> bool:
        """Apply a call; answers whether it changed the content or what is durable."""
        if result < 0 and call != "close":
            return False
        paths = [self._path(text) for text in _texts(arguments, call)]
        match call:
            case "openat":
                return self._opened(process, arguments, result)
            case "close":
                place = _PLACE.match(arguments)
                self._open.pop((process, int(place[1])) if place and place[1] else (0, 0), None)
                return False
            case "rename" | "renameat" | "renameat2":
                if paths[0] is None or paths[1] is None:
                    return False
                # Renaming a name onto another one of the same file does nothing.
                if self._find(paths[0]) is not self._find(paths[1]):
                    self._folder(paths[1]).now[paths[1].name] = self._folder(paths[0]).now.pop(paths[0].name)
                return True
            case "link" | "linkat":
                if paths[1] is None or paths[0] is None:
                    return False
                self._folder(paths[1]).now[paths[1].name] = self._folder(paths[0]).now[paths[0].name]
                return True
            case "unlink" | "unlinkat" | "rmdir":
                if paths[0] is None:
                    return False
                return self._folder(paths[0]).now.pop(paths[0].name, None) is not None
            case "mkdir" | "mkdirat":
                if paths[0] is None:
                    return False
                self._folder(paths[0]).now.setdefault(paths[0].name, Folder())
                return True
        place = _PLACE.match(arguments)
        opened = self._open.get((process, int(place[1]))) if place and place[1] else None
        return opened is not None and self._on_open(opened, call, arguments, result)

    def _on_open(self, opened: _Open, call: str, arguments: str, result: int) -> bool:
        file = opened.what
        if call in ("fsync", "fdatasync"):
            if isinstance(file, Folder):
                file.synced = dict(file.now)
            else:
                file.synced = bytes(file.now)
            return True
        assert isinstance(file, File)
        if call == "lseek":
            opened.at = result
            return False
        if call in ("ftruncate", "fallocate"):
            size = int(arguments.rsplit(",", 1)[1])
            file.now[:] = file.now[:size].ljust(size, b"\0") if call == "ftruncate" else file.now.ljust(size, b"\0")
            return True
        if call in ("write", "writev", "pwrite64", "pwritev", "sendfile"):
            data = self._sent(arguments, result) if call == "sendfile" else _written(arguments, result)
            at = int(arguments.rsplit(",", 1)[1]) if call.startswith("p") else opened.at
            at = len(file.now) if opened.appends else at
            if len(file.now) < at:
                file.now.extend(bytes(at - len(file.now)))
            file.now[at : at + result] = data
            if not call.startswith("p"):
                opened.at = at + result
            return True
        raise AssertionError(f"unknown call {call}")

    def _sent(self, arguments: str, result: int) -> bytes:
        """The bytes of a sendfile call, which names only the source and the offset."""
        _, source = (Path(_bytes(text).decode()) for _, text in _PLACE.findall(arguments))
        [offset] = re.findall(r"\[(\d+)\]", arguments)[:1]
        below = self._path(str(source))
        found = None if below is None else self._find(below)
        content = bytes(found.now) if isinstance(found, File) else source.read_bytes()
        return content[int(offset) : int(offset) + result]

    def _opened(self, process: int, arguments: str, result: int) -> bool:
        [path, *_] = [self._path(text) for text in _texts(arguments, "openat")]
        self._open.pop((process, result), None)
        if path is None:
            return False
        found = self._find(path)
        changed = False
        if found is None:
            if "O_CREAT" not in arguments:
                return False  # made by a process that is not traced; nothing depends on it
            found = self._folder(path).now[path.name] = File()
            changed = True
        elif "O_TRUNC" in arguments and isinstance(found, File) and found.now:
            found.now.clear()
            changed = True
        self._open[process, result] = _Open(found, appends="O_APPEND" in arguments)
        return changed

    def _path(self, text: str) -> Path | None:
        """The path relative to the root, or None if it is outside."""
        path = Path(text)
        return path.relative_to(self.root) if path.is_relative_to(self.root) else None

    def _find(self, path: Path) -> File | Folder | None:
        found: File | Folder | None = self.tree
        for part in path.parts:
            found = found.now.get(part) if isinstance(found, Folder) else None
        return found

    def _folder(self, path: Path) -> Folder:
        folder = self._find(path.parent)
        assert isinstance(folder, Folder), path
        return folder


def calls(trace: Path) -> Iterator[tuple[int, str, str, int]]:
    """Process, name, arguments and result of each call, in the order in which the calls returned."""
    lines = [found for line in trace.read_text("utf-8", "surrogateescape").split("\n") if (found := _LINE.match(line))]
    whole = list(_joined((int(line[1]), line[2]) for line in lines))
    leader: dict[int, int] = {}
    for thread, call in whole:
        made = _CALL.match(call)
        if made and made[1] in ("clone", "clone3") and "CLONE_THREAD" in made[2] and made[3] != "?":
            leader[int(made[3])] = thread
    for thread, call in whole:
        if (made := _CALL.match(call)) and made[3] != "?":
            process = thread
            while process in leader:
                process = leader[process]
            yield process, made[1], made[2], int(made[3])


def _joined(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    unfinished: dict[int, str] = {}
    for thread, line in lines:
        if line.endswith("<unfinished ...>"):
            unfinished[thread] = line.removesuffix("<unfinished ...>").rstrip()
        elif resumed := _RESUMED.match(line):
            yield thread, unfinished.pop(thread, "") + resumed[2]
        else:
            yield thread, line


def _texts(arguments: str, call: str) -> list[str]:
    """The full paths of a call: relative ones are joined to the path of their folder descriptor."""
    if call in ("write", "pwrite64", "writev", "pwritev", "sendto", "sendmsg"):
        return []
    found: list[str] = []
    folder = ""
    for token in re.finditer(rf"{_PLACE.pattern}|{_STRING.pattern}", arguments):
        if token[3] is None:
            folder = _bytes(token[2]).decode()
        else:
            found.append(str(Path(folder, _bytes(token[3]).decode())))
    return found


def _bytes(quoted: str) -> bytes:
    value = ast.literal_eval(f'b"{quoted}"')
    assert isinstance(value, bytes)
    return value


def _written(arguments: str, result: int) -> bytes:
    data = b"".join(_bytes(text) for text in _STRING.findall(arguments))[:result]
    assert len(data) == result, f"strace has truncated the data: {arguments[:80]}"
    return data


def _read_tree(path: Path) -> File | Folder:
    if not path.is_dir():
        content = path.read_bytes()
        return File(bytearray(content), content)
    names = {one.name: _read_tree(one) for one in path.iterdir()}
    return Folder(dict(names), dict(names))


def _write_tree(what: File | Folder, path: Path, rng: random.Random | None) -> None:
    if isinstance(what, File):
        path.write_bytes(_torn(what, rng) if rng else what.synced)
        return
    path.mkdir(exist_ok=True)
    names = dict(what.synced)
    for name in sorted({*what.now, *what.synced}) if rng else []:
        if what.now.get(name) is not what.synced.get(name) and rng and rng.random() < 0.5:
            if name in what.now:
                names[name] = what.now[name]
            else:
                del names[name]
    for name, below in names.items():
        _write_tree(below, path / name, rng)


def _torn(file: File, rng: random.Random) -> bytes:
    """A torn write: each block is the old or the new one, and so is the length."""
    if file.now == file.synced:
        return file.synced
    size = rng.choice((len(file.now), len(file.synced)))
    torn = bytearray(file.synced[:size].ljust(size, b"\0"))
    for at in range(0, min(size, len(file.now)), _BLOCK):
        if rng.random() < 0.5:
            new = file.now[at : min(at + _BLOCK, size)]
            torn[at : at + len(new)] = new
    return bytes(torn)
