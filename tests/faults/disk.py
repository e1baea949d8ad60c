"""A disk that remembers what would be left of it after a power cut, fed with the system calls of a real server.

strace writes down every call that changes a file. A file's bytes last from its fsync on, a name from the fsync of its
folder on; whatever else a file system keeps is kindness, and here it is drawn by lot, or withheld.
"""

import ast
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

#: What is asked of strace. Everything that changes bytes or names, everything that makes it last, and what is answered.
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
    lasting: bytes = b""  #: as of its last fsync


@dataclass(slots=True)
class Folder:
    now: dict[str, "File | Folder"] = field(default_factory=dict)
    lasting: dict[str, "File | Folder"] = field(default_factory=dict)


@dataclass(slots=True)
class _Open:
    what: File | Folder
    at: int = 0
    appends: bool = False


class Disk:
    """The folder `root`, whose content lasts when this begins."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.tree = _taken(root)
        self._open: dict[tuple[int, int], _Open] = {}

    def cut(self, target: Path, lot: random.Random | None) -> None:
        """Put down at `target` what a power cut would leave now. Without `lot`, nothing that was not made lasting."""
        _put(self.tree, target, lot)

    def do(self, process: int, call: str, said: str, result: int) -> bool:
        """Whether it changed what is, or what lasts."""
        if result < 0 and call != "close":
            return False
        paths = [self._path(text) for text in _texts(said, call)]
        match call:
            case "openat":
                return self._opened(process, said, result)
            case "close":
                place = _PLACE.match(said)
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
        place = _PLACE.match(said)
        opened = self._open.get((process, int(place[1]))) if place and place[1] else None
        return opened is not None and self._on_open(opened, call, said, result)

    def _on_open(self, opened: _Open, call: str, said: str, result: int) -> bool:
        file = opened.what
        if call in ("fsync", "fdatasync"):
            if isinstance(file, Folder):
                file.lasting = dict(file.now)
            else:
                file.lasting = bytes(file.now)
            return True
        assert isinstance(file, File)
        if call == "lseek":
            opened.at = result
            return False
        if call in ("ftruncate", "fallocate"):
            size = int(said.rsplit(",", 1)[1])
            file.now[:] = file.now[:size].ljust(size, b"\0") if call == "ftruncate" else file.now.ljust(size, b"\0")
            return True
        if call in ("write", "writev", "pwrite64", "pwritev", "sendfile"):
            data = self._sent(said, result) if call == "sendfile" else _written(said, result)
            at = int(said.rsplit(",", 1)[1]) if call.startswith("p") else opened.at
            at = len(file.now) if opened.appends else at
            if len(file.now) < at:
                file.now.extend(bytes(at - len(file.now)))
            file.now[at : at + result] = data
            if not call.startswith("p"):
                opened.at = at + result
            return True
        raise AssertionError(f"nobody knows what {call} does to a disk")

    def _sent(self, said: str, result: int) -> bytes:
        """What sendfile took: it is told from where, and not what it was."""
        _, source = (Path(_bytes(text).decode()) for _, text in _PLACE.findall(said))
        [offset] = re.findall(r"\[(\d+)\]", said)[:1]
        below = self._path(str(source))
        found = None if below is None else self._find(below)
        content = bytes(found.now) if isinstance(found, File) else source.read_bytes()
        return content[int(offset) : int(offset) + result]

    def _opened(self, process: int, said: str, result: int) -> bool:
        [path, *_] = [self._path(text) for text in _texts(said, "openat")]
        self._open.pop((process, result), None)
        if path is None:
            return False
        found = self._find(path)
        changed = False
        if found is None:
            if "O_CREAT" not in said:
                return False  # made by somebody who is not watched; nothing depends on it
            found = self._folder(path).now[path.name] = File()
            changed = True
        elif "O_TRUNC" in said and isinstance(found, File) and found.now:
            found.now.clear()
            changed = True
        self._open[process, result] = _Open(found, appends="O_APPEND" in said)
        return changed

    def _path(self, text: str) -> Path | None:
        """Below the root, or None."""
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
    """Process, name, arguments, result, in the order in which the calls ended; what is sent, when it begins."""
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
    begun: dict[int, str] = {}
    for thread, line in lines:
        if line.endswith("<unfinished ...>"):
            begun[thread] = line.removesuffix("<unfinished ...>").rstrip()
        elif resumed := _RESUMED.match(line):
            yield thread, begun.pop(thread, "") + resumed[2]
        else:
            yield thread, line


def _texts(said: str, call: str) -> list[str]:
    """The paths of a call, whole: those that are told beside an open folder are put behind its path."""
    if call in ("write", "pwrite64", "writev", "pwritev", "sendto", "sendmsg"):
        return []
    found: list[str] = []
    folder = ""
    for token in re.finditer(rf"{_PLACE.pattern}|{_STRING.pattern}", said):
        if token[3] is None:
            folder = _bytes(token[2]).decode()
        else:
            found.append(str(Path(folder, _bytes(token[3]).decode())))
    return found


def _bytes(quoted: str) -> bytes:
    value = ast.literal_eval(f'b"{quoted}"')
    assert isinstance(value, bytes)
    return value


def _written(said: str, result: int) -> bytes:
    data = b"".join(_bytes(text) for text in _STRING.findall(said))[:result]
    assert len(data) == result, f"strace has cut off what was written: {said[:80]}"
    return data


def _taken(path: Path) -> File | Folder:
    if not path.is_dir():
        content = path.read_bytes()
        return File(bytearray(content), content)
    names = {one.name: _taken(one) for one in path.iterdir()}
    return Folder(dict(names), dict(names))


def _put(what: File | Folder, path: Path, lot: random.Random | None) -> None:
    if isinstance(what, File):
        path.write_bytes(_torn(what, lot) if lot else what.lasting)
        return
    path.mkdir(exist_ok=True)
    names = dict(what.lasting)
    for name in sorted({*what.now, *what.lasting}) if lot else []:
        if what.now.get(name) is not what.lasting.get(name) and lot and lot.random() < 0.5:
            if name in what.now:
                names[name] = what.now[name]
            else:
                del names[name]
    for name, below in names.items():
        _put(below, path / name, lot)


def _torn(file: File, lot: random.Random) -> bytes:
    """Each block is the old one or the new one; the length is that of one of them."""
    if file.now == file.lasting:
        return file.lasting
    size = lot.choice((len(file.now), len(file.lasting)))
    torn = bytearray(file.lasting[:size].ljust(size, b"\0"))
    for at in range(0, min(size, len(file.now)), _BLOCK):
        if lot.random() < 0.5:
            new = file.now[at : min(at + _BLOCK, size)]
            torn[at : at + len(new)] = new
    return bytes(torn)
