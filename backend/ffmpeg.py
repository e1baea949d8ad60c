"""Which FFmpeg is used: the one on the PATH, otherwise the one in imageio-ffmpeg."""

import shutil


class NoFfmpeg(Exception):
    """There is no FFmpeg on this machine. The message says how to install it."""


def ffmpeg_path() -> str:
    """The path of the program. imageio-ffmpeg has no ffprobe, so nothing may depend on it."""
    if found := shutil.which("ffmpeg"):
        return found
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        raise NoFfmpeg(
            "There is no FFmpeg on this machine. Install it with: apt install ffmpeg (or brew install ffmpeg)"
        ) from None
