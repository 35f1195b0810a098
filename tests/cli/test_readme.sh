# SPDX-License-Identifier: Apache-2.0
# The README's tour is what the command prints: its `$ ockham ...` lines are run in order, and what stands under each is
# compared (without the seconds, and blanks squeezed). The C program compiles as it stands.
set -u
command -v python3 >/dev/null || exit 77
. "$(dirname "$0")/lib.sh"
root=$(realpath "$here/../..")
ln -s "$root/examples" examples

cat >tour.py <<'END'
import re, subprocess, sys

def plain(text):
    return [re.sub(r"\s+", " ", re.sub(r"in [0-9.]+ s\b", "in * s", line)).strip() for line in text.splitlines() if line.strip()]

ockham, readme = sys.argv[1:]
n_compared = 0
for block in re.findall(r"^```\n(\$ ockham .*?)^```", open(readme).read(), re.S | re.M):
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, _, expected = part.partition("\n")
        command = command.split("  #")[0]
        done = subprocess.run(command.replace("ockham", ockham, 1), shell=True, capture_output=True, text=True)
        found = plain(done.stdout + done.stderr)
        if expected.strip():
            n_compared += 1
            if found != plain(expected):
                print(f"$ {command}\n" + "\n".join(found))
        elif done.returncode != 0:
            print(f"$ {command}: {done.stderr}")
if n_compared < 4:
    print(f"only {n_compared} commands with output were found")
END
wrong=$(python3 tour.py "$ockham" "$root/README.md")
[ -z "$wrong" ] || complain "the README's tour says something else than: $wrong"

if command -v cc >/dev/null; then
  sed -n '/^```c$/,/^```$/p' "$root/README.md" | sed '1d;$d' >program.c
  cc -std=c11 -Wall -Wextra -Werror -I "$root/include" -fsyntax-only program.c 2>err || complain "the C program: $(cat err)"
fi
finish
