"""Is the web process in this container ready? By path, with the standard library alone: `python -I probe.py [PATH]`

Asks as a proxy in front would: with the public host name, and over TLS where that is what people use.
"""

import http.client
import os
import sys
from urllib.parse import urlsplit

PORT = 8000


def ready(path: str) -> bool:
    public = urlsplit(os.environ.get("BASE_URL", f"http://localhost:{PORT}"))
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": public.netloc, "X-Forwarded-Proto": public.scheme})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False


if __name__ == "__main__":
    sys.exit(0 if ready(sys.argv[1] if len(sys.argv) > 1 else "/readyz") else 1)
