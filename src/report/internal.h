/* SPDX-License-Identifier: Apache-2.0 */
/* report: results as text, JSON and a page of HTML, from public types only.
 * Main types: ock_report (a sweep with its verdict, and what the caller added); ock_page (that with what is measured of
 *   rows and clusters for a page).
 * Invariants: a report is whole or there is none; text and JSON only tell what the library says elsewhere, and what a
 *   page measures besides (means, deviations, places on axes, bins) depends on the rows and the seed alone.
 * Threads: no state but the caller's; the axes of a page are found on a pool of the library.
 * Source: bands of BIC: Kass & Raftery, JASA 90, 1995; colours: Okabe & Ito, 2008; axes: stats/axes.c. */
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
  const char *wrap; /* where a sentence goes on in the next line, or a blank where each is one line */
} ock_report;

ock_report ock_report_make(const ockham_sweep *sweep, const ockham_report_options *options);

/* ockham_report_shows() of this report. */
bool ock_report_shows(const ock_report *report, const ockham_criterion *criterion);
/* What the rows of cluster j weigh, and their share of all. */
double ock_report_weight(const ock_report *report, size_t j);
double ock_report_share(const ock_report *report, size_t j);
/* The k that a criterion chooses; 0: none. */
size_t ock_report_choice(const ock_report *report, const char *criterion);

/* What a function writes, for ock_free(); NULL when memory ran out, which it says by false. */
typedef bool ock_text_writer(const void *what, FILE *out);
char *ock_text_of(ock_text_writer *write, const void *what);

/* text.c and reasons.c */
const char *ock_plural(uint64_t n);
const char *ock_grouped(uint64_t value, char text[32]); /* "1,234,567" */
/* "7 clusters", and what limits it. */
void ock_report_answer(const ock_report *report, char *text, size_t size);
/* All sentences that say why, each a line that begins with two blanks, and then, where it is one against the answer,
 * with OCK_BEWARE. */
#define OCK_BEWARE "beware: "
void ock_report_explain(const ock_report *report, FILE *out);
/* How many halves of the rows say some k: the others could fit no mixture that they were asked about. */
size_t ock_report_count_votes(const ock_report *report);
/* What speaks for the answer of mixtures, and against it. */
void ock_report_reasons(const ock_report *report, FILE *out);

void ock_report_text(const ock_report *report, FILE *out);
/* False when memory ran out. */
bool ock_report_json(const ock_report *report, FILE *out);

#endif
