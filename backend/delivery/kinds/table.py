"""Every kind of channel by its name. The names are stored, so they never change."""

from collections.abc import Mapping
from enum import Enum

from backend.delivery.kinds.dingtalk import DingTalk
from backend.delivery.kinds.feishu import Feishu
from backend.delivery.kinds.protocol import ChannelKind
from backend.delivery.kinds.webhook import Webhook
from backend.delivery.kinds.wecom import WeCom


class KindName(str, Enum):
    WEBHOOK = "webhook"
    FEISHU = "feishu"  #: 飞书, Lark
    DINGTALK = "dingtalk"  #: 钉钉
    WECOM = "wecom"  #: 企业微信


KINDS: Mapping[str, ChannelKind] = {
    KindName.WEBHOOK.value: Webhook(),
    KindName.FEISHU.value: Feishu(),
    KindName.DINGTALK.value: DingTalk(),
    KindName.WECOM.value: WeCom(),
}
