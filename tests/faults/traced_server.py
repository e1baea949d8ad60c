"""A server traced by strace, which records its system calls, or makes some of them fail."""

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from tests.serving import ROOT, Server


class TracedServer(Server):
    """`strace_options` are the options of strace; without any the server is not traced."""

    strace_options: tuple[str, ...] = ()

    def fail(self, call: str, path: Path, error: str = "EIO", when: str = "1+") -> None:
        """From the next start on, calls for this path fail: those with the numbers `when` of each thread."""
        self.strace_options = ("-P", str(path), "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}")

    def repair(self) -> None:
        """From the next start on, no call fails."""
        self.strace_options = ()

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def stop(self) -> int:
        self._signal(signal.SIGTERM)
        assert self.process is not None
        return self.process.wait(60)

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to the server, which is a child of strace; strace does not pass signals on."""
        assert self.process is not None
        watcher = psutil.Process(self.process.pid)
        for process in watcher.children() if self.strace_options else [watcher]:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        self.process.wait(60)

    def _spawn(self, more: dict[str, str]) -> None:
        strace_options = (
            ["strace", "-f", "--seccomp-bpf", "-e", "signal=none", *self.strace_options] if self.strace_options else []
        )
        command = [*strace_options, sys.executable, "-m", "backend", "serve", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env={**self.env, **more}, cwd=ROOT, stdout=log, stderr=log)
