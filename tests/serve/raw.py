# SPDX-License-Identifier: Apache-2.0
"""HTTP over a bare socket: bytes out as they are, answers read strictly. Only the standard library."""
import re
import socket
import time
import urllib.parse

STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) [^\r\n]*\r\n")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*\r\n")


class NoAnswer(Exception):
    """What came is no HTTP answer."""


class Wire:
    """A connection; `closed` once the server has closed it."""

    def __init__(self, url, timeout=15):
        place = urllib.parse.urlsplit(url)
        self.socket = socket.create_connection((place.hostname, place.port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data, self.closed, self.reset, self.timeout = b"", False, False, timeout

    def send(self, data):
        """A server may answer and close before it has read all."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            self.reset = True
        return self

    def finish(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        return self

    def close(self, hard=False):
        if hard:  # a reset instead of an orderly end
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def more(self):
        """Wait for bytes; False when there will be none."""
        if self.closed:
            return False
        try:
            got = self.socket.recv(1 << 16)
        except ConnectionResetError:
            got, self.reset = b"", True
        self.data += got
        self.closed = not got
        return bool(got)

    def need(self, n):
        while len(self.data) < n:
            if not self.more():
                raise NoAnswer(f"the answer ends early: {self.data[:100]!r}")
        taken, self.data = self.data[:n], self.data[n:]
        return taken

    def line(self):
        while b"\n" not in self.data:
            if not self.more():
                raise NoAnswer(f"the answer ends early: {self.data[:100]!r}")
        end = self.data.index(b"\n") + 1
        return self.need(end)

    def answer(self, head=False):
        """The next answer as (status, headers, body), or None at the end of the connection."""
        while not self.data:
            if not self.more():
                return None
        first = self.line()
        match = STATUS.fullmatch(first)
        if not match:
            raise NoAnswer(f"expected a status line, found {first[:100]!r}")
        status, headers = int(match.group(1)), {}
        while (line := self.line()) != b"\r\n":
            field = FIELD.fullmatch(line)
            if not field:
                raise NoAnswer(f"expected a header, found {line[:100]!r}")
            headers[field.group(1).decode().lower()] = field.group(2).decode("latin-1")
        if status < 200 or status in (204, 304) or head:
            return status, headers, b""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return status, headers, self.chunks()
        if "content-length" in headers:
            return status, headers, self.need(int(headers["content-length"]))
        while self.more():
            pass
        body, self.data = self.data, b""
        return status, headers, body

    def chunks(self):
        body = b""
        while size := int(self.line().strip(), 16):
            body += self.need(size)
            if self.need(2) != b"\r\n":
                raise NoAnswer("a chunk does not end")
        while self.line() != b"\r\n":
            pass
        return body

    def ends(self, seconds=None):
        """Whether the server closes the connection, without another byte."""
        self.socket.settimeout(seconds or self.timeout)
        try:
            while self.more():
                pass
        except TimeoutError:
            return False
        finally:
            self.socket.settimeout(self.timeout)
        return not self.data

    def drip(self, data, seconds, step=0.1):
        """Send a byte every so often until the server closes or the time is over; whether it closed."""
        end, at = time.monotonic() + seconds, 0
        self.socket.settimeout(step)
        while time.monotonic() < end and not self.reset:
            if at < len(data):
                self.send(data[at : at + 1])
                at += 1
            try:
                if not self.more():
                    break
            except TimeoutError:
                pass
        self.socket.settimeout(self.timeout)
        return self.closed or self.reset


def request(method="GET", target="/v2/health/live", headers=(), body=None, version="HTTP/1.1", host=True):
    lines = [f"{method} {target} {version}"]
    if host:
        lines.append("Host: localhost")
    lines += headers
    if body is not None and not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def chunked(body, size=7):
    parts = [b"%x\r\n%s\r\n" % (len(body[i : i + size]), body[i : i + size]) for i in range(0, len(body), size)]
    return b"".join(parts) + b"0\r\n\r\n"
