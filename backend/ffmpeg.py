"""Which FFmpeg is used: the system's where there is one, else the one that imageio-ffmpeg carries."""

import shutil


class NoFfmpeg(Exception):
    """There is no FFmpeg on this machine. The text says how to get one."""


def ffmpeg_path() -> str:
    """The program to start. imageio-ffmpeg brings no ffprobe, so nothing here may count on one."""
    if found := shutil.which("ffmpeg"):
        return found
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        raise NoFfmpeg(
            "There is no FFmpeg on this machine. Mend it with: apt install ffmpeg (or brew install ffmpeg)"
        ) from None
