"""The errors that people may cause with channels and deliveries."""

from backend.errors import AppError, Conflict, InvalidInput, NotFound, TooManyRequests

#: Channels of one owner.
MAX_PER_OWNER = 20


class ChannelNotFound(NotFound):
    code = "channel_not_found"
    detail = "There is no such channel, or it is not yours."


class DeliveryNotFound(NotFound):
    code = "delivery_not_found"
    detail = "There is no such delivery, or it is not yours."


class TooManyChannels(Conflict):
    code = "too_many_channels"
    detail = f"There are {MAX_PER_OWNER} channels. Delete one you do not need."


class InvalidChannelAddress(InvalidInput):
    code = "channel_address"
    detail = (
        "The address must start with https:// or http://, without a user name and without #, and its port must be 80, "
        "443 or above 1023."
    )


class InvalidChannelSecret(InvalidInput):
    code = "channel_secret"
    detail = "This is not a secret that the receiver gives. Copy it again from where you have set up the robot."


class ChannelIsOff(Conflict):
    code = "channel_off"
    detail = "This channel is turned off. Turn it on first."


class DeliveryUnderWay(Conflict):
    code = "delivery_under_way"
    detail = "This delivery is just being sent."


class TooManyTests(TooManyRequests):
    code = "too_many_tests"
    detail = "This channel has been tested several times just now. Wait a minute."


class EventsGone(AppError):
    status = 410
    code = "events_gone"
    detail = (
        "Events after this position have been deleted already, or the position is of another database. Read the "
        "present state, then go on from the position in `last`."
    )
