# SPDX-License-Identifier: Apache-2.0
# ockham certify: its report, its exit code and its file; and ockham serve tells when a model takes more than its budget.
set -u
. "$(dirname "$0")/../cli/lib.sh"
. "$(dirname "$0")/serving.sh"
subject=$(dirname "$ockham")/tests/serve_subject

"$python" - >rows.csv <<'END'
print("a,b,c,d")
for i in range(50): print(f"{i},{i % 7},{i * 0.5},{-i}")
END

# What stands in a column of the report: "ok ok note ...".
verdicts() { sed -nE 's/^  (-|ok|note|BAD)  .*/\1/p' out | sort -u | tr '\n' ' '; }

succeeds certify --model "sum=$subject ''" --sample rows.csv --requests 1000 --output sum.json --quiet
same 'verdicts of a clean model' 'ok ' "$(verdicts)"
same 'first line' "sum: $subject , asked about 50 rows of rows.csv" "$(head -1 out)"
contains out 'fit to be served'
contains out 'its budget is in sum.json: `budget: sum.json` holds it to that'
"$python" - <<'END' || complain 'sum.json'
import json
b = json.load(open("sum.json"))
assert b["ockham_budget"] == 1 and b["model"] == "sum" and b["requests"] == 1000
assert [x["rows"] for x in b["batches"]] == [1, 4, 16, 64, 256]
assert all(x["p50_seconds"] <= x["p99_seconds"] for x in b["batches"])
assert {x["verdict"] for x in b["findings"]} == {"ok"} and len(b["findings"]) == 10
i = b["cpu_seconds_per_request"]
assert i["low"] <= i["estimate"] <= i["high"]
END

run certify --model "sum=$subject nan" --sample rows.csv --requests 50 --quiet
same 'exit code of a bad model' 1 "$code"
contains out "  BAD   numbers      NaN or infinite in "
contains out "; the first: output 'y' of row 8, "
contains out '1 of 10 things are bad: do not serve it so'

fails 2 'expected --sample FILE, found none' certify --model "sum=$subject"
fails 2 'expected a model, a configuration, --model or --upstream, found none' certify --sample rows.csv
fails 2 'expected one model, found 2: --name and --version say which' certify --sample rows.csv --model a=sh --model b=sh
fails 2 "expected a model named 'c', found none" certify --sample rows.csv --model a=sh --model b=sh --name c
fails 2 "models[0].command: expected a program that can be run, found none in PATH for 'no-such-program'" \
  certify --sample rows.csv --model a=no-such-program
printf 'models:\n- {name: a, command: [%s, nan]}\n- {name: a, version: 2, command: [%s, ""]}\n' "$subject" "$subject" >two.yaml
succeeds certify two.yaml --name a --version 2 --sample rows.csv --requests 50 --quiet
contains out 'a version 2: '
"$ockham" fit rows.csv -k 3 --model rows.ock --quiet >fit.out || complain 'no model'
run certify rows.ock --sample rows.csv --requests 500 --quiet
[ "$code" -eq 0 ] || is_sanitized || complain "rows.ock: exit code $code" # a sanitizer keeps what is freed: that grows
contains out 'rows: rows.ock, asked about 50 rows of rows.csv'

# The same budget, for a program that takes much more.
start_server <<END
models:
- {name: hungry, command: [$subject, hungry], budget: sum.json}
- {name: modest, command: [$subject, ""], budget: sum.json}
END
contains server.err '; budget sum.json; 1 worker, time-out 1 s, memory 48M'
"$python" - "$url" "$admin" <<'END' || complain 'the events of a model over its budget'
import http.client, json, sys, time
from urllib.parse import urlparse
def ask(connection, method, path, body=None):
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())
to = http.client.HTTPConnection(urlparse(sys.argv[1]).netloc)
for i in range(256):
    for name in "hungry", "modest":
        status, body = ask(to, "POST", "/m/" + name, '[{"a": 1, "b": 2, "c": 3, "d": 4}]')
        assert status == 200, body
admin = http.client.HTTPConnection(urlparse(sys.argv[2]).netloc)
for attempt in range(100): # a request is counted once its answer is on its way
    status, body = ask(admin, "GET", "/admin/events")
    assert status == 200
    events = [e for e in body if e["kind"] == "budget"]
    if any(e["model"] == "hungry" for e in events): break
    time.sleep(0.05)
assert any(e["model"] == "hungry" and "times the CPU of its budget" in e["text"] for e in events), body
assert not any(e["model"] == "modest" and "CPU" in e["text"] for e in events), events
END
contains server.err 'hungry:1 uses '
stop_server
finish
