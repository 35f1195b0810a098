/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of drift, however it is told: the verdict, which signals stand out, and each in words. Text, JSON and
 * the page take everything from here, so that they never say different things. */
#ifndef OCK_REPORT_DRIFT_H
#define OCK_REPORT_DRIFT_H

#include "report/internal.h"

typedef struct ock_drift {
  const ockham_drift_account *account;
  const ockham_profile_parts *profile;
  const ockham_drift_signal *signals;
  size_t n_signals;
  uint64_t n_rows;
  size_t leading;
  ockham_drift_verdict verdict;
  size_t *order; /* n_signals: those that drifted first, then by how much they show */
} ock_drift;

/* False when memory ran out. ock_drift_clear() frees what it holds. */
bool ock_drift_make(const ockham_drift_account *account, ock_drift *drift);
void ock_drift_clear(ock_drift *drift);

/* "found", "trivial" or "none"; and as a sentence's beginning. */
const char *ock_drift_verdict_name(ockham_drift_verdict verdict);
const char *ock_drift_headline(const ock_drift *drift);

/* The bins of signal s; NULL where there are none. */
const ockham_drift_bin *ock_drift_bins(const ock_drift *drift, size_t s);
/* The bin of signal s whose share changed most. */
size_t ock_drift_moved_bin(const ock_drift *drift, size_t s);
/* The bin that examples are of. */
size_t ock_drift_example_bin(const ock_drift *drift);

/* Bins of a column that are not a part of its range, as their places among n_bins; SIZE_MAX where it has none. */
typedef struct ock_odd_bins {
  size_t below, above, other, fresh, missing;
} ock_odd_bins;
ock_odd_bins ock_drift_odd_bins(const ock_drift *drift, size_t s);

/* Whether signal s is of a column, whether of numbers, and which. */
bool ock_drift_is_column(const ock_drift *drift, size_t s);
bool ock_drift_is_number(const ock_drift *drift, size_t s);
/* Means of such a column of numbers, in its own units. */
double ock_drift_mean_then(const ock_drift *drift, size_t s);
double ock_drift_mean_now(const ock_drift *drift, size_t s);
/* Whether its mean certainly moved. */
bool ock_drift_shifted(const ockham_drift_signal *signal);

/* Texts into `text`; names come from anywhere: what could control a terminal becomes '?', and what is too long is cut
 * between characters. */
enum { OCK_DRIFT_TEXT = 160 };
/* "the clusters' shares", "column income", "direction 2: 0.71 length - 0.70 width", ... */
const char *ock_drift_name(const ock_drift *drift, size_t s, char text[OCK_DRIFT_TEXT]);
/* What a direction is: "0.71 length - 0.70 width", and "+ ..." where more columns have a part in it. */
const char *ock_drift_direction(const ock_drift *drift, size_t direction, char text[OCK_DRIFT_TEXT]);
/* A bin: "below 3.1", "missing", "cluster 2", "red". */
const char *ock_drift_bin(const ock_drift *drift, size_t s, size_t bin, char text[OCK_DRIFT_TEXT]);
/* A cluster by the columns that mark it: "income 71,200, age 31"; or "". */
const char *ock_drift_cluster(const ock_drift *drift, size_t c, char text[OCK_DRIFT_TEXT]);
/* The text of a cell of categories in example i; NULL: it is not known which, "new" as it may be. */
const char *ock_drift_example_text(const ock_drift *drift, size_t i, size_t column);
/* What changed most in signal s: "mean 52,300 -> 58,100", or a bin with its shares; `arrow` stands between. */
const char *ock_drift_change(const ock_drift *drift, size_t s, const char *arrow, char text[2 * OCK_DRIFT_TEXT]);
/* The same as a sentence that needs nothing before it: "the mean of income rose from 52,300 to 58,100", "rows with
 * items 10 to 12 fell from 12 % to 5 %". */
const char *ock_drift_sentence(const ock_drift *drift, size_t s, char text[3 * OCK_DRIFT_TEXT]);

/* The columns in which cluster c is farthest from the mean of all, in their standard deviations: up to `most` into
 * which (index among the profile's numbers), farthest first. Returns how many are at least half a deviation away. */
size_t ock_drift_cluster_marks(const ock_drift *drift, size_t c, size_t most, size_t *which);
double ock_drift_cluster_centre(const ock_drift *drift, size_t c, size_t number);

/* "12.4 %", and of small ones what digits they need; 4 digits, or groups of them; "p < 1e-16", "p = 0.043". */
const char *ock_drift_percent(double share, char text[32]);
const char *ock_drift_amount(double value, char text[32]);
const char *ock_drift_p(double p, char text[32]);
/* With so many digits; with a sign, and then with one more where they would all be 0. No -0. */
const char *ock_drift_fixed(double value, int digits, char text[32]);
const char *ock_drift_signed(double value, int digits, char text[32]);

void ock_drift_text(const ock_drift *drift, const ockham_drift_report_options *options, FILE *out);
void ock_drift_alarm_text(const ock_drift *drift, FILE *out);
/* False when memory ran out. */
bool ock_drift_json(const ock_drift *drift, FILE *out);
bool ock_drift_alarm_json(const ock_drift *drift, FILE *out);

/* All sentences that say what is in it, each a line that begins with two blanks. */
void ock_drift_sentences(const ock_drift *drift, bool ascii, FILE *out);

#endif
