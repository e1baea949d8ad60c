"""Encryption of secrets in the database with a key derived from SECRET_KEY: a copy of the rows reveals nothing."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class DecryptionError(Exception):
    """The secret was encrypted with another SECRET_KEY or for another purpose, or it is damaged."""


def encrypt(secret_key: str, purpose: str, plaintext: str) -> str:
    return _cipher(secret_key, purpose).encrypt(plaintext.encode()).decode()


def decrypt(secret_key: str, purpose: str, ciphertext: str) -> str:
    """Raises DecryptionError."""
    try:
        return _cipher(secret_key, purpose).decrypt(ciphertext.encode()).decode()
    except InvalidToken:
        raise DecryptionError from None


def _cipher(secret_key: str, purpose: str) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(key))
