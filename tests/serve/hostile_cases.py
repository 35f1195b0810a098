# SPDX-License-Identifier: Apache-2.0
"""Requests that are malformed, ambiguous or meant to harm, as data: what is sent, and what must come back.

`answers`: the status of each answer in turn; a tuple: one of them; None in a tuple: closed without an answer is fine too.
`closes`: the server must close then, so that nothing behind can be read as a request (RFC 9112 6.3, 11.2); False: it must
answer one more request on the connection; None: either, but there is no further answer. Nothing that is sent here may
reach a second answer by itself."""
import dataclasses
import gzip
import json

from raw import chunked, request

LIVE = request()
BAD = (400, None)  # refused; some framing errors leave nothing to answer to
NUL = "libmicrohttpd 0.9.75 cuts texts at NUL before anybody sees them"


@dataclasses.dataclass
class Case:
    id: str
    source: str
    says: str
    data: bytes
    answers: list
    closes: object = None
    ends: bool = False   # the client ends its side after sending
    head: bool = False   # answers have no body
    lacks: bytes = None  # what no answer may contain
    known: str = ""      # why it may fail: what libmicrohttpd does where no code of ours can say otherwise


def show(value):
    text = value.decode("latin-1").encode("unicode_escape").decode()
    return text if len(text) <= 24 else text[:20] + "..."


