/* SPDX-License-Identifier: Apache-2.0 */
/* report: results as text, JSON and a page of HTML, from public types only.
 * Main type: ock_report (a sweep with its verdict, and what the caller added).
 * Invariants: nothing is computed here that a program could not ask the library for.
 * Threads: pure.
 * Source: -. */
#ifndef OCK_REPORT_INTERNAL_H
#define OCK_REPORT_INTERNAL_H

#include <stdio.h>

#include <ockham/report.h>

#include "core/internal.h"

typedef struct ock_report {
  const ockham_sweep *sweep;
  const ockham_curve *curve;
  ockham_verdict verdict;
  const ockham_report_options *options;
  const char *wrap; /* where a sentence goes on in the next line */
} ock_report;

ock_report ock_report_make(const ockham_sweep *sweep, const ockham_report_options *options);

/* Whether the report tells of the criterion. */
bool ock_report_shows(const ock_report *report, const ockham_criterion *criterion);

/* text.c and reasons.c */
const char *ock_plural(uint64_t n);
const char *ock_grouped(uint64_t value, char text[32]); /* "1,234,567" */
/* "7 clusters", and what limits it. */
void ock_report_answer(const ock_report *report, char *text, size_t size);
/* All sentences that say why, each a line that begins with two blanks. */
void ock_report_explain(const ock_report *report, FILE *out);
/* How many halves of the rows say some k: the others could fit no mixture that they were asked about. */
size_t ock_report_count_votes(const ock_report *report);
/* What speaks for the answer of mixtures, and against it. */
void ock_report_reasons(const ock_report *report, FILE *out);

void ock_report_text(const ock_report *report, FILE *out);
/* False when memory ran out. */
bool ock_report_json(const ock_report *report, FILE *out);

#endif
