"""Addresses of cloud storages: ``SERVICE:PLACE?option=value&...``, without any secret in them.

    bucket   s3:BUCKET/PREFIX             the first part is the bucket
    url      webdav:https://HOST/PATH     the service's own address, then the folder
    folder   gdrive:FOLDER                the account follows from the credentials

Options are those of the service in Apache OpenDAL (``endpoint``, ``region``, ...). Secrets among
them are refused: an address is stored, shown, printed, and lies in the shell's history.

Spec: docs/backup.md#targets
"""

from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from client.errors import LocalError


class Form(Enum):
    """How the place of a service is written."""

    BUCKET = "BUCKET/PREFIX"
    URL = "https://HOST/PATH"
    FOLDER = "FOLDER"


@dataclass(frozen=True, slots=True)
class Service:
    """A service: the form of its place, and the option that takes the first part."""

    form: Form
    first: str = "root"


SERVICES: Final = {
    "azblob": Service(Form.BUCKET, "container"),
    "b2": Service(Form.BUCKET, "bucket"),
    "dropbox": Service(Form.FOLDER),
    "ftp": Service(Form.URL, "endpoint"),
    "gcs": Service(Form.BUCKET, "bucket"),
    "gdrive": Service(Form.FOLDER),
    "onedrive": Service(Form.FOLDER),
    "s3": Service(Form.BUCKET, "bucket"),
    "webdav": Service(Form.URL, "endpoint"),
}

_SECRET_WORDS: Final = ("secret", "password", "token", "credential", "key", "signature")
_ENCRYPTED: Final = ("https", "ftps")


def parse_cloud(service: str, text: str) -> dict[str, str]:
    """Give the options of ``service`` for what stands behind its colon.

    Raises:
        LocalError: the place is missing, an option is a secret or no option, or an address would
            carry credentials over the network in the clear.
    """
    place, _, query = text.partition("?")
    options = _options(query)
    options |= _url_parts(place) if SERVICES[service].form is Form.URL else _parts(service, place)
    _require_encryption(options.get("endpoint", ""))
    return options


def _options(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError as error:
        raise LocalError(
            "The options of this target cannot be read.",
            hint="Write them as ?option=value&option=value, and quote the whole in the shell.",
        ) from error
    for name, _ in pairs:
        if any(word in name.lower() for word in _SECRET_WORDS):
            raise _secret_in_address(name)
    return dict(pairs)


def _parts(service: str, place: str) -> dict[str, str]:
    about = SERVICES[service]
    if about.form is Form.FOLDER:
        return {"root": _root(place)}
    first, _, prefix = place.strip("/").partition("/")
    if not first:
        raise _place_missing(service)
    return {about.first: first, "root": _root(prefix)}


def _url_parts(place: str) -> dict[str, str]:
    url = urlsplit(place)
    if not url.scheme or not url.hostname:
        raise LocalError(
            "The address of the service is missing.", hint="Write it whole: https://HOST/PATH"
        )
    if url.username is not None or url.password is not None:
        raise _secret_in_address("password")
    return {"endpoint": f"{url.scheme}://{url.netloc}", "root": _root(url.path)}


def _root(path: str) -> str:
    return "/" + path.strip("/")


def _require_encryption(endpoint: str) -> None:
    """Refuse to send credentials over a network in the clear."""
    url = urlsplit(endpoint)
    if url.scheme in ("", *_ENCRYPTED) or _is_loopback(url.hostname or ""):
        return
    raise LocalError(
        f"{endpoint} would show the password of this storage to the network.",
        why="Without TLS it travels in the clear.",
        hint="Use https://, or a server on this machine.",
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _place_missing(service: str) -> LocalError:
    return LocalError(
        f"It is not said where on {service} the backup lies.",
        hint=f"Write {service}:{SERVICES[service].form.value}",
    )


def _secret_in_address(option: str) -> LocalError:
    return LocalError(
        f"An address holds no secrets: {option} does not belong into it.",
        why="Addresses are stored, shown and printed.",
        hint=f"Put it into the environment, as GLASSPOST_TARGET_{option.upper()},"
        " or into a credentials file.",
    )
