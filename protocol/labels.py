"""Domain-separation labels: one purpose, one label, one table.

Spec: docs/protocol.md#labels
"""

from enum import Enum
from typing import Final

SUITE: Final = b"GP1"


class Label(bytes, Enum):
    """Says for what a key is used, so that no output serves two purposes.

    The comment is the table's row.
    """

    SIGNED_PREKEY = b"glasspost/1/signed-prekey"  # signs an X25519 prekey
    ONE_TIME_KEM_PREKEY = b"glasspost/1/one-time-kem-prekey"  # signs an ML-KEM prekey, used once
    LAST_RESORT_KEM_PREKEY = b"glasspost/1/last-resort-kem-prekey"  # signs the one used by many
    SEALING_KEY = b"glasspost/1/sealing-key"  # signs the key envelopes are sealed to
    REGISTER = b"glasspost/1/register"  # signs a registration
    LOGIN = b"glasspost/1/login"  # signs a login
    REPLACE_DEVICE = b"glasspost/1/replace-device"  # signs a new identity, by the account key
    REPLACE_DEVICE_NEW = b"glasspost/1/replace-device-new"  # signs the same, by that identity
    VETO_REPLACEMENT = b"glasspost/1/veto-replacement"  # signs against it, by the old identity
    HANDSHAKE_TRANSCRIPT = b"glasspost/1/handshake-transcript"  # begins a handshake's transcript
    HANDSHAKE = b"glasspost/1/handshake"  # derives a session's first root key
    RATCHET_ROOT = b"glasspost/1/ratchet-root"  # derives root and chain key, classical
    RATCHET_ROOT_HYBRID = b"glasspost/1/ratchet-root-hybrid"  # the same with a KEM secret mixed in
    SEALED_SENDER = b"glasspost/1/sealed-sender"  # HPKE info of an envelope
    SENDER_TAG_KEY = b"glasspost/1/sender-tag-key"  # derives the key of a sender's tags
    SENDER_TAG = b"glasspost/1/sender-tag"  # begins what a sender's tag covers
    RETRY_ANSWER = b"glasspost/1/retry-answer"  # names the envelope that answers a request
    DELIVERY_TOKEN = b"glasspost/1/delivery-token"  # derives a delivery token
    KEY_FILE = b"glasspost/1/key-file"  # associated data of a client's wrapped database key
    ACCOUNT_FILE = b"glasspost/1/account-file"  # the same of a file with account keys
    ARCHIVE_OBJECT = b"glasspost/1/archive-object"  # derives an object's cipher key and commitment
    ARCHIVE_NAME = b"glasspost/1/archive-name"  # derives the key that names are hashed under
    ARCHIVE_MANIFEST = b"glasspost/1/archive-manifest"  # derives the manifests' object key
    ARCHIVE_HEAD_KEY = b"glasspost/1/archive-head-key"  # derives the key that signs heads
    ARCHIVE_HEAD = b"glasspost/1/archive-head"  # signs a backup's head
    RELAY_BLOB = b"glasspost/1/relay-blob"  # derives the id of a backup's blob on a relay
    VAULT_OWNER_KEY = b"glasspost/1/vault-owner-key"  # derives the owner's key of a vault's record
    RECOVERY_DIGITS = b"glasspost/1/recovery-digits"  # derives a slot's secret from 64 digits
    RECOVERY_PASSWORD = b"glasspost/1/recovery-password"  # derives one from the OPRF's output
    UNLOCK_TAG = b"glasspost/1/unlock-tag"  # derives the tag that sets a vault's count to zero
    VAULT_REGISTRATION = b"glasspost/1/vault-registration"  # hashes what was registered
    VAULT_EVENT = b"glasspost/1/vault-event"  # signs an entry of a vault's log
    VAULT_HEAD = b"glasspost/1/vault-head"  # signs the placing of a head at a vault
    VAULT_DELETION = b"glasspost/1/vault-deletion"  # signs the deletion of a vault's record
    SHARE_POSSESSION = b"glasspost/1/share-possession"  # hashes a proof that a share is there
    SLOT_KEY = b"glasspost/1/slot-key"  # derives a slot's key pair from its secret
    SLOT_SEAL = b"glasspost/1/slot-seal"  # HPKE info of a slot
