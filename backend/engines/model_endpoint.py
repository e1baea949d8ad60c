"""The endpoint of a language model: its address, its protocol, and the parameters that are sent to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from backend.engines.language_model_protocol import LanguageModelError
from backend.outbound.address_guard import HostNotFound, OutboundError, PrivateAddress, check_address
from backend.settings import Settings

#: The endpoint of the settings.
BUILT_IN = "built-in"


class WireProtocol(str, Enum):
    """How an endpoint is spoken to."""

    OPENAI = "openai"  #: POST {url}/chat/completions
    ANTHROPIC = "anthropic"  #: POST {url}/messages
    OLLAMA = "ollama"  #: POST {url}/api/chat, which sets the model's context length


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address of a model and the limits of its use. Raises LanguageModelError for an invalid address."""

    url: str
    key: str = field(repr=False)
    model: str
    context_tokens: int = 8192
    concurrent: int = 2
    timeout: float = 120.0
    allow_private: bool = False
    id: str = BUILT_IN  #: stored with the usage
    protocol: WireProtocol = WireProtocol.OPENAI
    temperature: float | None = None  #: None: the temperature that suits minutes
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  #: sent with every request
    parameters: Mapping[str, Any] = field(default_factory=dict)  #: further members of the request's body
    owner_id: str | None = None  #: the user whose own endpoint it is; None: it is for all users

    def __post_init__(self) -> None:
        check_endpoint_address(self.url)


def check_endpoint_address(url: str) -> None:
    """Raise LanguageModelError unless `url` is a plain http or https address. Resolves nothing."""
    try:
        check_address(url)
    except OutboundError as error:
        raise outbound_failure(error) from None


def endpoint_from_settings(settings: Settings) -> Endpoint | None:
    """The endpoint of the settings, or None: everything else works without a language model."""
    if not settings.openai_base_url and not settings.openai_api_key:
        return None
    return Endpoint(
        url=settings.openai_base_url or "https://api.openai.com/v1",
        key=settings.openai_api_key.get_secret_value() if settings.openai_api_key else "none",
        model=settings.openai_model_name,
        context_tokens=settings.openai_context_tokens,
        concurrent=settings.openai_max_concurrent,
        timeout=settings.openai_timeout_seconds,
        allow_private=settings.openai_allow_private,
    )


def outbound_failure(error: OutboundError) -> LanguageModelError:
    """The error of an address to which nothing was sent."""
    if isinstance(error, PrivateAddress):
        detail = (
            "The language model's address lies in a private network. If it is a server of your own, an admin can allow "
            "it: OPENAI_ALLOW_PRIVATE=true in .env, or the switch of the endpoint."
        )
        return LanguageModelError("language_model_address", detail)
    if isinstance(error, HostNotFound):
        detail = "The language model's host has no address. Check its address."
        return LanguageModelError("language_model_unreachable", detail, retry=True)
    detail = "The address must be like https://host/v1, without a name, a password or a question mark in it."
    return LanguageModelError("language_model_address", detail)
