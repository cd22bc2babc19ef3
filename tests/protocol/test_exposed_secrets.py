"""Who may look inside a secret: a table of modules, each with its reason.

``Secret.expose`` is the only door. A module that opens it and is not here fails
the test, as does a row without need.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]

ALLOWED = {
    "protocol/signing.py": "signs",
    "protocol/e2ee/curve.py": "X25519",
    "protocol/e2ee/kem.py": "ML-KEM-768",
    "protocol/e2ee/handshake.py": "joins the secrets of a handshake for HKDF",
    "protocol/e2ee/session.py": "the handshake's secret becomes the first root key",
    "protocol/e2ee/ratchet/root.py": "HKDF of the root step",
    "protocol/e2ee/ratchet/chain.py": "HMAC of the chain step",
    "protocol/e2ee/ratchet/body.py": "encrypts a message",
    "protocol/e2ee/profile_key.py": "derives the delivery token; puts the key into its message",
    "protocol/e2ee/hpke.py": "builds HPKE's private key",
    "protocol/e2ee/sender_tag.py": "derives the key of a sender's tags, and makes them",
    "protocol/e2ee/stored_ratchet.py": "ratchet states, for the encrypted store",
    "protocol/e2ee/prekey_secrets.py": "private prekeys, for the encrypted store",
    "protocol/recovery/scalar.py": "arithmetic of scalars, by libsodium",
    "protocol/recovery/group.py": "multiplies an element by a scalar",
    "protocol/recovery/dleq.py": "a proof's two scalars, which are public",
    "protocol/recovery/oprf.py": "hashes the input into the group, and into the output",
    "protocol/recovery/shamir.py": "a polynomial's value becomes a share",
    "protocol/recovery/derived.py": "derives slot secret and tags from the OPRF's output",
    "protocol/recovery/stretching.py": "stretches a password",
    "protocol/recovery/shapes.py": "share and tag in a registration, and on the vault's disk",
    "protocol/archive/keys.py": "derives all keys of a backup from its root",
    "protocol/archive/header.py": "derives an object's cipher",
    "protocol/archive/digits.py": "shows the digits to be written down; derives a slot's secret",
    "protocol/archive/slot_secret.py": "derives a slot's key pair",
    "protocol/archive/keyring.py": "seals the root to a slot",
    "protocol/archive/entry.py": "objects' own keys, into the manifest",
    "protocol/archive/account.py": "the account key, into its object",
    "client/engine/outbox_flusher.py": "shows a peer's delivery token to the relay",
    "client/engine/key_fetcher.py": "shows a peer's delivery token to the relay",
    "client/engine/token_keeper.py": "hashes our delivery token for the relay",
    "client/store/profile_keys.py": "profile keys, in the encrypted store",
    "client/messaging/prekey_upkeep.py": "private prekeys, into the encrypted store",
    "client/network/blobs.py": "shows a write secret to the relay",
    "client/profile/account_file.py": "account keys, into a wrapped file",
    "client/profile/key_file.py": "reads the database key out of its file",
    "client/profile/passphrase.py": "stretches a passphrase",
    "client/profile/wrapped_file.py": "wraps keys under a passphrase",
    "client/store/archive.py": "the root of the backup, in the encrypted store",
    "client/store/media.py": "keys of files of messages, in the encrypted store",
    "client/store/account.py": "private identity and account key, in the encrypted store",
    "client/store/connection.py": "opens the encrypted store",
}


def _opens_the_door(path: Path) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr == "expose"
        for node in ast.walk(ast.parse(path.read_text()))
    )


def _opening(*packages: str) -> set[str]:
    files = (path for package in packages for path in (ROOT / package).rglob("*.py"))
    return {str(path.relative_to(ROOT)) for path in files if _opens_the_door(path)}


def test_only_these_modules_look_inside_secrets() -> None:
    assert _opening("protocol", "client") == set(ALLOWED)


def test_the_servers_see_none() -> None:
    """The relay has one secret of its own, its TLS key, and that is not a Secret of ours."""
    assert _opening("server") == set()
