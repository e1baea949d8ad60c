"""Which addresses a channel may have, and what the headers of its answers say."""

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from backend.delivery.errors import InvalidChannelAddress
from backend.delivery.kinds.protocol import Answer
from backend.outbound.address_guard import InvalidAddress, check_address

MAX_ADDRESS = 1000


def check_receiver(address: str) -> None:
    """Raise InvalidChannelAddress unless it is http or https, without credentials and fragment, at a port that serves
    people's programs. Where it leads is checked at each request."""
    try:
        check_address(address, query=True)
        port = urlsplit(address).port
    except InvalidAddress:
        raise InvalidChannelAddress from None
    unfit = len(address) > MAX_ADDRESS or any(not 0x20 < ord(letter) < 0x7F for letter in address)
    if unfit or not (port is None or port in (80, 443) or port >= 1024):
        raise InvalidChannelAddress


def host_of(address: str) -> str:
    """What is shown of an address: everything behind it may be a secret."""
    return urlsplit(address).netloc


def retry_after(answer: Answer, now: datetime) -> float | None:
    """The seconds of Retry-After, a number or a date (RFC 9110)."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    return (at.replace(tzinfo=at.tzinfo or timezone.utc) - now).total_seconds()
