/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of reports of drift: a profile of people, and a batch and a stream of others, made by hand. */
#ifndef OCK_REPORT_DRIFTING_H
#define OCK_REPORT_DRIFTING_H

#include <jansson.h>
#include <ockham/report.h>

#include "test.h"

enum { N_COLUMNS = 3, N_SIGNALS = 6, N_POINTS = 100, N_EXAMPLES = 2, K = 2 };

typedef struct drifting {
  ockham_profile_parts profile;
  ockham_profile_column columns[N_COLUMNS];
  ockham_column_range ranges[N_COLUMNS];
  ockham_signal signals[N_SIGNALS];
  ockham_drift_signal found[N_SIGNALS];
  const ockham_drift_bin *bins[N_SIGNALS];
  ockham_drift_comparison batch;
  ockham_drift_state course;
  ockham_drift_point points[N_POINTS];
  ockham_drift_episode episode;
  uint64_t example_rows[N_EXAMPLES];
  double example_values[N_EXAMPLES * N_COLUMNS];
  ockham_drift_account account;
} drifting;

static const char *const towns[] = {"Rome", "Oslo"};
static const size_t numbers_of_people[] = {0, 1};
static const double centroids_of_people[] = {-1, 0.1, 1, 0}; /* scaled: income 20,000 and 60,000 about 40,000 */
static const double directions_of_people[] = {0.6, -0.8};
static const double centre_of_people[] = {40000, 50}, factor_of_people[] = {1 / 20000.0, 0.1};

static const char *const cluster_bins[] = {"0", "1", "outside", "empty"};
static const char *const number_bins[] = {"below 1", "1 to 2", "above 2", "missing"};
static const char *const town_bins[] = {"Rome", "Oslo", "other", "new", "missing"};
static const char *const missing_bins[] = {"0", "1"};
static const uint64_t counts_of_people[5] = {500, 400, 100, 0, 0};

static const ockham_drift_bin cluster_shares[] = {
    {0.6, 0.4, -0.22, -0.18}, {0.399, 0.4, -0.02, 0.021}, {0.001, 0.2, 0.18, 0.22}, {0, 0, -0.001, 0.001}};
static const ockham_drift_bin income_shares[] = {
    {0, 0, -0.001, 0.001}, {0.999, 0.95, -0.07, -0.03}, {0.001, 0, -0.003, 0.001}, {0, 0.05, 0.04, 0.06}};
static const ockham_drift_bin age_shares[] = {
    {0, 0, -0.001, 0.001}, {1, 1, -0.001, 0.001}, {0, 0, -0.001, 0.001}, {0, 0, -0.001, 0.001}};
static const ockham_drift_bin town_shares[] = {
    {0.5, 0.4, -0.12, -0.08}, {0.5, 0.5, -0.02, 0.02}, {0, 0, 0, 0}, {0, 0.1, 0.08, 0.12}, {0, 0, 0, 0}};
static const ockham_drift_bin missing_shares[] = {{1, 0.95, -0.06, -0.04}, {0, 0.05, 0.04, 0.06}};

static inline ockham_signal signal_of(ockham_signal_kind kind, size_t index, const char *name, size_t n_bins,
                                      const char *const *bin_names) {
  return (ockham_signal){.kind = kind,
                         .index = index,
                         .name = name,
                         .n_bins = n_bins,
                         .bin_names = bin_names,
                         .counts = counts_of_people,
                         .n_counted = 1000};
}

static inline void make_profile(drifting *d) {
  d->columns[0] = (ockham_profile_column){.name = "income"};
  d->columns[1] = (ockham_profile_column){.name = "age"};
  d->columns[2] = (ockham_profile_column){.name = "town", .kind = OCKHAM_COLUMN_CATEGORY, .texts = towns, .n_texts = 2};
  d->ranges[0] = (ockham_column_range){.mean = 40000, .sd = 20000};
  d->ranges[1] = (ockham_column_range){.mean = 50, .sd = 10};
  d->signals[0] = signal_of(OCKHAM_SIGNAL_CLUSTERS, 0, "clusters", 4, cluster_bins);
  d->signals[1] = signal_of(OCKHAM_SIGNAL_DIRECTION, 0, "direction 1", 2, missing_bins);
  d->signals[2] = signal_of(OCKHAM_SIGNAL_COLUMN, 0, d->columns[0].name, 4, number_bins);
  d->signals[3] = signal_of(OCKHAM_SIGNAL_COLUMN, 1, d->columns[1].name, 4, number_bins);
  d->signals[4] = signal_of(OCKHAM_SIGNAL_COLUMN, 2, d->columns[2].name, 5, town_bins);
  d->signals[5] = signal_of(OCKHAM_SIGNAL_MISSING, 0, "missing", 2, missing_bins);
  d->profile = (ockham_profile_parts){.n_rows = 20000,
                                      .n_fitted = 10000,
                                      .n_columns = N_COLUMNS,
                                      .columns = d->columns,
                                      .ranges = d->ranges,
                                      .n_signals = N_SIGNALS,
                                      .signals = d->signals,
                                      .k = K,
                                      .n_numbers = 2,
                                      .numbers = numbers_of_people,
                                      .centre = centre_of_people,
                                      .factor = factor_of_people,
                                      .centroids = centroids_of_people,
                                      .n_directions = 1,
                                      .directions = directions_of_people};
}

