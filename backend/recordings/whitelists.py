"""The containers and audio decoders that FFmpeg may open. Everything else is refused."""

from pathlib import Path

from backend.recordings.container_length import WHOLE, ContainerLength

#: Containers that contain their own samples. Playlists (hls, dash), scripts (concat), image sequences and everything
#: else that names other files is missing on purpose: an upload must never make FFmpeg open a second file or a URL.
FORMATS = (
    *("wav", "w64", "mp3", "flac", "ogg", "mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "aac", "asf"),
    *("avi", "amr", "amrnb", "amrwb", "aiff", "caf", "au", "ac3", "eac3", "wv", "ape", "tta", "flv", "mpegts", "mpeg"),
    "dss",
)

#: Only audio decoders: without a video decoder, a hostile video stream is never decoded, not even for probing.
CODECS = (
    *("aac", "aac_latm", "ac3", "eac3", "alac", "ape", "flac", "tta", "wavpack", "opus", "libopus", "vorbis"),
    *("mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3float", "wmav1", "wmav2", "wmapro", "wmalossless", "wmavoice"),
    *("amrnb", "amrwb", "amr_nb", "amr_wb", "libopencore_amrnb", "libopencore_amrwb", "gsm", "gsm_ms", "libgsm"),
    *("libgsm_ms", "speex", "libspeex", "nellymoser", "g722", "g726", "adpcm_g722", "adpcm_g726", "g729", "g723_1"),
    *("dss_sp", "adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt", "adpcm_swf", "adpcm_yamaha", "truespeech", "ilbc"),
    *("pcm_alaw", "pcm_mulaw", "pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le"),
    *("pcm_s32be", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be", "pcm_bluray", "pcm_dvd"),
)

#: Extensions under which an original is stored; all others become `bin`. FFmpeg only looks at the content.
EXTENSIONS = frozenset(
    (
        *("3g2", "3gp", "aac", "ac3", "aif", "aiff", "amr", "ape", "asf", "au", "aud", "avi", "caf", "dss", "flac"),
        *(
            "flv",
            "m2ts",
            "m4a",
            "m4b",
            "m4v",
            "mka",
            "mkv",
            "mov",
            "mp2",
            "mp3",
            "mp4",
            "mpeg",
            "mpg",
            "mts",
            "oga",
            "ogg",
        ),
        *("opus", "silk", "slk", "ts", "tta", "vob", "w64", "wav", "webm", "wma", "wmv", "wv"),
    )
)

#: Containers that may hold a picture and that browsers play, by the extension of the stored original, as the media type
#: they are sent with. A browser tells from the content whether it can decode it.
VIDEO_TYPES = {
    "m4v": "video/mp4",
    "mkv": "video/x-matroska",
    "mov": "video/mp4",
    "mp4": "video/mp4",
    "webm": "video/webm",
}


def input_options(length: ContainerLength = WHOLE, start: int = 0) -> list[str]:
    """The options before `-i`, for every uploaded file, or for what begins at byte `start` of it."""
    ignore_length = length.longer_than_header and start == length.starts[-1]
    return [
        *("-max_streams", "32", "-protocol_whitelist", "file,subfile" if length.chained else "file"),
        *("-format_whitelist", ",".join(FORMATS), "-codec_whitelist", ",".join(CODECS)),
        *(("-ignore_length", "1") if ignore_length else ()),
        *(("-skip_initial_bytes", str(start)) if start and not length.chained else ()),
    ]


def input_address(source: Path, length: ContainerLength, start: int) -> str:
    """What follows `-i`: the file, or one chain of it."""
    if length.chained:
        return f"subfile,,start,{start},end,{length.end_of(start)},,:file:{source}"
    return f"file:{source}"
