"""A server with ClickHouse's HTTP interface over the engine itself, which chdb brings as a library.

It answers what ClickHouse's client for Python sends: statements in the body, settings in the address, results
in the format that the statement names, inserts in the format Native, compressed. It runs as a process of its
own, on a folder that it finds again when it is started anew.
"""

import gzip
import json
import re
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from chdb.session import Session
from lz4.frame import LZ4FrameDecompressor

FORMAT = re.compile(rb"\s+FORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
INSERT = re.compile(rb"\s*(INSERT\s+INTO\s+.+?)\s+FORMAT\s+Native\s?", re.IGNORECASE | re.DOTALL)
# Parts of an address that are no settings.
NO_SETTINGS = {"query", "database", "query_id", "session_id", "wait_end_of_query", "client_protocol_version"}
OF_HTTP = {"enable_http_compression", "send_progress_in_http_headers", "http_headers_progress_interval_ms"}


def unpack_lz4(packed: bytes) -> bytes:
    """Return the content of all frames: the client sends each block in a frame of its own."""
    parts = []
    while packed:
        frame = LZ4FrameDecompressor()
        parts.append(frame.decompress(packed))
        packed = frame.unused_data or b""
    return b"".join(parts)


UNPACK = {"lz4": unpack_lz4, "gzip": gzip.decompress}


class Engine:
    """The engine on its folder, for one statement at a time. `losses` inserts lose their last row."""

    def __init__(self, folder: Path) -> None:
        self._session = Session(str(folder))
        self._settings: dict[str, str] = {}
        self._lock = threading.Lock()
        self.losses = 0

    def run(self, statement: bytes, settings: dict[str, str]) -> bytes:
        """Return the answer to a statement. Raises RuntimeError with the engine's words."""
        with self._lock:
            self._set(settings)
            insert = INSERT.match(statement)
            if insert is not None:
                return self._insert(insert[1].decode(), statement[insert.end() :])
            found = FORMAT.search(statement)
            text = statement[: found.start()] if found else statement
            answer = self._session.query(text.decode(), found[1].decode() if found else "TabSeparated")
            return bytes(answer.bytes()) if answer is not None else b""

    def _set(self, settings: dict[str, str]) -> None:
        for name, value in settings.items():
            if self._settings.get(name) != value:
                self._session.query(f"SET {name} = '{value}'")
                self._settings[name] = value

    def _insert(self, into: str, rows: bytes) -> bytes:
        with tempfile.NamedTemporaryFile(suffix=".native") as file:
            file.write(rows)
            file.flush()
            source = f"file('{file.name}', 'Native')"
            few = ""
            if self.losses > 0:
                self.losses -= 1
                few = f" LIMIT (SELECT count() - 1 FROM {source})"
            self._session.query(f"{into} SELECT * FROM {source}{few}")
        return b""


class Handler(BaseHTTPRequestHandler):
    """A request: a statement, or `/control?losses=1`."""

    protocol_version = "HTTP/1.1"
    engine: Engine

    def do_GET(self) -> None:
        self._answer(200, b"Ok.\n")

    def do_POST(self) -> None:
        address = urlsplit(self.path)
        given = dict(parse_qsl(address.query, keep_blank_values=True))
        body = self._read_body()
        if address.path == "/control":
            self.engine.losses = int(given["losses"])
            self._answer(200, b"")
            return
        settings = {name: value for name, value in given.items() if name not in NO_SETTINGS | OF_HTTP}
        query = given.get("query", "").encode()
        try:
            answer = self.engine.run(b"\n".join(part for part in (query, body) if part), settings)
        except RuntimeError as error:
            self._answer(500, str(error).encode(), failed=True)
        else:
            self._answer(200, answer)

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline().partition(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(parts)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        unpack = UNPACK.get(self.headers.get("Content-Encoding", ""))
        return unpack(body) if unpack else body

    def _answer(self, status: int, body: bytes, *, failed: bool = False) -> None:
        self.send_response(status)
        self.send_header("X-ClickHouse-Timezone", "UTC")
        self.send_header("X-ClickHouse-Summary", json.dumps({"written_rows": "0"}))
        if failed:
            code = re.search(rb"Code: (\d+)", body)
            self.send_header("X-ClickHouse-Exception-Code", code[1].decode() if code else "1002")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def main(folder: str, port: str) -> None:
    """Serve the folder until the process is ended; print the port."""
    Handler.engine = Engine(Path(folder))
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