static inline ockham_drift_signal found_of(const ockham_signal *signal, bool drifted, double psi, double shift) {
  return (ockham_drift_signal){.signal = signal,
                               .statistic = drifted ? 9.5 : 0.5,
                               .limit = 6,
                               .run_length = drifted ? 3e9 : 3,
                               .asked_run_length = 1e6,
                               .p_value = drifted ? 1e-20 : 0.3,
                               .n_effective = 2000,
                               .psi = psi,
                               .psi_low = psi - 0.01,
                               .psi_high = psi + 0.01,
                               .js = psi / 2,
                               .shift = shift,
                               .shift_low = shift - 0.05,
                               .shift_high = shift + 0.05,
                               .drifted = drifted};
}

static inline void make_findings(drifting *d) {
  static const ockham_drift_bin *const bins[] = {cluster_shares, missing_shares, income_shares,
                                                 age_shares,     town_shares,    missing_shares};
  d->found[0] = found_of(&d->signals[0], true, 0.5, NAN);
  d->found[1] = found_of(&d->signals[1], false, 0.001, NAN);
  d->found[2] = found_of(&d->signals[2], true, 0.2, 0.5);
  d->found[3] = found_of(&d->signals[3], false, -0.001, 0.01);
  d->found[4] = found_of(&d->signals[4], true, 0.1, NAN);
  d->found[5] = found_of(&d->signals[5], true, 0.05, NAN);
  for (size_t s = 0; s < N_SIGNALS; s++) d->bins[s] = bins[s];
  d->batch = (ockham_drift_comparison){.verdict = OCKHAM_DRIFT_FOUND,
                                       .n_rows = 2000,
                                       .p_value = 0,
                                       .level = 0.01,
                                       .min_effect = 0.005,
                                       .smallest_shift = 0.0812,
                                       .n_signals = N_SIGNALS,
                                       .signals = d->found,
                                       .bins = d->bins,
                                       .grown_bin = 2,
                                       .grown_from = 0.001,
                                       .grown_to = 0.2};
}

static inline void make_course(drifting *d) {
  d->episode = (ockham_drift_episode){
      .number = 1, .since_row = 1001, .noticed_row = 1056, .signal = 0, .run_length = 3e9, .psi = 0.4};
  for (size_t i = 0; i < N_POINTS; i++)
    d->points[i] = (ockham_drift_point){.row = 20 * (i + 1),
                                        .alarm_level = i < 50 ? 0.3 + 0.002 * (double)i : 0.05 * (double)(i - 40)};
  d->course = (ockham_drift_state){.n_rows = 2000,
                                   .n_measured = 2000,
                                   .drifted = true,
                                   .asked_run_length = 100000,
                                   .achieved_run_length = 1.04,
                                   .achieved_low = 0.91,
                                   .achieved_high = 1.2,
                                   .n_signals = N_SIGNALS,
                                   .signals = d->found,
                                   .n_episodes = 1,
                                   .n_kept = 1,
                                   .episodes = &d->episode,
                                   .n_points = N_POINTS,
                                   .points = d->points};
}

/* A batch with its course; a stream when account.batch is NULL. It must stay where it is. */
static inline void drifting_make(drifting *d) {
  *d = (drifting){0};
  make_profile(d);
  make_findings(d);
  make_course(d);
  static const double values[] = {90000, 31, 0, 91234.5, NAN, 7};
  memcpy(d->example_values, values, sizeof values);
  d->example_rows[0] = 1003;
  d->example_rows[1] = 1011;
  d->account = (ockham_drift_account){.profile = &d->profile,
                                      .batch = &d->batch,
                                      .course = &d->course,
                                      .bins = d->bins,
                                      .n_examples = N_EXAMPLES,
                                      .example_rows = d->example_rows,
                                      .example_values = d->example_values,
                                      .example_bin = 2,
                                      .source = "live.csv",
                                      .reference = "people.ock",
                                      .command = "ockham drift people.ock live.csv --report drift.html"};
}

/* To be freed with ockham_text_free(). */
static inline char *drifting_text(const drifting *d, ockham_drift_report_options options) {
  char *text = NULL;
  assert_ok(ockham_report_drift(&d->account, &options, &text, err));
  assert_non_null(text);
  return text;
}

#endif
