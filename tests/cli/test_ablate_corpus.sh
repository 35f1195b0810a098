# SPDX-License-Identifier: Apache-2.0
# Where the corpus of a study is, and that its journal knows it from every folder.
set -u
. "$(dirname "$0")/lib.sh"

mkdir studies other
cat >studies/s.yaml <<'END'
name: s
corpus: text.ock
factors: {norm: [layer, rms], tying: [tied, untied]}
scales:
  S1: {layers: 1, width: 32, train-tokens: 65536, replicates: 2}
  S2: {layers: 2, width: 32, train-tokens: 131072, replicates: 2}
END

trains_on() { # what, corpus, study
  succeeds ablate run "$3" --commands
  same "$1" "$2" "$(sed 's/.* train \([^ ]*\) .*/\1/' "$scratch/out" | sort -u)"
}

trains_on 'neither is there: beside it' studies/text.ock studies/s.yaml
fails 1 "the study's corpus, studies/text.ock, cannot be read; \`ockham corpus\` makes one" ablate run studies/s.yaml
touch text.ock
trains_on 'only that of the working folder' text.ock studies/s.yaml
touch studies/text.ock
trains_on 'both' studies/text.ock studies/s.yaml
trains_on 'an absolute name of the study' "$scratch/studies/text.ock" "$scratch/studies/s.yaml"
cd studies
trains_on 'from its folder' text.ock s.yaml
cd ..
sed "s#text.ock#$scratch/text.ock#" studies/s.yaml >studies/absolute.yaml
trains_on 'an absolute name of the corpus' "$scratch/text.ock" studies/absolute.yaml
sed 's#text.ock#../other/text.ock#' studies/s.yaml >studies/up.yaml
touch other/text.ock
trains_on 'a folder beside its own' studies/../other/text.ock studies/up.yaml
"$ockham" ablate run - --commands <studies/s.yaml 2>err | grep -q ' train text.ock ' || complain "standard input: $(cat err)"
succeeds ablate slurm studies/s.yaml job.sh
grep -q ' train studies/text.ock ' job.sh || complain 'a job array has another corpus'

# ---- the journal ----
cat >runs.csv <<'END'
scale,norm,tying,bits,flops,parameters,tokens
S1,layer,tied,2.9,1e9,1000,100
S1,rms,tied,2.8,1e9,1000,100
S1,layer,untied,2.9,1.5e9,1600,100
S1,rms,untied,2.81,1.5e9,1600,100
S2,layer,tied,2.6,4e9,2000,200
S2,rms,tied,2.5,4e9,2000,200
S2,layer,untied,2.6,6e9,3000,200
S2,rms,untied,2.51,6e9,3000,200
END
cd studies
run ablate import s.yaml ../runs.csv
same 'exit code of the import' 0 "$code"
cd ..
for study in studies/s.yaml "$scratch/studies/s.yaml"; do
  succeeds ablate report "$study" --quiet --json
  same "the journal of $study" 8 "$(grep -o '"purpose"' out | wc -l)"
done
sed 's#text.ock#other.ock#' studies/s.yaml >studies/another.yaml
run ablate report studies/another.yaml --journal studies/s.journal --quiet
same 'exit code with another corpus' 1 "$code"
grep -q "where the study has 'corpus other.ock'" err || complain "$(cat err)"

# What a change costs is the trainer's word, whatever the table says.
succeeds ablate report studies/s.yaml --quiet
grep -Eq '^  tying tied → untied +×1\.[0-9]+ +×1\.000$' out || complain "costs: $(grep -A4 'a change alone' out)"
finish
