# SPDX-License-Identifier: Apache-2.0
# requests: a recording that make_recording.py wrote by the description of the format, looked at in every way.
set -u
. "$(dirname "$0")/lib.sh"

run requests nowhere
case $(cat err) in *'cannot serve'*) exit 77 ;; esac
same 'no folder' "1 ockham: nowhere: No such file or directory" "$code $(cat err)"
python3 "$here/make_recording.py" folder >wanted.json || exit 1

ids() { # arguments of requests ...
  succeeds requests folder "$@"
  awk '{ print $2 }' out | tr '\n' ' '
}

succeeds requests folder
expect requests
cp -r folder ockham-data
succeeds requests
expect requests
succeeds requests folder/requests-00000000000000000001.seg
same 'one segment' "$(head -6 "$here/expected/requests.txt")" "$(cat out)"

# Each filter alone, and some together.
same 'model' 'r-5 r-2 r-9 ' "$(ids --model churn)"
same 'version' 'r-5 r-9 ' "$(ids --model churn --version v2.1)"
same 'one status' 'r-4 ' "$(ids --status 404)"
same 'a class' 'r-5 r-9 ' "$(ids --status 5xx)"
same 'a range' 'r-4 ?]0;title ' "$(ids --status 400-499)"
same 'slow' 'r-3 ' "$(ids --slow)"
same 'slow or died' 'r-3 r-5 ' "$(ids --slow --died)"
same 'far' 'r-3 ' "$(ids --far)"
same 'shadow' 'r-2 ' "$(ids --shadow)"
same 'id' 'r-2 r-2 ' "$(ids --id r-2)"
same 'key' 'r-5 ' "$(ids --key unit-7)"
same 'hash' 'r-2 ' "$(ids --hash 02468acf13579bde)"
same 'least' 'r-3 a-rather-long-request-id-of-a-client ' "$(ids --least-ms 1000.5)"
same 'since' 'r-8 r-9 a-rather-long-request-id-of-a-client ' "$(ids --since 2026-11-28T10:07)"
same 'until' 'r-1 r-2 ' "$(ids --until 2026-11-28T10:01:01.234Z)"
same 'within' 'r-2 ' "$(ids --since 2026-11-28T10:01:01.234 --until '2026-11-28 10:01:02')"
same 'a day' '' "$(ids --since 2026-11-29)"
same 'limit' 'r-9 a-rather-long-request-id-of-a-client ' "$(ids --limit 2)"
same 'limit behind a filter' 'r-9 ' "$(ids --limit 1 --model churn)"
same 'ago' '' "$(ids --until 36500d)"

# Everything of one.
succeeds requests folder --show r-2
expect requests-show
succeeds requests folder --show r-3
contains out '"data":[1,2.5,-3,0.25]'
succeeds requests folder --show r-5
contains out '{"csv":"a,b\n1,2\n3,4\n"}'
fails 1 "no request 'r-77' is in the recording" requests folder --show r-77

succeeds requests folder --events
expect requests-events
same 'events of a model' 2 "$(succeeds requests folder --events --model churn && wc -l <out)"
same 'latest events' 'death' "$(succeeds requests folder --events --limit 1 && awk '{ print $2 }' out)"

# JSON: all fields, as Python has them.
succeeds requests folder --json
python3 - <<'PYTHON' || complain 'JSON'
import json
wanted = [json.loads(line) for line in open("wanted.json")]
found = [json.loads(line) for line in open("out")]
assert len(found) == len(wanted)
for f, w in zip(found, wanted):
    bodies = {key: f.pop(key) for key in ("request", "answer") if key in f}
    assert f == w, (f, w)
    assert ("request" in bodies) == w["kept"]
PYTHON
succeeds requests folder --events --json
python3 -c 'import json
events = [json.loads(line) for line in open("out")]
assert [e["kind"] for e in events] == ["start", "load", "death"] and events[2]["details"]["signal"] == 9' ||
  complain 'JSON of events'

# Those with bodies, into a recording of its own.
succeeds requests folder --export some.requests
same 'exported' '4 requests written' "$(cat out)"
same 'for its owner only' 600 "$(stat -c %a some.requests)"
succeeds requests some.requests --json
mv out exported.json
succeeds requests folder --json
grep '"kept":true' out | cmp - exported.json || complain 'what was exported differs'
succeeds requests folder --export last.requests --limit 1
succeeds requests last.requests
same 'the last with a body' 'r-5' "$(awk '{ print $2 }' out)"
succeeds requests some.requests --events
same 'a file has no events' '' "$(cat out)"
fails 2 '--export would overwrite a file that is read' requests some.requests --export some.requests

# Damage is passed over, and said.
cp -r folder damaged
printf '\377' | dd of=damaged/requests-00000000000000000001.seg bs=1 seek=300 conv=notrunc status=none
run requests damaged
same 'damage' '0 9' "$code $(wc -l <out)"
same 'is said' 'ockham: note: 1 request is damaged, or never written to the end: passed over' "$(cat err)"
rm damaged/ockham.db
run requests damaged
same 'without metadata' '0 9' "$code $(wc -l <out)"

# What comes is followed.
cp -r folder growing
mkdir aside
mv growing/requests-00000000000000000007.seg aside
"$ockham" requests growing --follow --status 5xx >followed 2>&1 &
follower=$!
wait_for_lines() { # number
  local attempt
  for attempt in $(seq 600); do
    [ "$(wc -l <followed)" -ge "$1" ] && return
    sleep 0.05
  done
  complain "waited for $1 lines: $(cat followed)"
}
wait_for_lines 1
mv aside/requests-00000000000000000007.seg growing
wait_for_lines 2
kill $follower
same 'followed' 'r-5 r-9 ' "$(awk '{ print $2 }' followed | tr '\n' ' ')"

fails 2 "--status must be one such as 404, 5xx or 400-499, found '40'" requests folder --status 40
fails 2 "--status must be one such as 404, 5xx or 400-499, found '500-400'" requests folder --status 500-400
fails 2 "--since must be a time such as 2026-11-29T10:00, or ago such as 10m, 2h or 1d, found 'noon'" \
  requests folder --since noon
fails 2 "--until must be a time such as 2026-11-29T10:00, or ago such as 10m, 2h or 1d, found '2026-02-30'" \
  requests folder --until 2026-02-30
fails 2 "--hash must be up to 16 hexadecimal digits, found '0x12'" requests folder --hash 0x12
fails 2 '--show, --export, --events and --follow exclude each other (but --events --follow)' \
  requests folder --show r-1 --events
fails 1 "$data: expected the folder of a server's recording, found no requests in it" requests "$data"
fails 1 "$data/three.csv: expected a recording of requests, found something else" requests "$data/three.csv"
finish
