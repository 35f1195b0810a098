# SPDX-License-Identifier: Apache-2.0
# `ockham corpus`: text from files, folders, gzip and standard input; and the source of known entropy.
set -u
. "$(dirname "$0")/lib.sh"

# Paragraphs that are all different, in three files, one of them gzipped, one HTML.
mkdir -p texts/more
for i in $(seq 300); do printf 'Paragraph %d tells of %d things,\nand of nothing else.\n\n' "$i" $((i * i)); done >all.txt
head -n 300 all.txt >texts/a.txt
sed -n '301,600p' all.txt | gzip >texts/b.txt.gz
{ echo '<html><body>'; sed -n '601,900p' all.txt | sed 's/^$/<p>/; s/things/<i>th&#105;ngs<\/i>/'; } >texts/more/c.html
printf 'PNG\0\1' >texts/more/picture
succeeds corpus text.corpus texts --strip-markup --document-bytes 60 --held-out 0.1
expect corpus
cp text.corpus first.corpus

# The same bytes whenever, and from the files one by one; what is added moves no document.
succeeds corpus again.corpus texts/a.txt texts/b.txt.gz texts/more/c.html --strip-markup --document-bytes 60 --held-out .1 --quiet
cmp -s again.corpus first.corpus || complain 'the files one by one give another corpus'
succeeds corpus input.corpus - --document-bytes 60 --held-out .1 <all.txt
contains out "input.corpus: $(wc -c <all.txt) bytes in "
succeeds corpus stripped.corpus texts/more/c.html --document-bytes 60 --strip-markup --json
grep -q '"documents": 100, ' out || complain "as HTML: $(cat out)"
grep -qE '<p>|<i>|&#' stripped.corpus && complain 'markup is left'
succeeds corpus marked.corpus texts/more/c.html --document-bytes 60
grep -q '<p>' marked.corpus || complain 'markup is stripped without being asked'
succeeds corpus less.corpus texts --document-bytes 60 --most 1000 --json
bytes=$(sed -E 's/.*"bytes": ([0-9]+).*/\1/' out)
[ "$bytes" -le 1000 ] && [ "$bytes" -gt 900 ] || complain "--most 1000 gave $bytes bytes"

# A source whose entropy is known.
succeeds corpus synthetic.corpus --synthetic --letters 5 --most 100K --seed 3
expect corpus-synthetic
succeeds corpus other.corpus --synthetic --letters 5 --most 100K --seed 4
cmp -s synthetic.corpus other.corpus && complain 'another seed gives the same text'
succeeds corpus synthetic.corpus --synthetic --json
grep -qE '"entropy": 1\.[0-9]{6}\}$' out || complain "as JSON: $(cat out)"

# What is wrong.
fails 2 'usage: ockham corpus OUT FILE... [options]' corpus
fails 2 'corpus needs a file to write and at least one to read' corpus x.corpus
fails 2 "--synthetic reads no files, found 'all.txt'" corpus x.corpus all.txt --synthetic
fails 2 '--held-out must be above 0 and at most 0.5, found 0' corpus x.corpus all.txt --held-out 0
fails 2 'the part held out must be above 0 and at most 0.5, found 0.7' corpus x.corpus all.txt --held-out .7
fails 2 'all.txt would be overwritten, and is read' corpus all.txt all.txt
fails 2 'a synthetic source has 2 to 26 letters, found 27' corpus x.corpus --synthetic --letters 27
fails 1 'absent.txt: cannot be opened: No such file or directory' corpus x.corpus absent.txt
fails 1 'a corpus needs at least 2 documents, one of them to be held out, found 1; a document ends at the blank line next after 1048576 bytes' \
  corpus x.corpus all.txt --document-bytes 1M
gzip -c all.txt | head -c 1000 >cut.gz
fails 1 'cut.gz: the gzip data end early: the file is cut off' corpus x.corpus cut.gz
fails 3 'folder/x.corpus: cannot write beside it: No such file or directory' corpus folder/x.corpus all.txt
[ -e x.corpus ] && complain 'a failure left a file behind'

finish
