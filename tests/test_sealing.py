import pytest

from backend.sealing import Unreadable, seal, unseal


def test_what_is_sealed_is_read_with_the_same_key_and_for_the_same_purpose_only() -> None:
    sealed = seal("a" * 40, "keys", "sk-secret")

    assert "sk-secret" not in sealed
    assert unseal("a" * 40, "keys", sealed) == "sk-secret"
    for key, purpose, text in (("b" * 40, "keys", sealed), ("a" * 40, "other", sealed), ("a" * 40, "keys", "x")):
        with pytest.raises(Unreadable):
            unseal(key, purpose, text)
