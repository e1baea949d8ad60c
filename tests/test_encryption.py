import pytest

from backend.encryption import DecryptionError, decrypt, encrypt


def test_a_secret_is_decrypted_only_with_the_same_key_and_purpose() -> None:
    ciphertext = encrypt("a" * 40, "keys", "sk-secret")

    assert "sk-secret" not in ciphertext
    assert decrypt("a" * 40, "keys", ciphertext) == "sk-secret"
    for key, purpose, text in (
        ("b" * 40, "keys", ciphertext),
        ("a" * 40, "other", ciphertext),
        ("a" * 40, "keys", "x"),
    ):
        with pytest.raises(DecryptionError):
            decrypt(key, purpose, text)
