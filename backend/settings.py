"""Everything that can be set from outside, in one frozen object. Only the scripts read the environment."""

import secrets
import stat
import sys
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Precision = Literal["auto", "float32", "bfloat16"]

ROOT = Path(__file__).resolve().parent.parent

#: Values that have stood in an example somewhere; a server with one of them would be open to everybody.
_EXAMPLE_KEYS = {"replace-with-a-long-random-string", "YOUR_SECRET_KEY", "changeme", "secret"}


class Registration(str, Enum):
    OFF = "off"  #: admins make the accounts
    APPROVAL = "approval"  #: anybody asks, an admin decides
    OPEN = "open"  #: anybody comes in


class Settings(BaseSettings):
    """Read from the environment and `.env`. Relative folders are taken from the project's root."""

    model_config = SettingsConfigDict(
        env_file=ROOT / ".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    # Security & tokens
    secret_key: SecretStr  #: signs tokens; at least 32 characters
    algorithm: str = Field(default="HS256", pattern="^HS(256|384|512)$")  #: of the access token
    access_token_expire_minutes: int = Field(default=15, ge=1, le=24 * 60)  #: life of an access token
    login_days: int = Field(default=30, ge=1, le=365)  #: days after which one signs in anew
    cookie_secure: bool = False  #: cookies go over HTTPS only; where a request is HTTPS they do anyway
    trusted_proxies: str = "127.0.0.1,::1"  #: addresses and networks whose X-Forwarded-For is believed
    registration: Registration = Registration.APPROVAL  #: off, approval or open
    admin_two_factor: bool = False  #: admins must sign in with a second factor to do what admins do
    metrics_token: SecretStr | None = Field(default=None, min_length=16)  #: opens /metrics; none: it is not there
    docs: bool = True  #: /docs and /openapi.json are there for everybody to read
    sockets_per_user: int = Field(default=10, ge=1)  #: WebSockets one user may hold open

    # Storage
    database_url: str = "sqlite:///./sqlite.db"  #: SQLAlchemy URL; SQLite, PostgreSQL or MySQL/MariaDB
    database_busy_seconds: float = Field(default=10.0, gt=0)  #: wait for another's lock; then 503 and Retry-After
    uploads_dir: Path = Path("uploads")  #: recordings, artifacts and mirrored transcripts
    models_dir: Path = Path("models")  #: weights
    max_upload_bytes: int = Field(default=6 * 1024**3, ge=1)  #: largest file taken
    upload_hours: float = Field(default=24.0, gt=0)  #: an upload waits so long for its next byte, then it is deleted
    max_audio_hours: float = Field(default=12.0, gt=0)  #: longest recording taken
    quota_minutes_a_month: float | None = Field(default=None, ge=0)  #: of audio, for each user; none is no limit
    quota_bytes: int | None = Field(default=None, ge=0)  #: of stored originals, likewise
    quota_queued_jobs: int | None = Field(default=None, ge=1)  #: waiting at once, likewise
    trash_days: int = Field(default=30, ge=0, le=3650)  #: for which a deleted recording can be had back
    housekeeping_minutes: float = Field(default=60.0, gt=0)  #: between two rounds of sweeping and retention
    disk_reserve_bytes: int = Field(default=1024**3, ge=0)  #: free space that uploads never use up

    # Language model (optional)
    openai_api_key: SecretStr | None = None  #: key of the OpenAI-compatible endpoint
    openai_base_url: str | None = None  #: its address
    openai_model_name: str = "gpt-4o-mini"  #: the model asked
    openai_context_tokens: int = Field(default=8192, ge=2048)  #: what it can read and write at once
    openai_max_concurrent: int = Field(default=2, ge=1)  #: questions open at once, of everybody
    openai_timeout_seconds: float = Field(default=120.0, gt=0)  #: silence after which a question is given up
    openai_daily_tokens: int = Field(default=0, ge=0)  #: of one user in 24 hours; 0 means no limit
    openai_allow_private: bool = False  #: its address may lie inside: Ollama or vLLM on this machine or network

    # Model downloads
    hf_token: SecretStr | None = None  #: Hugging Face access token, for the gated pyannote models
    hf_endpoint: str | None = None  #: mirror of the Hugging Face hub
    hf_home: Path | None = None  #: Hugging Face cache
    modelscope_cache: Path | None = None  #: ModelScope cache

    # Front end
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ("http://localhost:3030",)  #: origins of the web page

    # Google sign-in (optional)
    google_client_id: str | None = None  #: OAuth client id
    google_client_ids: str = ""  #: more client ids, separated by commas

    # Jobs
    job_queue_max_concurrent: int = Field(default=3, ge=1)  #: jobs running at once
    job_queue_max_per_user: int = Field(default=2, ge=1)  #: of these, one user's
    job_queue_max_language: int = Field(default=4, ge=1)  #: jobs at the language model at once, beside those
    job_queue_max_size: int = Field(default=50, ge=1)  #: jobs waiting; one more is refused with 429
    job_max_attempts: int = Field(default=3, ge=1)  #: claims of one job before it is given up
    heartbeat_seconds: float = Field(default=10.0, gt=0)  #: how often a runner says it is alive
    rescue_seconds: float = Field(default=30.0, gt=0)  #: silence after which a job is taken from its runner

    # Engines
    transcriber: str | None = None  #: engine used unless a job names one; the best installed where unset
    transcriber_precision: Precision = "float32"  #: bfloat16 or auto: faster, not measured on the published weights
    diarizer: str | None = None  #: likewise
    diarizer_precision: Precision = "auto"  #: auto: bfloat16 where the machine multiplies it
    diarizer_pass_seconds: float = Field(default=60.0, ge=0, le=600)  #: audio convolved at once; 0: as stock pyannote
    diarizer_step_seconds: float = Field(default=1.0, ge=0.5, le=5)  #: from one chunk of 10 s to the next
    engine_threads: int = Field(default=0, ge=0)  #: threads of one model; 0: see `engines.cores.threads_of`
    engine_idle_minutes: float = Field(default=10.0, gt=0)  #: idle time after which a model is unloaded
    engine_memory_gb: float = Field(default=8.0, gt=0)  #: a child that holds more is replaced after its request
    demo: bool = False  #: the scripted engine instead of real models
    script: Path | None = None  #: what the scripted engine plays

    # Logs
    log_level: str = "INFO"  #: DEBUG, INFO, WARNING or ERROR
    log_format: str = Field(default="text", pattern="^(text|json)$")  #: text for people, json for machines

    @field_validator("secret_key")
    @classmethod
    def _strong_key(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() in _EXAMPLE_KEYS or len(value.get_secret_value()) < 32:
            raise ValueError(
                "it must be a random string of at least 32 characters, not an example; "
                "make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        return value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        if isinstance(value, str):
            value = tuple(origin.strip().rstrip("/") for origin in value.split(",") if origin.strip())
        if isinstance(value, tuple | list) and "*" in value:
            raise ValueError("list the origins of the web page; * would let every site in")
        return value

    @field_validator("uploads_dir", "models_dir", "script", "hf_home", "modelscope_cache")
    @classmethod
    def _from_root(cls, value: Path | None) -> Path | None:
        return None if value is None else (ROOT / value.expanduser()).resolve()

    @cached_property
    def google_clients(self) -> tuple[str, ...]:
        """Every client id whose tokens are ours."""
        ids = [self.google_client_id or "", *self.google_client_ids.split(",")]
        return tuple(dict.fromkeys(name.strip() for name in ids if name.strip()))


def load_settings(*, needs_key: bool = True, **given: Any) -> Settings:
    """The settings of the environment and `.env`, with `given` over them; what only signs tokens may do without a key.

    Ends the program with a plain sentence when a setting cannot be used."""
    if needs_key:
        _keep_secrets()
    try:
        return Settings(**given)
    except ValidationError as error:
        wrong = {str(problem["loc"][0]): str(problem["msg"]) for problem in error.errors()}
    if not needs_key and set(wrong) == {"secret_key"}:
        return load_settings(secret_key=secrets.token_urlsafe(48), **given)
    for name, problem in wrong.items():
        hint = "" if name != "secret_key" else " ./start_backend.sh --setup-only writes a .env with a good one."
        print(f"{name.upper()}: {problem.removeprefix('Value error, ')}.{hint}", file=sys.stderr)
    raise SystemExit(2)


def _keep_secrets() -> None:
    """Whoever can read the key can be anybody: a `.env` that every user of the machine can read is no place for it."""
    path = Path(str(Settings.model_config.get("env_file")))
    if path.is_file() and path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        print(f"{path} can be read by every user of this machine. Run: chmod 600 {path}", file=sys.stderr)
        raise SystemExit(2)
