"""`manage.py receive_webhooks`: a receiver for developers that verifies and prints webhooks."""

import json
from argparse import ArgumentParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

HOST = "127.0.0.1"
LONGEST_BODY = 1_048_576


class Command(BaseCommand):
    help = "Receive webhooks on this machine, verify them with the secret and print them."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=9000)
        parser.add_argument("--secret", required=True, help="whsec_…, as PUT /webhook has shown it once")
        parser.add_argument("--answer", type=int, default=204, help="status of each answer, to see retries")

    def handle(self, *, port: int, secret: str, answer: int, **options: Any) -> None:
        """Serve until the process ends. Raises CommandError for a secret or a port that cannot be used."""
        try:
            webhook = Webhook(secret)
        except ValueError as error:
            raise CommandError("a webhook's secret begins with whsec_") from error
        try:
            server = ThreadingHTTPServer((HOST, port), _make_handler(webhook, answer, self._say))
        except (OSError, OverflowError) as error:
            raise CommandError(f"port {port} cannot be listened on: {error}") from error
        self._say(f"listening on http://{HOST}:{server.server_port}/")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            server.server_close()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _make_handler(webhook: Webhook, answer: int, say: Any) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), LONGEST_BODY))
            try:
                event = webhook.verify(body, {name.lower(): text for name, text in self.headers.items()})
            except (WebhookVerificationError, ValueError) as error:
                say(f"refused: {error}")
                self.send_response(401)
            else:
                say(f"{event['sequence']} {event['type']} {json.dumps(event['data'])}")
                self.send_response(answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            """Log nothing: events are printed already."""

    return Handler
