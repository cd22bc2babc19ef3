"""``python -m tests.client.backup.targets.webdav_server FOLDER``: WebDAV on a free port.

Prints the port; one user, ``ann`` with the password ``hunter2``.
"""

import sys

from cheroot.wsgi import Server
from wsgidav.fs_dav_provider import FilesystemProvider
from wsgidav.wsgidav_app import WsgiDAVApp


def main() -> None:
    """Serve until killed."""
    config = {
        "provider_mapping": {"/dav": FilesystemProvider(sys.argv[1])},
        "simple_dc": {"user_mapping": {"*": {"ann": {"password": "hunter2"}}}},
        "http_authenticator": {
            "accept_basic": True,
            "accept_digest": False,
            "default_to_digest": False,
        },
        "logging": {"enable": False},
        "verbose": 1,
    }
    server = Server(("127.0.0.1", 0), WsgiDAVApp(config))
    server.prepare()
    print(server.bind_addr[1], flush=True)
    server.serve()


if __name__ == "__main__":
    main()
