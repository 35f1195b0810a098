# SPDX-License-Identifier: Apache-2.0
# The page in a browser: charts are drawn, the console is silent, and clicks, keys, print and small screens work.
# Skipped where there is no node, npm, chromium or network to fetch what drives it.
set -u
. "$(dirname "$0")/../cli/lib.sh"
page=$here/../report/page

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

cp "$page"/package.json "$page"/package-lock.json "$page"/*.mjs .
npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error >npm.log 2>&1 || skip 'npm could not fetch playwright-core'
cp "$here"/../../examples/drift/*.csv .
cp "$page"/study.yaml "$page"/train.sh .
node ablation.mjs "$ockham" "$chromium" "$scratch" || complain 'the page of a study is not as it should be'
node drift.mjs "$ockham" "$chromium" "$scratch" || complain 'the page of drift is not as it should be'
node check.mjs "$ockham" "$chromium" "$scratch" || complain 'the page is not as it should be'
finish
