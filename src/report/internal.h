/* SPDX-License-Identifier: Apache-2.0 */
/* report: results as text and JSON, from public types only.
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
} ock_report;

/* Whether the report tells of the criterion. */
bool ock_report_shows(const ock_report *report, const ockham_criterion *criterion);

/* text.c and reasons.c */
const char *ock_plural(uint64_t n);
/* What speaks for the answer of mixtures, and against it. */
void ock_report_reasons(const ock_report *report, FILE *out);

void ock_report_text(const ock_report *report, FILE *out);
/* False when memory ran out. */
bool ock_report_json(const ock_report *report, FILE *out);

#endif
