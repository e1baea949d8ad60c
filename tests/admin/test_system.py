"""The routes for the doctor's checks and the models, on a real server."""

import json
from collections.abc import Iterator

import pytest

from backend.weights.catalogue import MODELS
from backend.weights.store import MANIFEST
from tests.serving import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    server = Server(folder, MODELS_DIR=str(folder / "models"))
    server.start()
    yield server
    server.close()


def test_the_doctors_checks_are_shown_to_admins(server: Server) -> None:
    lines = {line["name"]: line for line in server.client.get("/api/admin/system").raise_for_status().json()}

    assert lines["Database"]["state"] == "ok"
    assert lines["Models"]["state"] == "fail"
    assert lines["Models"]["mend"] == "python -m backend models fetch"


def test_checks_that_make_no_sense_on_a_running_server_are_left_out(server: Server) -> None:
    names = [line["name"] for line in server.client.get("/api/admin/system").json()]

    assert "Python" in names
    assert not {"Port", "SECRET_KEY"} & set(names)


def test_every_model_is_shown_with_its_licence(server: Server) -> None:
    models = {model["name"]: model for model in server.client.get("/api/admin/models").raise_for_status().json()}

    assert set(models) == set(MODELS)
    assert all(model["licence"] and model["attribution"] for model in models.values())
    assert all(model["page"].startswith("https://") for model in models.values())
    assert models["seaco-paraformer-int8"]["page"] == models["seaco-paraformer"]["page"]
    assert models["fsmn-vad"]["installed"] is False
    assert models["fsmn-vad"]["size"] == 0


def test_an_installed_model_is_shown_with_its_size(server: Server) -> None:
    folder = server.folder / "models" / "ct-punc"
    folder.mkdir(parents=True)
    (folder / "model.pt").write_bytes(b"weights")
    manifest = {"files": {"model.pt": {"size": 7, "sha256": ""}}, "source": "", "revision": "", "licence": ""}
    (folder / MANIFEST).write_text(json.dumps(manifest))

    models = {model["name"]: model for model in server.client.get("/api/admin/models").json()}

    assert (models["ct-punc"]["installed"], models["ct-punc"]["size"]) == (True, 7)
