"""Every kind of channel by its name. The names are stored, so they never change."""

from collections.abc import Mapping

from backend.delivery.kinds.protocol import ChannelKind
from backend.delivery.kinds.webhook import Webhook

KINDS: Mapping[str, ChannelKind] = {"webhook": Webhook()}
