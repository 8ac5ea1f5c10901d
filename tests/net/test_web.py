"""The little web client: where a redirect may lead, and that every fault is one of ours."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from hongyan.errors import ConnectFailed, InvalidArgument
from hongyan.net.web import Web


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Sends everybody to where the path says."""

    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", self.path[1:].replace("%20", " "))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def redirecting() -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "location",
    [
        *(
            "https://x.example:99999/",
            "https://x.example:abc/",
            "https://[::1/",
            "//[",
            "https:///",
        ),
        *("http://x.example/", "ftp://x.example/", "file:///etc/passwd", "/back", "https://"),
    ],
)
def test_a_redirect_leads_to_https_or_nowhere(redirecting: str, location: str) -> None:
    with pytest.raises(ConnectFailed):
        Web().get(redirecting + location)


@pytest.mark.parametrize("url", ["https://x.example:99999/", "https://[::1/", "http://x.example/"])
def test_what_is_no_https_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgument):
        Web().get(url)
