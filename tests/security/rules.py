"""Who may use which route. Tests fail for a route without a rule, so every new route needs one."""

from dataclasses import dataclass
from enum import Enum


class Access(Enum):
    ANYBODY = "anybody"  #: no login needed
    SIGNED_IN = "signed in"  #: any signed-in user; concerns only this user
    OWNER = "owner"  #: names a thing; not found for everybody else, also for admins
    ADMIN = "admin"  #: admins only


@dataclass(frozen=True)
class Rule:
    access: Access
    scope: str | None = None  #: the scope an API key needs; none: keys are refused
    body: dict[str, object] | None = (
        None  #: a valid body, if the route needs one; {…} stands for ids of the owner's things
    )
    ends: bool = False  #: it deletes the thing, so it is tested last
    trashed: bool = False  #: it works on trashed recordings; every other route does not find them


_ANYBODY, _OWN, _OWNER, _ADMIN = Access.ANYBODY, Access.SIGNED_IN, Access.OWNER, Access.ADMIN
_RECORDING, _TRANSCRIPT = "/api/recordings/{recording_id}", "/api/recordings/{recording_id}/transcript"
_TRANSLATION = _RECORDING + "/translations/{language}"
_UPLOAD = "/api/uploads/{upload_id}"
_USER = "/api/admin/users/{user_id}"
_SHARES, _SHARED = _RECORDING + "/shares", "/api/shares/{share_id}"
_PASSWORD = "明天早上九点半在一楼"
_TEMPLATE = {"name": "另一个模板", "parts": ["headline"]}
_ENDPOINT = {"name": "another", "url": "http://127.0.0.1:1/v1", "model": "m"}
_ENDPOINTS, _MY_ENDPOINT = "/api/admin/language-model/endpoints", "/api/language-model/endpoints/{endpoint_id}"
_CHANNEL = {"kind": "webhook", "name": "another", "address": "http://127.0.0.1:1024/hook"}
_MY_CHANNEL = "/api/channels/{channel_id}"
_DOCUMENT = {"based_on": 1, "document": {"speakers": [], "segments": []}}

RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/health"): Rule(_ANYBODY),
    ("GET", "/ready"): Rule(_ANYBODY),
    ("GET", "/metrics"): Rule(_ANYBODY),  # it requires a token of its own, and is 404 without METRICS_TOKEN
    ("GET", "/api/auth/options"): Rule(_ANYBODY),
    ("POST", "/api/auth/login"): Rule(_ANYBODY),
    ("POST", "/api/auth/logout"): Rule(_ANYBODY, ends=True),
    ("POST", "/api/auth/refresh"): Rule(_ANYBODY),  # it uses only its cookie
    ("POST", "/api/auth/register"): Rule(_ANYBODY, body={"username": "a name", "password": _PASSWORD}),
    ("GET", "/api/auth/me"): Rule(_OWN),
    ("PATCH", "/api/auth/me"): Rule(_OWN, body={"username": "another name", "password": "a guess"}),
    ("PUT", "/api/auth/me/time-zone"): Rule(_OWN, body={"time_zone": "Asia/Shanghai"}),
    ("POST", "/api/auth/password"): Rule(_OWN, body={"current_password": "a guess", "new_password": _PASSWORD}),
    ("POST", "/api/auth/logout-everywhere"): Rule(_OWN, ends=True),
    ("GET", "/api/auth/logins"): Rule(_OWN),
    ("DELETE", "/api/auth/logins/{login_id}"): Rule(_OWNER, ends=True),
    ("POST", "/api/auth/tickets"): Rule(_OWN, body={}),
    ("GET", "/api/auth/keys"): Rule(_OWN),
    ("POST", "/api/auth/keys"): Rule(_OWN, body={"name": "another", "scopes": ["read"]}),
    ("DELETE", "/api/auth/keys/{key_id}"): Rule(_OWNER, ends=True),
    ("POST", "/api/auth/google"): Rule(_ANYBODY, body={"credential": "a.b.c"}),
    ("POST", "/api/auth/google/nonce"): Rule(_ANYBODY),
    ("GET", "/api/auth/google/link"): Rule(_OWN),
    ("POST", "/api/auth/google/link"): Rule(_OWN, body={"credential": "a.b.c"}),
    ("DELETE", "/api/auth/google/link"): Rule(_OWN),
    ("GET", "/api/auth/two-factor"): Rule(_OWN),
    ("POST", "/api/auth/two-factor"): Rule(_OWN, body={"password": "a password of the tests"}),
    ("POST", "/api/auth/two-factor/confirm"): Rule(_OWN, body={"code": "a guess"}),
    ("POST", "/api/auth/two-factor/recovery-codes"): Rule(_OWN, body={"code": "a guess"}),
    ("POST", "/api/auth/two-factor/remove"): Rule(_OWN, body={"code": "a guess"}),
    ("POST", "/upload"): Rule(_OWN, "upload"),
    ("OPTIONS", "/api/uploads"): Rule(_ANYBODY),
    ("POST", "/api/uploads"): Rule(_OWN, "upload"),
    ("GET", "/api/uploads"): Rule(_OWN, "upload"),
    ("GET", _UPLOAD): Rule(_OWNER, "upload"),
    ("HEAD", _UPLOAD): Rule(_OWNER, "upload"),
    ("PATCH", _UPLOAD): Rule(_OWNER, "upload"),
    ("DELETE", _UPLOAD): Rule(_OWNER, "upload", ends=True),
    ("POST", "/api/recordings/from-uploads"): Rule(_OWN, "upload", body={"uploads": []}),
    ("GET", "/api/recordings"): Rule(_OWN, "read"),
    ("GET", "/api/search"): Rule(_OWN, "read"),
    ("GET", "/api/search/recordings/{recording_id}"): Rule(_OWNER, "read"),
    ("POST", "/api/recordings/organize"): Rule(_OWNER, body={"recording_ids": ["{recording_id}"]}),
    ("GET", "/api/tags"): Rule(_OWN, "read"),
    ("POST", "/api/tags"): Rule(_OWN, body={"name": "客户"}),
    ("PATCH", "/api/tags/{tag_id}"): Rule(_OWNER, body={"name": "季度"}),
    ("DELETE", "/api/tags/{tag_id}"): Rule(_OWNER, ends=True),
    ("GET", "/api/folders"): Rule(_OWN, "read"),
    ("POST", "/api/folders"): Rule(_OWN, body={"name": "项目"}),
    ("PATCH", "/api/folders/{folder_id}"): Rule(_OWNER, body={"name": "例会"}),
    ("DELETE", "/api/folders/{folder_id}"): Rule(_OWNER, ends=True),
    ("POST", "/api/recordings"): Rule(_OWN, "upload"),
    ("GET", _RECORDING): Rule(_OWNER, "read"),
    ("PATCH", _RECORDING): Rule(_OWNER, body={"name": "another name"}),
    ("DELETE", _RECORDING): Rule(_OWNER, ends=True),
    ("GET", "/api/trash"): Rule(_OWN, "read"),
    ("DELETE", "/api/trash"): Rule(_OWN, ends=True),
    ("POST", "/api/trash/{recording_id}/restore"): Rule(_OWNER, trashed=True),
    ("DELETE", "/api/trash/{recording_id}"): Rule(_OWNER, ends=True, trashed=True),
    ("GET", _RECORDING + "/audio"): Rule(_OWNER, "read"),
    ("GET", _RECORDING + "/video"): Rule(_OWNER, "read"),
    ("GET", _RECORDING + "/original"): Rule(_OWNER, "read"),
    ("GET", _RECORDING + "/peaks"): Rule(_OWNER, "read"),
    ("GET", _RECORDING + "/export"): Rule(_OWNER, "read"),
    ("POST", "/api/exports"): Rule(_OWNER, "read", body={"recording_ids": ["{recording_id}"]}),
    ("GET", _SHARES): Rule(_OWNER),
    ("POST", _SHARES): Rule(_OWNER, body={"transcript": True}),
    ("DELETE", _SHARES + "/{share_id}"): Rule(_OWNER),
    # These require the cookie that the access code gives: tests/shares/test_visitors.py.
    ("POST", _SHARED + "/open"): Rule(_ANYBODY, body={"access_code": "a guess"}),
    ("GET", _SHARED): Rule(_ANYBODY),
    ("GET", _SHARED + "/transcript"): Rule(_ANYBODY),
    ("GET", _SHARED + "/transcript/written-form"): Rule(_ANYBODY),
    ("GET", _SHARED + "/audio"): Rule(_ANYBODY),
    ("GET", _SHARED + "/minutes"): Rule(_ANYBODY),
    ("GET", "/api/events/log"): Rule(_OWN, "read"),
    ("GET", "/api/channels"): Rule(_OWN),
    ("POST", "/api/channels"): Rule(_OWN, body=_CHANNEL),
    ("PATCH", _MY_CHANNEL): Rule(_OWNER, body={"name": "another name"}),
    ("DELETE", _MY_CHANNEL): Rule(_OWNER, ends=True),
    ("POST", _MY_CHANNEL + "/secret"): Rule(_OWNER),
    ("POST", _MY_CHANNEL + "/test"): Rule(_OWNER),
    ("GET", _MY_CHANNEL + "/deliveries"): Rule(_OWNER),
    ("POST", _MY_CHANNEL + "/deliveries/{delivery_id}/send"): Rule(_OWNER),
    ("POST", _RECORDING + "/jobs"): Rule(_OWNER, "upload", body={}),
    ("GET", _TRANSCRIPT): Rule(_OWNER, "read"),
    ("PUT", _TRANSCRIPT): Rule(_OWNER, body=_DOCUMENT),
    ("GET", _TRANSCRIPT + "/versions"): Rule(_OWNER, "read"),
    ("POST", _TRANSCRIPT + "/versions/{version}/take"): Rule(_OWNER, body={"based_on": 1}),
    ("GET", _TRANSCRIPT + "/export"): Rule(_OWNER, "read"),
    ("GET", _TRANSCRIPT + "/written-form"): Rule(_OWNER, "read"),
    ("POST", _TRANSCRIPT + "/written-form"): Rule(_OWNER, "read", body={"texts": ["三百二十万"]}),
    ("PATCH", _TRANSCRIPT + "/speakers/{speaker}"): Rule(_OWNER, body={"name": "王小明"}),
    ("POST", _RECORDING + "/minutes"): Rule(_OWNER, body={}),
    ("GET", _RECORDING + "/minutes"): Rule(_OWNER, "read"),
    ("PUT", _RECORDING + "/minutes"): Rule(_OWNER, body={"based_on": 1, "content": {"title": "周会"}}),
    ("POST", _RECORDING + "/minutes/proposals/{version}/accept"): Rule(_OWNER, body={"based_on": 1}),
    ("DELETE", _RECORDING + "/minutes/proposals/{version}"): Rule(_OWNER),
    ("GET", _RECORDING + "/minutes/versions"): Rule(_OWNER, "read"),
    ("GET", _RECORDING + "/minutes/export"): Rule(_OWNER, "read"),
    ("POST", _RECORDING + "/repair"): Rule(_OWNER),
    ("GET", _RECORDING + "/repair"): Rule(_OWNER, "read"),
    ("POST", _RECORDING + "/repair/review"): Rule(_OWNER, body={"based_on": 1, "accept": [], "reject": []}),
    ("POST", _RECORDING + "/polish"): Rule(_OWNER),
    ("GET", _RECORDING + "/polish"): Rule(_OWNER, "read"),
    ("POST", _RECORDING + "/polish/review"): Rule(_OWNER, body={"based_on": 1, "accept": [], "reject": []}),
    ("POST", _RECORDING + "/translations"): Rule(_OWNER, body={"language": "en"}),
    ("GET", _RECORDING + "/translations"): Rule(_OWNER, "read"),
    ("GET", _TRANSLATION): Rule(_OWNER, "read"),
    ("PUT", _TRANSLATION + "/lines/{segment}"): Rule(_OWNER, body={"text": "Hello"}),
    ("GET", _TRANSLATION + "/export"): Rule(_OWNER, "read"),
    ("DELETE", _TRANSLATION): Rule(_OWNER, ends=True),
    ("POST", _RECORDING + "/questions"): Rule(_OWNER, body={"question": "预算批了吗？"}),
    ("GET", _RECORDING + "/questions"): Rule(_OWNER, "read"),
    ("DELETE", _RECORDING + "/questions"): Rule(_OWNER),
    ("POST", _RECORDING + "/speaker-names"): Rule(_OWNER),
    ("GET", "/api/templates"): Rule(_OWN, "read"),
    ("POST", "/api/templates"): Rule(_OWN, body=_TEMPLATE),
    ("PUT", "/api/templates/{template}"): Rule(_OWNER, body=_TEMPLATE),
    ("DELETE", "/api/templates/{template}"): Rule(_OWNER, ends=True),
    ("GET", "/api/language-model"): Rule(_OWN, "read"),
    ("POST", "/api/language-model/test"): Rule(_ADMIN, "admin"),
    ("GET", "/api/language-model/endpoints"): Rule(_OWN, "read"),
    ("PUT", "/api/language-model/default"): Rule(_OWN, body={"endpoint": None}),
    ("POST", "/api/language-model/endpoints"): Rule(_OWN, body=_ENDPOINT),
    ("PUT", _MY_ENDPOINT): Rule(_OWNER, body=_ENDPOINT),
    ("DELETE", _MY_ENDPOINT): Rule(_OWNER, ends=True),
    ("POST", _MY_ENDPOINT + "/test"): Rule(_OWNER),
    ("GET", "/api/admin/language-model"): Rule(_ADMIN, "admin"),
    ("PUT", "/api/admin/language-model"): Rule(_ADMIN, "admin", body={"default": None, "own_endpoints": True}),
    ("GET", _ENDPOINTS): Rule(_ADMIN, "admin"),
    ("POST", _ENDPOINTS): Rule(_ADMIN, "admin", body=_ENDPOINT),
    ("PUT", _ENDPOINTS + "/{shared_endpoint_id}"): Rule(_ADMIN, "admin", body=_ENDPOINT),
    ("DELETE", _ENDPOINTS + "/{shared_endpoint_id}"): Rule(_ADMIN, "admin", ends=True),
    ("POST", _ENDPOINTS + "/{shared_endpoint_id}/test"): Rule(_ADMIN, "admin"),
    ("POST", "/api/admin/templates"): Rule(_ADMIN, "admin", body=_TEMPLATE),
    ("PUT", "/api/admin/templates/{shared_template}"): Rule(_ADMIN, "admin", body=_TEMPLATE),
    ("DELETE", "/api/admin/templates/{shared_template}"): Rule(_ADMIN, "admin", ends=True),
    ("GET", "/api/limits"): Rule(_OWN, "read"),
    ("GET", "/api/jobs"): Rule(_OWN, "read"),
    ("GET", "/api/queue"): Rule(_OWN, "read"),
    ("GET", "/api/quota"): Rule(_OWN, "read"),
    ("GET", "/api/engines"): Rule(_OWN, "read"),
    ("GET", "/api/jobs/{job_id}"): Rule(_OWNER, "read"),
    ("DELETE", "/api/jobs/{job_id}"): Rule(_OWNER, ends=True),
    ("POST", "/api/jobs/{job_id}/cancel"): Rule(_OWNER, "upload"),
    ("POST", "/api/jobs/{job_id}/retry"): Rule(_OWNER, "upload"),
    ("GET", "/api/jobs/{job_id}/transcript"): Rule(_OWNER, "read"),
    ("GET", "/api/admin/users"): Rule(_ADMIN, "admin"),
    ("POST", "/api/admin/users"): Rule(_ADMIN, "admin", body={"username": "new here", "password": _PASSWORD}),
    ("PATCH", _USER): Rule(_ADMIN, "admin", body={"active": True}),
    ("DELETE", _USER): Rule(_ADMIN, "admin", ends=True),
    ("GET", _USER + "/quotas"): Rule(_ADMIN, "admin"),
    ("PATCH", _USER + "/quotas"): Rule(_ADMIN, "admin", body={"queued_jobs": 5}),
    ("POST", _USER + "/logins/end"): Rule(_ADMIN, "admin"),
    ("GET", "/api/admin/jobs"): Rule(_ADMIN, "admin"),
    ("POST", "/api/admin/jobs/{job_id}/cancel"): Rule(_ADMIN, "admin"),
    ("POST", "/api/admin/jobs/{job_id}/retry"): Rule(_ADMIN, "admin"),
    ("POST", "/api/admin/jobs/{job_id}/front"): Rule(_ADMIN, "admin"),
    ("GET", "/api/admin/limits"): Rule(_ADMIN, "admin"),
    ("PATCH", "/api/admin/limits"): Rule(_ADMIN, "admin", body={"max_size": 50}),
    ("GET", "/api/admin/figures"): Rule(_ADMIN, "admin"),
    ("GET", "/api/admin/engines"): Rule(_ADMIN, "admin"),
    ("POST", "/api/admin/engines/{name}/restart"): Rule(_ADMIN, "admin"),
    ("POST", "/api/admin/engines/{name}/unload"): Rule(_ADMIN, "admin"),
    ("POST", _USER + "/approve"): Rule(_ADMIN, "admin"),
    ("POST", _USER + "/reject"): Rule(_ADMIN, "admin"),
    ("DELETE", _USER + "/two-factor"): Rule(_ADMIN, "admin"),
    ("POST", _USER + "/password"): Rule(_ADMIN, "admin", body={"password": _PASSWORD}),
    ("GET", "/api/admin/system"): Rule(_ADMIN, "admin"),
    ("GET", "/api/admin/models"): Rule(_ADMIN, "admin"),
    ("GET", "/api/admin/storage"): Rule(_ADMIN, "admin"),
    ("GET", "/api/admin/storage/cleanup"): Rule(_ADMIN, "admin"),
    ("POST", "/api/admin/storage/cleanup"): Rule(_ADMIN, "admin", body={"as_of": "2026-01-01T00:00:00Z", "kinds": []}),
    ("GET", "/api/admin/retention"): Rule(_ADMIN, "admin"),
    ("PUT", "/api/admin/retention/{kind}"): Rule(_ADMIN, "admin", body={"days": None}),
    ("GET", "/api/admin/retention/{kind}/preview"): Rule(_ADMIN, "admin"),
    ("GET", "/api/admin/audit"): Rule(_ADMIN, "admin"),
    ("GET", "/api/admin/audit/export"): Rule(_ADMIN, "admin"),
}
