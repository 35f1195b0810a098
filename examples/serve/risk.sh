#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A model as a shell script: a line of CSV in, a line of CSV out.
#
#   ockham serve --model risk='ockham worker --lines --columns age,city:BYTES --outputs risk,label:BYTES examples/serve/risk.sh'
#
# A program that holds its output back (awk, grep, Python) must be told to flush after each line.
while IFS=, read -r age city; do
  case $age in
    nan | -*) echo "error: expected an age, found '$age'" ;;
    *)
      risk=$((${age%.*} / 10))
      [ "$risk" -ge 5 ] && label=high || label=low
      echo "$risk,$label"
      ;;
  esac
done
