import httpx

from tests.minutes.api.client import ask, get
from tests.serving import Server


def test_an_own_template_is_versioned_and_used(server: Server, transcribed: str, other_user: httpx.Client) -> None:
    other_user.base_url = server.client.base_url
    mine = {"name": "我的", "guidance": "只看预算。", "parts": ["decisions", "overview"]}

    made = server.client.post("/api/templates", json=mine).raise_for_status().json()
    changed = server.client.put(f"/api/templates/{made['key']}", json=mine | {"name": "改过"}).json()
    late = server.client.put(f"/api/templates/{made['key']}", json=mine | {"based_on": 1})
    server.ended(ask(server, transcribed, template=made["key"])["id"])

    minutes = get(server, f"{transcribed}/minutes")
    assert (made["version"], changed["version"], minutes["template"]["name"]) == (1, 2, "改过")
    assert (late.status_code, late.json()["code"], late.json()["template"]["name"]) == (409, "template_changed", "改过")
    markdown = server.client.get(f"/api/recordings/{transcribed}/minutes/export").text
    assert markdown.index("## 决议") < markdown.index("## 概要")
    assert other_user.put(f"/api/templates/{made['key']}", json=mine).status_code == 404
    assert made["key"] not in [one["key"] for one in other_user.get("/api/templates").json()]
    assert server.client.delete("/api/templates/weekly").json()["code"] == "template_built_in"
    server.client.delete(f"/api/templates/{made['key']}").raise_for_status()
    assert [one["name"] for one in server.client.get("/api/templates").json() if not one["built_in"]] == []
    assert get(server, f"{transcribed}/minutes")["template"]["name"] == "改过"


def test_an_admin_shares_a_template_and_everybody_uses_its_newest_version(
    server: Server, transcribed: str, other_user: httpx.Client
) -> None:
    body = {"name": "我们组的周会", "guidance": "只看风险。", "parts": ["actions", "overview"]}

    made = server.client.post("/api/admin/templates", json=body).raise_for_status().json()
    path = f"/api/admin/templates/{made['key']}"
    changed = server.client.put(path, json={**body, "parts": ["overview"]}).raise_for_status().json()
    theirs = next(one for one in other_user.get("/api/templates").json() if one["key"] == made["key"])
    refused = [other_user.put(path, json=body), other_user.put(f"/api/templates/{made['key']}", json=body)]
    server.ended(ask(server, transcribed, template=made["key"])["id"])
    minutes = get(server, f"{transcribed}/minutes")
    word = server.client.get(f"/api/recordings/{transcribed}/minutes/export", params={"format": "docx"})
    server.client.delete(path).raise_for_status()

    assert (changed["version"], changed["shared"], theirs) == (2, True, changed)
    assert [answer.status_code for answer in refused] == [403, 404]
    assert (minutes["template"]["name"], minutes["template"]["version"]) == ("我们组的周会", 2)
    assert word.headers["content-type"].endswith("wordprocessingml.document")
    assert word.content.startswith(b"PK")
    assert made["key"] not in [one["key"] for one in other_user.get("/api/templates").json()]
