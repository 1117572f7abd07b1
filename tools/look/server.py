"""The web server of `shicho look`: the files of its page and the answers of its API, for this machine alone.

It listens on the loopback interface. Requests whose Host header names anything else are refused, so that no other web
site can reach it under a name of its own (DNS rebinding). Only the files listed here are served.
"""

import json
import sys
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from importlib import resources
from socketserver import ThreadingTCPServer
from typing import Final
from urllib.parse import parse_qsl

from shicho.engine.errors import BadConfig, ShichoError, one_line
from shicho.tools.look.api import Api

HOST: Final = "127.0.0.1"

_FILES: Final = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/look.css": ("look.css", "text/css; charset=utf-8"),
    **{
        f"/{name}": (name, "text/javascript; charset=utf-8")
        for name in ("look.js", "state.js", "board.js", "panels.js")
    },
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
_JSON: Final = "application/json"
_TEXT: Final = "text/plain; charset=utf-8"
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_IDLE_SECONDS: Final = 60
_MOST_FIELDS: Final = 20


class LookServer(ThreadingTCPServer):
    """Listens on the loopback interface, on any free port for port 0. `url` is the address of the page.

    Raises BadConfig if the port cannot be used.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, api: Api, port: int = 0) -> None:
        self.api = api
        self.files = {path: (_page_file(name), kind) for path, (name, kind) in _FILES.items()}
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            raise BadConfig(f"port {port}: {(error.strerror or str(error)).lower()}") from None
        self.port = int(self.server_address[1])
        self.hosts = {f"{name}:{self.port}" for name in (HOST, "localhost")}
        self.url = f"http://{HOST}:{self.port}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """Print the traceback of an error in a request, unless the browser has only closed the connection."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: LookServer
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True  # the body follows the headers at once, instead of after 40 ms

    def do_GET(self) -> None:
        """Answer with a file of the page, with JSON, or with an error."""
        path, _, query = self.path.partition("?")
        if self.headers.get("Host") not in self.server.hosts:
            self._send(HTTPStatus.FORBIDDEN, _TEXT, b"this server is for this machine alone\n")
        elif path in self.server.files:
            content, kind = self.server.files[path]
            self._send(HTTPStatus.OK, kind, content)
        elif path in self.server.api.paths:
            self._answer(path, query)
        else:
            self._send(HTTPStatus.NOT_FOUND, _TEXT, b"no such page\n")

    def _answer(self, path: str, query: str) -> None:
        """Answer a request of the page; what is wrong with it is one line under `error`."""
        started = time.perf_counter()
        try:
            answer, status = self.server.api.paths[path](_fields(query)), HTTPStatus.OK
        except ShichoError as error:
            answer, status = {"error": one_line(error)}, HTTPStatus.BAD_REQUEST
        content = json.dumps(answer, allow_nan=False, separators=(",", ":")).encode()
        self._send(status, _JSON, content, 1000 * (time.perf_counter() - started))

    def _send(self, status: HTTPStatus, kind: str, content: bytes, milliseconds: float | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if milliseconds is not None:
            self.send_header("Server-Timing", f"compute;dur={milliseconds:.1f}")
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Do not log requests."""


def _fields(query: str) -> dict[str, str]:
    """Return the fields of a query by name; raises BadConfig for too many."""
    try:
        return dict(parse_qsl(query, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise BadConfig(one_line(error)) from None


def _page_file(name: str) -> bytes:
    return (resources.files("shicho.tools.look") / "page" / name).read_bytes()
