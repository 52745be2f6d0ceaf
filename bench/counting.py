"""A mail server that counts and a receiver of webhooks that counts, in a process of their own: `python -m bench.counting`

Prints its two ports. As little work as the protocols allow, so that what is measured is the sender.
"""

import socketserver
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Mail(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        say = self.wfile.write
        say(b"220 counting\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                say(b"250 counting\r\n")
            elif verb == b"DATA":
                say(b"354 go\r\n")
                while (line := self.rfile.readline()) and line != b".\r\n":
                    pass
                say(b"250 taken\r\n")
            elif verb == b"QUIT":
                say(b"221 bye\r\n")
                return
            else:
                say(b"250 ok\r\n")


class Hook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


class Threads(socketserver.ThreadingTCPServer):
    daemon_threads = True


class Hooks(ThreadingHTTPServer):
    request_queue_size = 128


def main() -> None:
    mail, hook = Threads(("127.0.0.1", 0), Mail), Hooks(("127.0.0.1", 0), Hook)
    for server in (mail, hook):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(mail.server_address[1], hook.server_address[1], flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
