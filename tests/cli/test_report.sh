# SPDX-License-Identifier: Apache-2.0
# `ockham clusters --report`: the file, what it may not overwrite, the command that it tells, and a build without it.
set -u
. "$(dirname "$0")/lib.sh"

cp "$data/three.csv" people.csv

run clusters people.csv --ignore group --report page.html
if [ "$code" -eq 3 ]; then
  contains err 'ockham: this build has no HTML report: '
  run clusters absent.csv --report page.html
  [ "$code" -eq 3 ] || complain "it was read first: exit code $code"
  [ ! -e page.html ] || complain 'a page was written'
  finish
fi

# What is printed is what is printed without it; other files are written, too.
succeeds clusters people.csv --label-column group --k-max 3 --report page.html
expect clusters
succeeds clusters people.csv --label-column group --k-max 3 --report page.html --labels labels.csv --centroids centroids.csv --json
contains out '"k": 3, "criterion": "mixture"'
[ "$(wc -l <labels.csv)" -eq 37 ] || complain 'labels.csv is not whole'
[ -s centroids.csv ] || complain 'centroids.csv is not there'
head -c 15 page.html | grep -q '^<!DOCTYPE html>$' || complain "page.html begins with $(head -c 15 page.html)"
tail -n 1 page.html | grep -q '^</html>$' || complain 'page.html is not whole'
contains page.html '<title>3 clusters – people.csv</title>'

# The same bytes for any number of threads; the seconds, and the gap before them, are no part of it.
for threads in 1 3; do
  succeeds clusters people.csv --label-column group --report page.html --threads $threads
  sed -E 's/"seconds":[0-9.e-]+|tried in [0-9.]+ s|--threads [0-9]//g; s/ {2,}/ /g' page.html >page-$threads.html
done
cmp page-1.html page-3.html || complain 'the page depends on the number of threads'

# It overwrites nothing that is read, or written by another option.
fails 2 '--report would overwrite a file that is read' clusters people.csv --report people.csv
fails 2 '--labels and --report name the same file' clusters people.csv --labels x --report ./x
fails 2 '--report needs the name of a file: standard output has the text' clusters absent.csv --report -
run clusters people.csv --ignore group --report nowhere/page.html
[ "$code" -eq 3 ] || complain "a folder that is not there: exit code $code"
contains err 'nowhere/page.html'
contains out '3 clusters'

# The command comes back as a shell reads it.
command_of() { # page
  python3 - "$1" <<'END'
import json, re, sys
page = open(sys.argv[1], encoding="utf-8").read()
print(json.loads(re.search(r'id="report">(.*?)</script>', page, re.S)[1])["command"])
END
}
if command -v python3 >/dev/null; then
  odd="it's \"odd\" \$HOME; *.csv"
  cp people.csv "$odd"
  for word in 'plain.html' 'two words.html' "it's.html" $'new\nline.html' $'tab\t\\.html' 'ünïcode.html' $'\xff.html' '#!.html'; do
    succeeds clusters "$odd" --ignore group --k-max 3 --report "$word"
    printf 'set -- %s\nprintf "%%s\\n" "$@"\n' "$(command_of "$word")" >again.sh
    printf '%s\n' ockham clusters "$odd" --ignore group --k-max 3 --report "$word" | diff - <(bash again.sh) || complain "the command for $word"
  done
fi

# In passes the sample is shown.
"$ockham" generate blobs -k 3 --rows 150000 --columns 4 --min-distance 0.5 --output large.csv
succeeds clusters large.csv --label-column label --memory 16M --k-max 5 --report page.html
contains page.html '"sample":true'
contains page.html '"n_rows":450000'
finish
