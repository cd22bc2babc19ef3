"""How a person names a vault: ``NAME=HOST:PORT#KEY``, as the vault prints it.

    north=vault.example:7700#61818951b1edc9c6399f1982e18b1453df83628a5838b331d30767cbfdf0bc6c

KEY is the vault's Ed25519 key in hexadecimal. It is the key itself and not its hash,
because the record of a password needs it: tags are bound to it, logs are checked with it.
In TLS the certificate is compared with the key's fingerprint, as a relay's.

Spec: docs/vault.md#its-address
"""

import re
from typing import Final

from client.network.address import RelayAddress, parse_address
from client.network.certificate import fingerprint_of
from protocol.errors import BadAddress, InvalidName
from protocol.ids import Name, parse_name
from protocol.limits import MAX_VAULT_ADDRESS_BYTES
from protocol.recovery.record import Vault

_KEY: Final = re.compile(r"[0-9a-fA-F]{64}")


def parse_vault(text: str) -> Vault:
    """Read what a person typed.

    Raises:
        BadAddress: name, host, port or key cannot be; ``.reason`` says which.
    """
    name, equals, rest = text.strip().partition("=")
    place, mark, key = rest.partition("#")
    if not equals or not mark:
        raise BadAddress("NAME=HOST:PORT#KEY is wanted, as the vault prints it")
    if _KEY.fullmatch(key) is None:
        raise BadAddress("a vault's key is 64 hexadecimal digits")
    vault = Vault(_parse_name(name), place, bytes.fromhex(key))
    address_of(vault)
    return vault


def vault_text(vault: Vault) -> str:
    """Give what :func:`parse_vault` reads."""
    return f"{vault.name}={vault.address}#{vault.key.hex()}"


def address_of(vault: Vault) -> RelayAddress:
    """Give where to connect to and which key it has to show.

    Raises:
        BadAddress: the vault's address, which a storage may have forged, is not HOST:PORT.
    """
    if len(vault.address.encode()) > MAX_VAULT_ADDRESS_BYTES:
        raise BadAddress(f"a vault's host and port are longer than {MAX_VAULT_ADDRESS_BYTES} bytes")
    place = parse_address(vault.address)
    if place.endpoint != vault.address:
        raise BadAddress("a vault's address is HOST:PORT and nothing else, as in 192.0.2.7:7700")
    return place.pinned_to(fingerprint_of(vault.key))


def _parse_name(name: str) -> Name:
    try:
        return parse_name(name)
    except InvalidName as error:
        raise BadAddress(str(error)) from error
