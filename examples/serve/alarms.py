# SPDX-License-Identifier: Apache-2.0
"""A webhook: print each alarm that `ockham serve` posts. python3 alarms.py [PORT], and in its configuration
drift: {webhook: "http://127.0.0.1:9000/"}."""
import http.server
import json
import sys


class Alarms(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        alarm = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        print(f"{alarm['model']}:{alarm['version']} {alarm['text']}", flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.HTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 9000), Alarms).serve_forever()
