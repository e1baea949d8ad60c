"""The name of a recording as people read it: without the ending of the file it was uploaded as."""

import re

#: Endings of the formats that are taken; others, as in "Minutes v1.2", belong to the name. The page has the same list
#: (`frontend/src/app/recordingTitle.ts`).
MEDIA_ENDINGS = (
    "3g2|3gp|aac|ac3|aif|aiff|amr|ape|asf|au|aud|avi|caf|dss|flac|flv|m2ts|m4a|m4b|m4v|mka|mkv|mov|mp2|mp3|mp4",
    "mpeg|mpg|mts|oga|ogg|ogv|opus|silk|slk|ts|tta|vob|w64|wav|webm|wma|wmv|wv",
)
_ENDING = re.compile(rf"\.(?:{'|'.join(MEDIA_ENDINGS)})$", re.IGNORECASE)


def title_of(name: str) -> str:
    """周会 for 周会.flac; a name that is nothing but an ending stays."""
    return _ENDING.sub("", name).strip() or name
