"""Decodes all audio tracks of a recording, mixes them and encodes the result, in a child process:

    python -m backend.recordings.mix_tracks FOLDER

FOLDER holds the plan; progress and the report are printed. One FFmpeg decodes each track, so that an unreadable one
does not prevent reading the others, and every change of the channels or the rate inside a track stays behind the times
of its blocks. Another FFmpeg encodes. All of them are in their sandboxes; this process only handles samples.
"""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy

from backend.recordings.automatic_mixer import FRAMES_PER_SECOND, AutomaticMixer
from backend.recordings.channel_activity import MAX_CHANNELS, channel_turns
from backend.recordings.mix_plan import DecodedTrack, Plan, Report, track_name
from backend.recordings.pcm_stream import pcm_blocks
from backend.recordings.sandbox import end_with_parent
from backend.recordings.track_timeline import Samples, TrackTimeline

_LINE_BYTES = 4096


class _Program:
    """One FFmpeg. Its messages are passed on line by line, each with its name."""

    def __init__(self, name: str, command: Sequence[str], folder: Path, *, reads: bool) -> None:
        self.process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE if reads else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if reads else subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
        )
        self._messages = threading.Thread(target=self._pass_on, args=(name, self.process.stderr), daemon=True)
        self._messages.start()

    def _pass_on(self, name: str, messages: IO[bytes]) -> None:
        while line := messages.readline(_LINE_BYTES):
            sys.stderr.write(f"{name} {line.decode(errors='replace').rstrip()}\n")

    def finish(self) -> int:
        """Close its pipes; answers its exit status."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        code = self.process.wait()
        self._messages.join()
        return code


class _Mixing:
    """The work on one plan: its encoder, and how much audio it has received."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._folder = folder
        self._encoder = _Program("encoder", plan.encoder, folder, reads=True)
        self._samples = 0
        self._report = Report()

    def run(self) -> Report:
        with contextlib.suppress(BrokenPipeError):  # an encoder that ends early tells why by its exit status
            for number in range(len(self._plan.parts)):
                self._mix_part(number)
        self._report.seconds = self._samples / self._plan.rate
        self._report.encoder = self._encoder.finish()
        return self._report

    def _mix_part(self, number: int) -> None:
        plans = self._plan.parts[number]
        names = [track_name(number, track) for track in range(len(plans))]
        programs = [
            _Program(name, plan.command, self._folder, reads=False) for name, plan in zip(names, plans, strict=True)
        ]
        timelines = [
            TrackTimeline(pcm_blocks(program.process.stdout), plan.format)
            for program, plan in zip(programs, plans, strict=True)
            if program.process.stdout is not None
        ]
        mixer = AutomaticMixer(self._plan.rate, sum(plan.format.channels for plan in plans))
        started = self._samples
        try:
            while count := max(timeline.fill(self._plan.rate) for timeline in timelines):
                self._write(mixer.mix(numpy.concatenate([timeline.take(count) for timeline in timelines], axis=1)))
                if self._samples > (self._plan.max_seconds + 1) * self._plan.rate:
                    break
            self._write(mixer.flush())
        finally:
            codes = [program.finish() for program in programs]
            for track, (timeline, code) in enumerate(zip(timelines, codes, strict=True)):
                seconds = (timeline.decoded / self._plan.rate, timeline.silence / self._plan.rate)
                self._report.tracks.append(DecodedTrack(number, track, code, *seconds, timeline.jumps))
        if mixer.levels and mixer.levels[0].shape[1] <= MAX_CHANNELS:
            turns = channel_turns(numpy.concatenate(mixer.levels), FRAMES_PER_SECOND)
            offset = started / self._plan.rate
            self._report.channel_turns += [(turn.voice, turn.start + offset, turn.end + offset) for turn in turns]

    def _write(self, samples: Samples) -> None:
        encoder = self._encoder.process.stdin
        assert encoder is not None
        encoder.write(samples.astype("<i2").tobytes())
        self._samples += len(samples)
        print(f"out_time_us={self._samples * 1_000_000 // self._plan.rate}", flush=True)


def _main(folder: Path) -> None:
    end_with_parent()
    for line in _Mixing(Plan.read(folder), folder).run().lines():
        print(line)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
