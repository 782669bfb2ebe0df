"""A mail server on this machine that speaks SMTP over a socket and refuses whom a test names."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default


@dataclass
class MailServer:
    """The recipients and texts of the letters that the server took, and the recipients that it refuses, each
    with its answer."""

    port: int = 0
    refuses: dict[str, str] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


class _Session(socketserver.StreamRequestHandler):
    mail: MailServer

    def handle(self) -> None:
        self._say("220 test")
        to = ""
        while line := self.rfile.readline().decode().strip():
            command = line.upper()
            if command.startswith("RCPT"):
                to = line.partition("<")[2].partition(">")[0]
                self._say(self.mail.refuses.get(to, "250 ok"))
            elif command == "DATA":
                self._say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                message = message_from_bytes(b"".join(lines), policy=default)
                self.mail.taken.append(to)
                self.mail.texts.append(f"{message['Subject']}\n{message.get_content()}")
                self._say("250 taken")
            elif command == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run a server inside the block."""
    mail = MailServer()
    handler = type("Session", (_Session,), {"mail": mail})
    with _Server(("127.0.0.1", 0), handler) as server:
        mail.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield mail
        finally:
            server.shutdown()
            thread.join(timeout=10)
