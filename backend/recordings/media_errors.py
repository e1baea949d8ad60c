"""The errors for recordings that cannot be read."""

from backend.errors import AppError, InvalidInput, NotFound, ServiceBusy


class NotMedia(AppError):
    status = 415
    code = "not_media"
    detail = "This file is not an audio or video file that can be read."


class UnsupportedAudio(AppError):
    status = 415
    code = "unsupported_audio"
    detail = "The audio format of this file is not supported. Convert it to MP3, M4A or WAV and try again."


class NoAudio(InvalidInput):
    code = "no_audio"
    detail = "This file has no audio track."


class TooShort(InvalidInput):
    code = "too_short"
    detail = "This recording is too short to contain a word."


class TooLong(InvalidInput):
    code = "too_long"
    detail = "This recording is longer than this server accepts. Split it and upload the parts one by one."


class MediaDamaged(InvalidInput):
    code = "media_damaged"
    detail = "This file is damaged: no audio could be read from it."


class DecoderKilled(ServiceBusy):
    code = "decoder_killed"
    detail = (
        "FFmpeg was killed while it read this recording; the server may be short of memory. The recording is not the "
        "cause: try again."
    )
    retry = True

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "10"})


class DecoderBroken(ServiceBusy):
    code = "decoder_broken"
    detail = (
        "The decoder of this server does not work, so no recording can be read. The recording is not the cause. Tell "
        "the administrator: `python -m backend doctor` says what is wrong."
    )

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "60"})


class InputMissing(NotFound):
    code = "input_missing"
    detail = "The file of this recording is no longer there. Upload it again."


class InputUnreadable(AppError):
    status = 500
    code = "input_unreadable"
    detail = "The disk could not read the file of this recording. Tell the administrator of the server and retry later."
