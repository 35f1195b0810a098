# SPDX-License-Identifier: Apache-2.0
# The console in a browser, before a server with a fitted model and a worker that misbehaves, and before one that pretends.
# Skipped where there is no node, npm, chromium or network to fetch what drives it.
set -u
. "$(dirname "$0")/../cli/lib.sh"
console=$here/../serve/console

skip() { # reason
  echo "skipped: $1"
  exit 77
}
chromium=$(command -v chromium || command -v chromium-browser) || skip 'chromium was not found'
command -v node >/dev/null || skip 'node was not found'
command -v npm >/dev/null || skip 'npm was not found'
is_sanitized && skip 'the page is the same in a build with sanitizers'
printf '1\n2\n' >tiny.csv
"$ockham" clusters tiny.csv --report tiny.html >/dev/null 2>&1
[ $? -eq 3 ] && skip 'this build has no page'

cp "$here"/../report/page/package.json "$here"/../report/page/package-lock.json "$here"/../report/page/browser.mjs "$console"/*.mjs .
npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error >npm.log 2>&1 || skip 'npm could not fetch playwright-core'
${CC:-cc} -O1 -I "$here"/../../src/worker/helpers -o moody "$console"/moody.c || complain 'the worker could not be compiled'
succeeds generate blobs -k 3 --columns 2 --rows 100 --output blobs.csv
succeeds fit blobs.csv -k 3 --columns 1,2 --model iris.ock --quiet
node check.mjs "$ockham" "$chromium" "$scratch" || complain 'the console is not as it should be'
finish
