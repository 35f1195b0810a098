# SPDX-License-Identifier: Apache-2.0
# What the tests of the command share: source it with the command's path in $1. Each check prints what is wrong and the
# test goes on; `finish` ends it. UPDATE=1 writes the expected files anew: look at the difference before committing.
ockham=$(realpath "$1")
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
data=$here/data
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export LC_ALL=C.UTF-8
unset OCKHAM_ISA
n_failed=0

complain() { # text ...
  echo "${BASH_SOURCE[-1]##*/}:${BASH_LINENO[-2]}: $*"
  n_failed=$((n_failed + 1))
}

finish() {
  [ "$n_failed" -eq 0 ] || { echo "$n_failed failed"; exit 1; }
  exit 0
}

# Run the command: its output in `out`, its messages in `err`, its exit code in $code.
run() { # arguments ...
  "$ockham" "$@" >"$scratch/out" 2>"$scratch/err"
  code=$?
}

# It succeeds and has nothing to say on standard error.
succeeds() { # arguments ...
  run "$@"
  [ "$code" -eq 0 ] && [ ! -s err ] || complain "ockham $*: exit code $code, $(cat err)"
}

# It fails with this code and exactly this line, and prints nothing else.
fails() { # code, message, arguments ...
  local wanted=$1 message=$2
  shift 2
  run "$@"
  [ "$code" -eq "$wanted" ] || complain "ockham $*: exit code $code, expected $wanted"
  [ "$(cat err)" = "ockham: $message" ] || complain "ockham $*: $(cat err)"
  [ ! -s out ] || complain "ockham $*: printed $(head -c 200 out)"
}

# The seconds of the first line are no part of what is expected, nor is the gap before them that they change.
mask_seconds() {
  sed -E '1s/ {2,}/  /; 1s/ tried in [0-9.]+ s$/ tried in * s/'
}

# What was printed is the text of expected/NAME.txt.
expect() { # name
  local file=$here/expected/$1.txt
  mask_seconds <out >masked
  [ -z "${UPDATE:-}" ] || cp masked "$file"
  diff -u "$file" masked || complain "the output is not that of expected/$1.txt"
}

same() { # what, expected, found
  [ "$2" = "$3" ] || complain "$1: expected '$2', found '$3'"
}

contains() { # file, text
  grep -qF -- "$2" "$1" || complain "$1 lacks '$2': $(head -c 500 "$1")"
}

# k and sizes of a table, as "3 [14, 12, 10]".
answer() { # arguments of clusters ...
  succeeds clusters --json --quiet "$@"
  sed -E 's/.*"k": ([0-9]+|null), "criterion".*"sizes": (\[[^]]*\]).*/\1 \2/' out
}

is_sanitized() {
  grep -q -e __asan_init -e __tsan_init "$ockham"
}

# Run a command with its output in `out` and its messages in `err`, and press Ctrl-C after so many seconds.
interrupt() { # seconds, command ...
  timeout --preserve-status -s INT "$@" >out 2>err
  code=$?
  return $code
}

# The same as soon as it has got far enough for `condition` to hold afterwards: a slow machine takes longer.
stop_once() { # condition, command ...
  local condition=$1 seconds
  shift
  for seconds in 0.7 2 6 18 54; do
    interrupt $seconds "$@"
    eval "$condition" && return
  done
}
