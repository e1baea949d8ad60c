"""A server under the eyes of strace, which writes down its calls, or lets some of them fail."""

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from tests.serving import ROOT, Server


class Watched(Server):
    """`watch` is what strace is told; without it nobody watches."""

    watch: tuple[str, ...] = ()

    def fail(self, call: str, path: Path, error: str = "EIO", when: str = "1+") -> None:
        """From the next start on, such calls for this very path fail: those of number `when` of each thread."""
        self.watch = ("-P", str(path), "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}")

    def mend(self) -> None:
        """From the next start on, the disk is as good as new."""
        self.watch = ()

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def stop(self) -> int:
        self._signal(signal.SIGTERM)
        assert self.process is not None
        return self.process.wait(60)

    def _signal(self, number: signal.Signals) -> None:
        """strace passes no signal on: the server is its child."""
        assert self.process is not None
        watcher = psutil.Process(self.process.pid)
        for process in watcher.children() if self.watch else [watcher]:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        self.process.wait(60)

    def _spawn(self, more: dict[str, str]) -> None:
        watch = ["strace", "-f", "--seccomp-bpf", "-e", "signal=none", *self.watch] if self.watch else []
        command = [*watch, sys.executable, "-m", "backend", "serve", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env={**self.env, **more}, cwd=ROOT, stdout=log, stderr=log)
