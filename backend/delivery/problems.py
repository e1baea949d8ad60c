"""Why an attempt failed, or why nothing was sent. The values are stored and told, so they never change."""

from enum import Enum


class Problem(str, Enum):
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"  #: no connection
    HOST_NOT_FOUND = "host_not_found"
    PRIVATE_ADDRESS = "private_address"
    CERTIFICATE = "certificate"  #: it is not valid for the host
    TLS = "tls"
    BROKEN_ANSWER = "broken_answer"  #: no HTTP, or no answer of this kind of receiver
    HTTP_STATUS = "http_status"  #: a status that is no success
    REDIRECTED = "redirected"
    RECEIVER_BUSY = "receiver_busy"  #: it asks for a pause
    RECEIVER_GONE = "receiver_gone"  #: it wants nothing more
    SECRET_UNREADABLE = "secret_unreadable"  # noqa: S105  SECRET_KEY was changed
    # Robots of group chats refuse inside a 200:
    ROBOT_KEYWORD = "robot_keyword"  #: a keyword that the group demands is missing
    ROBOT_IP = "robot_ip"  #: the group allows other addresses only
    ROBOT_SIGNATURE = "robot_signature"  #: the secret, or the clock of one side
    ROBOT_SECURITY = "robot_security"  #: one of these three
    ROBOT_LIMIT = "robot_limit"  #: messages a minute
    ROBOT_ADDRESS = "robot_address"  #: the robot was removed, or its address is wrong
    ROBOT_MESSAGE = "robot_message"  #: the message itself
    ROBOT_REFUSED = "robot_refused"  #: with another number, see the reason
    # Nothing was sent:
    CHANNEL_GONE = "channel_gone"
    CHANNEL_OFF = "channel_off"
    USER_DISABLED = "user_disabled"
    RECORDING_GONE = "recording_gone"  #: deleted, in the trash, or another user's
    SUPERSEDED = "superseded"  #: a newer event says the same
    EXPIRED = "expired"  #: it has waited for too long
