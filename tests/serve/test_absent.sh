# SPDX-License-Identifier: Apache-2.0
# A build that cannot serve has every function of the headers that are about serving.
set -u
. "$(dirname "$0")/../cli/lib.sh"
root=$here/../..
for header in serve record certify replay worker; do
  sed -nE '/OCKHAM_API/,/;/p' "$root/include/ockham/$header.h" | tr -d '\n' | grep -oE 'OCKHAM_API[^(]*\(' |
    grep -oE 'ockham_[a-z_]+\($' >names
  [ -s names ] || complain "no functions in $header.h"
  while read -r name; do
    grep -qF "$name" "$root/src/serve/absent.c" || complain "absent.c lacks $name)"
  done <names
done
finish
