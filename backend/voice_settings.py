"""The settings of voices, which the people of a server are recognised by."""

from enum import Enum

from pydantic import Field
from pydantic_settings import BaseSettings


class Voices(str, Enum):
    OFF = "off"  #: nothing is kept of how people sound, and nothing is compared
    OWN = "own"  #: every user has people of their own; nobody sees those of others


class VoiceSettings(BaseSettings):
    """A part of `backend.settings.Settings`."""

    voices: Voices = Field(
        default=Voices.OFF,
        description="Whether voices are recognised again in other recordings: off, or own (every user has people of "
        "their own). A voice is biometric data: samples are kept only of people whose consent is noted. off reads and "
        "writes nothing; what is kept can still be looked at and deleted.",
    )
    voices_threshold: float = Field(
        default=0.55,
        ge=0,
        le=1,
        description="Similarity from which a voice is suggested to be a person's. Lower: more suggestions, and more "
        "wrong ones.",
    )
    voices_margin: float = Field(
        default=0.10,
        ge=0,
        le=1,
        description="How much less similar every other person must be to the voice, and every other voice of the "
        "recording to the person.",
    )
    voices_profile_seconds: float = Field(
        default=10.0, ge=0, description="Seconds of speech that must be known of a person before they are suggested."
    )
    voices_seconds: float = Field(
        default=3.0, ge=0, description="Seconds a voice must speak alone in a recording before somebody is suggested."
    )
