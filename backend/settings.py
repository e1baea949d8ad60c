"""Every setting, in one frozen object. Only the scripts read the environment."""

import secrets
import sys
from collections.abc import Mapping
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from backend import setting_values
from backend.voice_settings import VoiceSettings

Precision = Literal["auto", "float32", "bfloat16"]

ROOT = Path(__file__).resolve().parent.parent


class Registration(str, Enum):
    OFF = "off"  #: only admins make accounts
    APPROVAL = "approval"  #: anybody may ask for an account; an admin decides
    OPEN = "open"  #: anybody may make an account and sign in


class Settings(VoiceSettings):
    """Read from the environment and `.env`. Relative folders are taken from the project's root.

    The descriptions are written into `.env.example` and `docs/settings.md` by `deploy/settings_page.py`."""

    model_config = SettingsConfigDict(
        env_file=ROOT / ".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        allow_inf_nan=False,
    )

    # Security and tokens
    secret_key: SecretStr = Field(
        description="Signs the access tokens and encrypts stored secrets: a random string of at least 32 characters; "
        "examples, words and repetitions are refused. Whoever has it can sign in as anybody. `./start_backend.sh` "
        "writes one into `.env`."
    )
    algorithm: str = Field(
        default="HS256",
        pattern="^HS(256|384|512)$",
        description="How access tokens are signed: HS256, HS384 or HS512.",
    )
    access_token_expire_minutes: int = Field(
        default=15,
        ge=1,
        le=24 * 60,
        description="Minutes for which an access token is valid. Browsers renew it by themselves.",
    )
    login_days: int = Field(
        default=30,
        ge=1,
        le=365,
        description="Days after which a device has to sign in again, used or not.",
    )
    cookie_secure: bool = Field(
        default=False,
        description="true: send cookies over HTTPS only, also where the server cannot see that a proxy speaks HTTPS "
        "for it. Cookies of requests that arrive over HTTPS are always marked so.",
    )
    trusted_proxies: str = Field(
        default="127.0.0.1,::1",
        description="Proxies whose X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Prefix are trusted: addresses "
        "and networks, separated by commas; `gateway` is the default gateway, which for a container is its host. "
        "`*` is refused: anybody could then claim any address.",
    )
    registration: Registration = Field(
        default=Registration.APPROVAL,
        description="Who may make an account: off (admins only), approval (anybody asks, an admin decides) or open "
        "(anybody).",
    )
    admin_two_factor: bool = Field(
        default=False, description="true: admins need two-factor sign-in for everything that only admins may do."
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="The token with which Prometheus reads `/metrics` (at least 16 characters). Without it there is no "
        "`/metrics`.",
    )
    docs: bool = Field(default=True, description="false: no `/docs`, no `/redoc` and no `/openapi.json`.")
    sockets_per_user: int = Field(default=10, ge=1, description="WebSockets one user may hold open at the same time.")

    # Database
    database_url: str = Field(
        default="sqlite:///./sqlite.db",
        description="The database. SQLite needs nothing; `postgresql://user:password@host/name` and "
        "`mysql://user:password@host/name` (MySQL, MariaDB) work as well.",
    )
    database_busy_seconds: float = Field(
        default=10.0,
        gt=0,
        description="Seconds a request waits for a locked database before it is answered with 503 and Retry-After.",
    )

    # Language model (optional)
    openai_api_key: SecretStr | None = Field(
        default=None,
        examples=["sk-..."],
        description="Key of an OpenAI-compatible endpoint: OpenAI, DeepSeek, Qwen, vLLM, Ollama, llama.cpp. The text "
        "of transcripts is sent there.",
    )
    openai_base_url: str | None = Field(
        default=None, examples=["https://api.openai.com/v1"], description="The address of the endpoint."
    )
    openai_model_name: str = Field(default="gpt-4o-mini", description="The name of the model.")
    openai_context_tokens: int = Field(
        default=8192,
        ge=2048,
        description="Tokens the model can read and write in one request. Longer meetings are read section by section.",
    )
    openai_max_concurrent: int = Field(
        default=2, ge=1, description="Requests to the endpoint at the same time, of all users together."
    )
    openai_timeout_seconds: float = Field(
        default=120.0, gt=0, description="Seconds without an answer after which a request to the endpoint is given up."
    )
    openai_daily_tokens: int = Field(
        default=0,
        ge=0,
        description="Tokens one user may use a day, which begins at midnight in the user's time zone; "
        "0 means no limit.",
    )
    openai_allow_private: bool = Field(
        default=False,
        description="true: the address may lie in a private network, such as that of Ollama on the same machine "
        "(`http://127.0.0.1:11434/v1`).",
    )

    # Model downloads
    hf_token: SecretStr | None = Field(
        default=None,
        examples=["hf_..."],
        description="Access token of a Hugging Face account that has accepted the conditions of the pyannote models.",
    )
    hf_endpoint: str | None = Field(
        default=None,
        examples=["https://hf-mirror.com"],
        description="A mirror of Hugging Face, where huggingface.co cannot be reached.",
    )
    hf_home: Path | None = Field(
        default=None,
        examples=["/absolute/path/to/huggingface"],
        description="The Hugging Face cache; files that are in it are not downloaded again.",
    )
    modelscope_cache: Path | None = Field(
        default=None,
        examples=["/absolute/path/to/modelscope"],
        description="The ModelScope cache; files that are in it are not downloaded again.",
    )

    # Addresses and web page
    host: str = Field(
        default="127.0.0.1",
        description="The address to listen on: `127.0.0.1` for this machine only, `0.0.0.0` for every IPv4 address, "
        "`::` for every IPv4 and IPv6 address.",
    )
    port: int = Field(default=8000, ge=0, le=65535, description="The port to listen on.")
    public_url: str | None = Field(
        default=None,
        examples=["https://example.org/asr/"],
        description="The address at which people open the page. A path in it is the one under which a reverse proxy "
        "serves this server; the proxy may pass it on or remove it.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("http://localhost:3030",),
        description="Origins of other web pages that may call this server, separated by commas, such as "
        "`https://host:8443`; `*` and `null` are refused. The server's own page needs no entry.",
    )

    # Delivery
    delivery_private_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        examples=["robot.example.lan"],
        description="Names of hosts in a private network that people's channels may reach, separated by commas. All "
        "others are refused there.",
    )

    # Google sign-in (optional)
    google_client_id: str | None = Field(
        default=None,
        examples=["your-google-client-id.apps.googleusercontent.com"],
        description="OAuth client id of the web page.",
    )
    google_client_ids: str = Field(default="", description="More client ids, separated by commas.")

    # Jobs
    job_queue_max_concurrent: int = Field(
        default=3,
        ge=1,
        description="Jobs that run at the same time on the engines, of all users together. One recording of at most "
        "five minutes may run beside them.",
    )
    job_queue_max_per_user: int = Field(default=2, ge=1, description="Jobs of one user that run at the same time.")
    job_queue_max_language: int = Field(
        default=4,
        ge=1,
        description="Jobs at the language model at the same time. They mostly wait, and take no place from the others.",
    )
    job_queue_max_size: int = Field(
        default=50, ge=1, description="Jobs that may wait; one more is refused with 429 `queue_full`."
    )
    job_queue_per_server: int | None = Field(
        default=None,
        ge=1,
        examples=["2"],
        description="Jobs on the engines that this server runs at the same time, where several servers share one "
        "database. Where unset, an equal share of `JOB_QUEUE_MAX_CONCURRENT`, which holds for all of them together.",
    )
    job_max_attempts: int = Field(default=3, ge=1, description="How often a job is tried before it fails for good.")
    heartbeat_seconds: float = Field(
        default=3.0, gt=0, description="Seconds between two heartbeats of a server and its jobs."
    )
    rescue_seconds: float = Field(
        default=9.0,
        gt=0,
        description="Seconds without a heartbeat after which a job is taken from its runner and queued again.",
    )

    # Storage
    uploads_dir: Path = Field(
        default=Path("uploads"),
        description="The folder of recordings, artifacts and transcripts; relative to the project.",
    )
    models_dir: Path = Field(default=Path("models"), description="The folder of the models.")
    max_upload_bytes: int = Field(default=6 * 1024**3, ge=1, description="The largest file accepted, in bytes (6 GiB).")
    max_audio_hours: float = Field(default=12.0, gt=0, description="The longest recording accepted, in hours.")
    upload_hours: float = Field(
        default=24.0,
        gt=0,
        le=24 * 365,
        description="Hours an upload that was broken off, or not made into a recording, is kept before it is deleted.",
    )
    quota_minutes_a_month: float | None = Field(
        default=None,
        ge=0,
        description="Quota of one user unless an admin has set another: minutes of audio a month. No limit if unset.",
    )
    quota_bytes: int | None = Field(
        default=None, ge=0, description="Quota of one user: bytes of stored originals. No limit if unset."
    )
    quota_queued_jobs: int | None = Field(
        default=None, ge=1, description="Quota of one user: jobs waiting at the same time. No limit if unset."
    )
    disk_reserve_bytes: int = Field(
        default=1024**3, ge=0, description="Free bytes on the disk that uploads never use up (1 GiB)."
    )
    trash_days: int = Field(
        default=30,
        ge=0,
        le=3650,
        description="Days a deleted recording stays in the trash, from where it can be restored.",
    )
    event_days: float = Field(
        default=30,
        gt=0,
        le=3650,
        description="Days for which the server remembers what happened, for windows and programs that were away.",
    )
    housekeeping_minutes: float = Field(
        default=60.0,
        gt=0,
        description="Minutes between two rounds of housekeeping: orphans, the trash and the retention rules.",
    )

    # Engines
    transcriber: str | None = Field(
        default=None,
        examples=["funasr"],
        description="Recogniser for jobs that name none: funasr, funasr-int8 (three times as fast on a processor, "
        "after `models fetch --set int8`), whisper-large, whisper or vosk. Where unset, the best one installed.",
    )
    whisper_models: Annotated[Mapping[str, Path], NoDecode] = Field(
        default_factory=dict,
        examples=["medium=/absolute/path/to/whisper-medium-ct2"],
        description="More Whisper models in CTranslate2's format: NAME=FOLDER, separated by commas. Each is a "
        "recogniser of its own, `whisper-NAME`; `doctor` checks the folders.",
    )
    transcriber_precision: Precision = Field(
        default="float32",
        description="Number format FunASR computes in: float32, bfloat16 (about twice as fast where the processor or "
        "GPU supports it) or auto (bfloat16 where it is supported). What bfloat16 costs in errors has not been "
        "measured on the published weights.",
    )
    diarizer: str | None = Field(
        default=None,
        examples=["pyannote-community-1"],
        description="Diarizer for jobs that name none: pyannote-community-1 or pyannote-3.1. Where unset, the best one "
        "installed.",
    )
    diarizer_precision: Precision = Field(
        default="auto",
        description="Number format of the diarizer: float32, bfloat16 (twice as fast where the processor supports it) "
        "or auto (bfloat16 where it is supported).",
    )
    diarizer_pass_seconds: float = Field(
        default=60.0,
        ge=0,
        le=600,
        description="Seconds of audio the diarizer convolves at a time: the more, the faster. 0 convolves each chunk "
        "on its own, as pyannote does.",
    )
    diarizer_step_seconds: float = Field(
        default=1.0,
        ge=0.5,
        le=5,
        description="Seconds from one chunk of 10 s to the next: 2 is half the work, with boundaries a little less "
        "exact.",
    )
    engine_threads: int = Field(
        default=0,
        ge=0,
        description="Threads of one model. 0 shares the cores (those that cgroup v2 allows a container or service): "
        "half for a recogniser, and all for a diarizer, which runs at a lower priority.",
    )
    engine_idle_minutes: float = Field(default=10.0, gt=0, description="Idle minutes after which a model is unloaded.")
    engine_memory_gb: float = Field(
        default=8.0,
        gt=0,
        description="Gigabytes; an engine's process that holds more is replaced after its request.",
    )
    demo: bool = Field(default=False, description="true: use the scripted engine instead of real models.")
    script: Path | None = Field(default=None, description="A JSON file with what the scripted engine answers.")

    # Logs
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")
    log_format: str = Field(
        default="text", pattern="^(text|json)$", description="text for people, json for log collectors."
    )
    log_file: Path | None = Field(
        default=None,
        examples=["logs/app.log"],
        description="A file that is logged to as well, as JSON, one object a line; relative to the project. After 20 "
        "MB it is renamed to `app.log.1`, and five of these are kept. One server a file.",
    )

    _strong_key = field_validator("secret_key")(setting_values.check_key)
    _proxies = field_validator("trusted_proxies")(setting_values.check_proxies)
    _public_url = field_validator("public_url")(setting_values.check_public_url)
    _split_origins = field_validator("cors_origins", mode="before")(setting_values.split_origins)
    _split_hosts = field_validator("delivery_private_hosts", mode="before")(setting_values.split_hosts)
    _known_level = field_validator("log_level", mode="before")(setting_values.known_log_level)

    @field_validator("whisper_models", mode="before")
    @classmethod
    def _split_folders(cls, value: object) -> object:
        return setting_values.split_whisper_folders(value, ROOT)

    @field_validator("uploads_dir", "models_dir", "script", "hf_home", "modelscope_cache", "log_file")
    @classmethod
    def _from_root(cls, value: Path | None) -> Path | None:
        return None if value is None else (ROOT / value.expanduser()).resolve()

    @cached_property
    def path_prefix(self) -> str | None:
        """The path of PUBLIC_URL without a slash at its end; None if PUBLIC_URL is not set."""
        return None if self.public_url is None else urlsplit(self.public_url).path.rstrip("/")

    @cached_property
    def own_origins(self) -> tuple[str, ...]:
        """Origins of pages that may use cookies: those of CORS_ORIGINS, and that of PUBLIC_URL."""
        if self.public_url is None:
            return self.cors_origins
        parts = urlsplit(self.public_url)
        return (*self.cors_origins, f"{parts.scheme}://{parts.netloc.lower()}")

    @cached_property
    def google_clients(self) -> tuple[str, ...]:
        """Every client id whose tokens are accepted."""
        ids = [self.google_client_id or "", *self.google_client_ids.split(",")]
        return tuple(dict.fromkeys(name.strip() for name in ids if name.strip()))


def load_settings(*, needs_key: bool = True, **given: Any) -> Settings:
    """The settings of the environment and `.env`, with `given` over them.

    With `needs_key=False`, for commands that sign no tokens, a missing SECRET_KEY is replaced by a random one. Ends the
    program with a sentence for people when a setting cannot be used."""
    if needs_key:
        setting_values.check_file_mode(Path(str(Settings.model_config.get("env_file"))))
    try:
        return Settings(**given)
    except ValidationError as error:
        problems = {str(problem["loc"][0]): str(problem["msg"]) for problem in error.errors()}
    if not needs_key and set(problems) == {"secret_key"}:
        return load_settings(secret_key=secrets.token_urlsafe(48), **given)
    for name, problem in problems.items():
        hint = "" if name != "secret_key" else " ./start_backend.sh --setup-only writes a .env with a good one."
        print(f"{name.upper()}: {problem.removeprefix('Value error, ')}.{hint}", file=sys.stderr)
    raise SystemExit(2)