def framing_cases(infer, good):
    """Where does a request end? Behind each stands a request that must not be answered (smuggling)."""
    size, post = len(good), f"POST {infer} HTTP/1.1\r\nHost: localhost\r\n".encode()
    source = "RFC 9112 6"

    def case(id, says, headers, body, answers=BAD, closes=True):
        return Case(f"framing-{id}", source, says, post + headers + b"\r\n" + body + LIVE, [answers], closes)

    length = b"Content-Length: %d\r\n" % size
    coded = b"Transfer-Encoding: chunked\r\n"
    yield case("length-chunked", "Content-Length and Transfer-Encoding", length + coded, b"0\r\n\r\n")
    yield case("chunked-length", "Transfer-Encoding and Content-Length", coded + b"Content-Length: 4\r\n", b"0\r\n\r\n")
    yield case("length-twice", "two Content-Lengths", length + length, good)
    yield case("length-differ", "two that differ", length + b"Content-Length: 0\r\n", good)
    yield case("length-list", "a list of lengths", b"Content-Length: %d, %d\r\n" % (size, size), good)
    for id, value in (("negative", b"-1"), ("plus", b"+%d" % size), ("hex", b"0x10"), ("empty", b""), ("text", b"ten"), ("fraction", b"10.0"),
                      ("spaced", b"1 0"), ("exponent", b"1e2"), ("nul", b"1\x000"), ("overflow", b"18446744073709551617"),
                      ("digits", b"9" * 400)):
        yield case(f"length-{id}", f"Content-Length: {show(value)}", b"Content-Length: " + value + b"\r\n", good, (400, 413, None))
    for id, value in (("gzip", b"gzip"), ("identity", b"identity"), ("prefix", b"xchunked"), ("suffix", b"chunkedx"), ("two", b"chunked, chunked"),
                      ("list", b"chunked, identity"), ("gzip-chunked", b"gzip, chunked"), ("quoted", b'"chunked"'), ("control", b"\x0bchunked"),
                      ("empty", b""), ("parameter", b"chunked;q=1")):
        yield case(f"coding-{id}", f"Transfer-Encoding: {show(value)}", b"Transfer-Encoding: " + value + b"\r\n", chunked(good),
                   (400, 501, None))
    yield case("coding-twice", "two Transfer-Encodings", coded + coded, chunked(good))
    for id, end in (("fold", b"\r\n "), ("cr", b"\r"), ("lf", b"\n")):
        yield case(f"{id}-length", "a second Content-Length behind another kind of line end", b"Content-Length: 0\r\nX-A: b" + end + length, good,
                   (400, None) if id != "fold" else (200, 400, None), id != "fold" or None)
        yield case(f"{id}-coding", "a Transfer-Encoding there", length + b"X-A: b" + end + coded, chunked(good),
                   (400, None), id != "fold" or None)
    yield case("fold-in-length", "a Content-Length that goes on in the next line", b"Content-Length: 1\r\n 0\r\n", good)
    yield case("coding-hidden", "one with a space in front of its colon", length + b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n")
    yield Case("framing-cr-get", "RFC 9112 2.2", "a Content-Length behind a CR alone, in a request without a body",
               b"GET /v2/health/live HTTP/1.1\r\nHost: a\r\nX: y\rContent-Length: %d\r\n\r\n" % len(LIVE) + LIVE, [BAD], True)
    yield Case("framing-coding-old", source, "Transfer-Encoding in HTTP/1.0",
               f"POST {infer} HTTP/1.0\r\nHost: a\r\n".encode() + coded + b"\r\n" + chunked(good) + LIVE, [(400, 200, None)], True)


def chunk_cases(infer, good):
    source, head = "RFC 9112 7.1", request("POST", infer, ["Transfer-Encoding: chunked"])

    def case(id, says, body, answers=BAD, closes=True, **other):
        return Case(f"chunk-{id}", source, says, head + body, [answers], closes, **other)

    yield case("good", "chunks of one byte", chunked(good, 1), 200, False)
    yield case("extension", "extensions of chunks mean nothing", b"%x;a=b;c=\"d\"\r\n%s\r\n0\r\n\r\n" % (len(good), good), 200, False)
    yield case("upper-zeros", "sizes in capitals, with zeros in front", b"000%X\r\n%s\r\n00\r\n\r\n" % (len(good), good), 200, False)
    yield case("trailer", "fields behind the chunks are passed over", chunked(good)[:-2] + b"X-A: b\r\nContent-Length: 5\r\n\r\n", 200, False)
    for id, line in (("overflow", b"1" + b"0" * 16), ("wrap", b"ffffffffffffffff"), ("digits", b"0" * 5000 + b"5"), ("negative", b"-5"),
                     ("plus", b"+5"), ("hex", b"0x5"), ("empty", b""), ("text", b"five"), ("space", b"5 5"), ("underscore", b"1_0")):
        yield case(f"size-{id}", f"the size '{show(line)}'", line + b"\r\n" + good + b"\r\n0\r\n\r\n" + LIVE, (400, 413, None))
    yield case("no-end", "a chunk longer than its size", b"3\r\n" + good + b"\r\n0\r\n\r\n" + LIVE)
    yield case("long-extension", "an endless extension", b"5;" + b"a" * 200_000 + b"\r\n" + good, (400, 413, 431, None),
               known="libmicrohttpd 0.9.75 says 500 when its buffer is full")
    yield case("many-trailers", "endless fields behind", chunked(good)[:-2] + b"X: y\r\n" * 50_000 + b"\r\n", (400, 413, 431, None))
    yield case("cut", "it ends in the middle", chunked(good)[: len(good) // 2], BAD, True, ends=True)


def header_cases():
    source = "RFC 9112 5"

    def case(id, says, line, answers=BAD, closes=None, **other):
        return Case(f"header-{id}", source, says, b"GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n" + line + b"\r\n\r\n", [answers], closes,
                    **other)

    yield case("fold", "a header that goes on in the next line: refused, or the lines become one", b"X-A: b\r\n c", (200, 400, None))
    yield case("fold-first", "the first header begins with a space", b" X-A: b")
    yield case("space", "a space in front of the colon", b"X-A : b")
    yield case("tab", "a tab there", b"X-A\t: b")
    yield case("nul", "NUL in a value", b"X-A: b\0c", known=NUL)
    yield case("nul-name", "NUL in a name", b"X\0A: b")
    yield case("no-colon", "no colon", b"X-A")
    yield case("no-name", "no name", b": b", known="libmicrohttpd 0.9.75 passes over a line without a name")
    yield case("cr", "a CR by itself", b"X-A: b\rX-B: c")
    yield case("name", "a name with what names cannot have", b"X(A): b")
    yield case("long", "a header of 100 KB", b"X-A: " + b"b" * 100_000, (400, 413, 431, None))
    yield case("long-name", "a name of 100 KB", b"X" * 100_000 + b": b", (400, 413, 431, None))
    yield case("many", "10,000 headers", b"\r\n".join(b"X-%d: y" % i for i in range(10_000)), (400, 413, 431, None))
    yield case("bytes", "bytes that are not ASCII in a value", b"X-A: \xff\xfe", (200, 400))
    yield Case("header-lf", "RFC 9112 2.2", "lines that end in LF alone: refused, or taken for lines", b"GET /v2/health/live HTTP/1.1\nHost: localhost\n\n",
               [(200, 400, None)])
    yield Case("host-none", "RFC 9112 3.2", "HTTP/1.1 without Host", request(host=False), [400])
    yield Case("host-twice", "RFC 9112 3.2", "two Hosts", request(headers=["Host: b"]), [400])
    yield Case("host-old", "RFC 9112 3.2", "HTTP/1.0 needs none, and closes", request(host=False, version="HTTP/1.0"), [200], True)


def line_cases():
    source = "RFC 9112 3"

    def case(id, says, line, answers=BAD, closes=None, **other):
        return Case(f"line-{id}", source, says, line + b"\r\nHost: localhost\r\n\r\n", [answers], closes, **other)

    yield Case("line-empty-first", source, "empty lines in front of a request", b"\r\n\r\n" + LIVE, [200], False)
    yield case("spaces", "two spaces", b"GET  /v2/health/live HTTP/1.1", (400, 200, None))
    yield case("tab", "a tab for a space", b"GET\t/v2/health/live\tHTTP/1.1")
    yield case("version-2", "HTTP/2.0", b"GET /v2/health/live HTTP/2.0", (400, 505, None))
    yield case("version-9", "HTTP/9.9", b"GET /v2/health/live HTTP/9.9", (400, 505, None))
    yield case("version-text", "a version that is none", b"GET /v2/health/live HTTP/1.1x", (400, 505, None))
    yield case("version-case", "in small letters", b"GET /v2/health/live http/1.1", (400, 505, None))
    yield case("version-junk", "another protocol", b"GET /v2/health/live FTP/1.1", (400, 505, None))
    yield Case("line-0.9", source, "HTTP/0.9", b"GET /v2/health/live\r\n", [(400, 505, None)], ends=True)
    yield Case("line-preface", "RFC 9113 3.4", "HTTP/2 without having agreed", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 9, [(400, 405, 505, None)], True)
    yield Case("line-tls", source, "TLS to a port without", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)), [BAD], ends=True)
    yield case("method-case", "methods are in capitals", b"get /v2/health/live HTTP/1.1", (400, 405, 501))
    yield case("method-unknown", "a method that is none", b"BREW /v2/health/live HTTP/1.1", (400, 405, 501))
    yield case("method-long", "a method of 20 KB", b"A" * 20_000 + b" / HTTP/1.1", (400, 405, 413, 414, 431, 501, None))
    yield case("connect", "CONNECT", b"CONNECT example.org:80 HTTP/1.1", (400, 404, 405, 501, None))
    yield Case("line-trace", source, "TRACE returns nothing that was sent", request("TRACE", "/v2", ["Cookie: secret"]), [(400, 404, 405, 501)], lacks=b"secret")
    yield case("absolute", "the form with a host", b"GET http://localhost/v2/health/live HTTP/1.1", (200, 400, 404))
    yield case("target-none", "no target", b"GET HTTP/1.1")
    yield case("target-bytes", "bytes that are not ASCII", b"GET /v2/models/\xff\xfe HTTP/1.1", (400, 404, None))
    yield case("target-nul", "NUL in the target", b"GET /v2/health/live\0x HTTP/1.1", (400, 404, None), known=NUL)
    yield case("target-long", "a target of 100 KB", b"GET /" + b"a" * 100_000 + b" HTTP/1.1", (400, 404, 413, 414, 431, None))
    yield case("query-long", "a query of 100 KB", b"GET /v2/health/live?" + b"a=b&" * 25_000 + b" HTTP/1.1", (400, 413, 414, 431, None))
    yield case("star", "OPTIONS *", b"OPTIONS * HTTP/1.1", (200, 204, 400, 404, 405))


def path_cases(name):
    """No name of a request is a file's: each is refused, and nothing of a file is in the answer."""
    names = ["..%2f..%2f..%2fetc%2fpasswd", "../../../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "....//....//etc/passwd", "%2fetc%2fpasswd",
             "..%5c..%5cetc", "%00", f"{name}%00.txt", f"{name}%2f", f"{name}%0d%0aX-Evil:%20yes", "%", "%4", "%zz", "%u0041", "%c0%ae%c0%ae", "%ff",
             "a" * 65, "a" * 5000, ".", "..", ".hidden", "-", "a b".replace(" ", "%20"), "*", "%25s%25n", "'%20or%201=1", "<script>", "~root", name + ";x",
             "%E2%80%AE", "con"]
    for number, text in enumerate(names):
        for id, target in (("metadata", f"/v2/models/{text}"), ("ready", f"/v2/models/{text}/ready"), ("rows", f"/m/{text}")):
            method, body = ("POST", b"[]") if id == "rows" else ("GET", None)
            yield Case(f"path-{number:02}-{id}", "Ockham", f"{text[:40]} is no model", request(method, target, body=body), [(400, 404, 405)], None,
                       lacks=b"root:")
    yield Case("path-version", "Ockham", "nor are versions files", request("GET", f"/v2/models/{name}/versions/..%2f1/ready"), [(400, 404)])
    yield Case("path-dots", "Ockham", "dots are not resolved", request("GET", "/v2/../v2/health/live"), [(400, 404)])
    yield Case("path-header", "Ockham", "a name makes no header", request("GET", "/v2/models/a%0d%0aSet-Cookie:x"), [(400, 404)], lacks=b"\nSet-Cookie")


def body_cases(infer, good, limit):
    """Bodies that want too much memory, depth or time."""
    source = "Ockham"

    def case(id, says, body, answers, closes=None, headers=()):
        return Case(f"body-{id}", source, says, request("POST", infer, list(headers), body), [answers], closes)

    deep = 100_000
    yield case("deep-lists", "100,000 lists in each other", b"[" * deep, 400, False)
    yield case("deep-objects", "objects too", b'{"a":' * deep + b"1" + b"}" * deep, 400, False)
    yield case("deep-data", "in data", good.replace(b'"data": [', b'"data": ' + b"[" * deep, 1), 400, False)
    yield case("deep-unknown", "in a key that is passed over", good[:-1] + b', "z": ' + b"[" * deep + b"]" * deep + b"}", 400, False)
    yield case("deep-parameters", "in parameters", good[:-1] + b', "parameters": ' + b'{"a":' * deep + b"1" + b"}" * (deep + 1), 400, False)
    yield case("long-number", "a number of 1 MB", good.replace(b"[", b"[" + b"1" * 1_000_000 + b", ", 2), 400, False)
    yield case("long-fraction", "a fraction of 1 MB", good[:-1] + b', "z": 0.' + b"1" * 1_000_000 + b"}", (200, 400), False)
    yield case("long-exponent", "an exponent of 1 MB", good[:-1] + b', "z": 1e' + b"9" * 1_000_000 + b"}", (200, 400), False)
    yield case("long-key", "a key of 1 MB", good[:-1] + b', "' + b"k" * 1_000_000 + b'": 1}', (200, 400), False)
    yield case("long-id", "an id of 1 MB", good[:-1] + b', "id": "' + b"k" * 1_000_000 + b'"}', (200, 400), False)
    yield case("many-keys", "300,000 keys", good[:-1] + b"".join(b', "k%d": 1' % i for i in range(300_000)) + b"}", (200, 400), False)
    yield case("many-inputs", "50,000 inputs", json.dumps({"inputs": [{"name": f"a{i}", "shape": [0], "datatype": "FP64", "data": []}
                                                                      for i in range(50_000)]}).encode(), 400, False)
    yield case("many-outputs", "100,000 outputs", good[:-1] + b', "outputs": [' + b",".join([b'{"name":"cluster"}'] * 100_000) + b"]}", (200, 400), False)
    yield case("escapes", "1 MB of escapes", good[:-1] + b', "id": "' + b"\\u00fc" * 170_000 + b'"}', (200, 400), False)
    yield case("shape-large", "a shape of 2^62 numbers", json.dumps({"inputs": [{"name": "x", "shape": [2**31, 2**31], "datatype": "FP64",
                                                                                  "data": [1]}]}).encode(), 400, False)
    yield Case("body-too-long", "RFC 9110 15.5.14", "a Content-Length beyond the limit: 413 at once",
               request("POST", infer, [f"Content-Length: {limit + 1}"]), [413], True)
    yield Case("body-too-long-sent", "RFC 9110 15.5.14", "also when it is sent", request("POST", infer, body=b" " * (limit + 1)), [(413, None)], True)
    yield Case("body-too-long-chunked", "RFC 9110 15.5.14", "or in chunks",
               request("POST", infer, ["Transfer-Encoding: chunked"]) + chunked(b" " * (limit + 1), 1 << 20), [(413, None)], True)
    yield case("bomb", "gzip of more than the limit", gzip.compress(b" " * (4 * limit), 9), 413, None, ["Content-Encoding: gzip"])
    yield case("bomb-twice", "of gzip", gzip.compress(gzip.compress(b" " * limit, 9), 9), (400, 413, 415), None, ["Content-Encoding: gzip, gzip"])


def expect_cases(infer, good, limit):
    source = "RFC 9110 10.1.1"
    yield Case("expect-continue", source, "Expect: 100-continue: 100, then the answer",
               request("POST", infer, ["Expect: 100-continue"], good), [100, 200], False)
    yield Case("expect-too-long", source, "none for what is too long",
               request("POST", infer, ["Expect: 100-continue", f"Content-Length: {limit + 1}"]), [(413, 417)], True)
    yield Case("expect-other", source, "another expectation", request("GET", "/v2/health/live", ["Expect: a-miracle"]), [(200, 417)])
    yield Case("expect-get", source, "without a body", request("GET", "/v2/health/live", ["Expect: 100-continue"]), [200])


def keep_cases(name, infer, good):
    """Errors of a model's making leave the connection usable; bodies that nobody reads are no requests."""
    source, inner = "RFC 9112 9.3", LIVE
    for id, data, status, closes in (("bad-json", request("POST", infer, body=b"{"), 400, False),
                                     ("not-found", request("GET", "/v2/models/nobody"), 404, False),
                                     ("not-found-body", request("POST", "/v2/models/nobody/infer", body=inner), 404, False),
                                     ("no-path-body", request("POST", "/nothing", body=inner), 404, None),
                                     ("method-body", request("POST", "/v2/health/live", body=inner), 405, None),
                                     ("get-body", request("GET", "/v2/health/live", body=inner), (200, 400), None),
                                     ("delete-body", request("DELETE", infer, body=inner), 405, None),
                                     ("type", request("POST", f"/m/{name}", ["Content-Type: a/b"], inner), 415, False)):
        says = "the body is not taken for a request" + (", the next one is answered" if closes is False else "")
        yield Case(f"keep-{id}", source, says, data, [status], closes)
    yield Case("keep-close", source, "Connection: close is kept to", request(headers=["Connection: close"]), [200], True)
    yield Case("keep-close-list", source, "also in a list", request(headers=["Connection: a, Close"]), [200], True)
    yield Case("keep-half", source, "a client that has ended its side gets its answer", request("POST", infer, body=good), [200], None, ends=True)
    yield Case("keep-head", source, "HEAD has no body that could be taken for an answer", request("HEAD", "/v2"), [200], False, head=True)
    yield Case("keep-upgrade", "RFC 9110 7.8", "Upgrade to what is not there is passed over",
               request(headers=["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"]), [200], False)


def all_cases(name, infer, good, limit):
    yield from framing_cases(infer, good)
    yield from chunk_cases(infer, good)
    yield from header_cases()
    yield from line_cases()
    yield from path_cases(name)
    yield from body_cases(infer, good, limit)
    yield from expect_cases(infer, good, limit)
    yield from keep_cases(name, infer, good)
