/* SPDX-License-Identifier: Apache-2.0 */
/* Against the plainest reading of profile.h: one row at a time, from what ockham_profile_look() shows. */
#include "profile/example.h"

enum { N = 3000, MOST_SIGNALS = 16 };

/* ---- the plain reading ---- */

typedef struct plain_row {
  size_t n_observed, label;
  double squared;
} plain_row;

static double scaled(const ockham_profile_parts *parts, const double *row, size_t m) {
  const ockham_column_range *range = &parts->ranges[parts->numbers[m]];
  double value = row[parts->numbers[m]];
  if (isinf(value)) value = value > 0 ? range->clip_high : range->clip_low;
  return (value - parts->centre[m]) * parts->factor[m];
}

static plain_row nearest(const ockham_profile_parts *parts, const double *row) {
  size_t d = parts->n_numbers;
  plain_row found = {.squared = NAN};
  for (size_t m = 0; m < d; m++) found.n_observed += !isnan(row[parts->numbers[m]]);
  if (found.n_observed == 0) return found;
  for (size_t i = 0; i < parts->k; i++) {
    double sum = 0;
    for (size_t m = 0; m < d; m++)
      if (!isnan(row[parts->numbers[m]])) sum += pow(scaled(parts, row, m) - parts->centroids[i * d + m], 2);
    sum *= (double)d / (double)found.n_observed;
    if (i > 0 && !(sum < found.squared)) continue;
    found.squared = sum;
    found.label = i;
  }
  return found;
}

static size_t plain_distance(const ockham_profile_parts *parts, plain_row r) {
  size_t bin = 0;
  if (r.n_observed < parts->n_numbers) return 8;
  for (size_t e = 0; e < 7; e++) bin += r.squared >= parts->distance_edges[r.label * 7 + e];
  return bin;
}

static size_t plain_cluster(const ockham_profile_parts *parts, plain_row r) {
  if (r.n_observed == 0) return parts->k + 1;
  return r.n_observed == parts->n_numbers && r.squared > parts->radii[r.label] ? parts->k : r.label;
}

static size_t plain_direction(const ockham_profile_parts *parts, const ockham_signal *signal, const double *row) {
  double along = 0;
  size_t bin = 0;
  for (size_t m = 0; m < parts->n_numbers; m++) {
    const ockham_column_range *range = &parts->ranges[parts->numbers[m]];
    double value = row[parts->numbers[m]];
    if (isnan(value) || range->sd == 0) continue;
    value = fmin(fmax(value, range->clip_low), range->clip_high);
    along += parts->directions[signal->index * parts->n_numbers + m] * ((value - range->mean) * (1 / range->sd));
  }
  while (bin < signal->n_edges && along >= signal->edges[bin]) bin++;
  return bin;
}

static size_t plain_column(const ockham_profile_parts *parts, const ockham_signal *signal, const double *row) {
  double value = row[signal->index];
  const ockham_profile_column *column = &parts->columns[signal->index];
  if (isnan(value)) return signal->n_bins - 1;
  if (column->kind == OCKHAM_COLUMN_CATEGORY) {
    for (size_t b = 0; b < signal->n_bins - 3; b++)
      for (size_t t = 0; t < column->n_texts; t++)
        if ((double)t == value && strcmp(signal->bin_names[b], column->texts[t]) == 0) return b;
    return signal->n_bins - 2;
  }
  if (value < signal->edges[0]) return 0;
  if (value > signal->edges[signal->n_edges - 1]) return signal->n_edges;
  size_t bin = signal->n_edges - 1;
  while (bin > 1 && value < signal->edges[bin - 1]) bin--;
  return bin;
}

static size_t plain_missing(const ockham_profile_parts *parts, const double *row) {
  size_t n = 0;
  for (size_t j = 0; j < parts->n_columns; j++) n += parts->columns[j].role == OCKHAM_COLUMN_INPUT && isnan(row[j]);
  return n <= 3 ? n : n == 4 ? 3 : 4;
}

static size_t plain_code(const ockham_profile_parts *parts, size_t s, const double *row) {
  const ockham_signal *signal = &parts->signals[s];
  switch (signal->kind) {
    case OCKHAM_SIGNAL_CLUSTERS:
      return plain_cluster(parts, nearest(parts, row));
    case OCKHAM_SIGNAL_DISTANCE:
      return plain_distance(parts, nearest(parts, row));
    case OCKHAM_SIGNAL_DIRECTION:
      return plain_direction(parts, signal, row);
    case OCKHAM_SIGNAL_MISSING:
      return plain_missing(parts, row);
    default:
      return plain_column(parts, signal, row);
  }
}

/* ---- tests ---- */

/* Sums are rounded in another order here: a row on an edge may be coded otherwise, and hardly any is. */
static void test_against_the_plain_reading(void **state) {
  (void)state;
  double *x = make_mixed(N, 1), *live = make_mixed(N, 2), squared[N];
  static uint16_t codes[N * MOST_SIGNALS];
  ockham_profile *profile = profile_of_mixed(x, N, NULL, 2);
  const ockham_profile_parts *parts = ockham_profile_look(profile);
  size_t n_apart = 0;
  assert_ok(ockham_profile_bin(profile, rows_of(live, N, MIXED_COLUMNS), codes, squared, err));
  for (size_t i = 0; i < N; i++) {
    const double *row = live + i * MIXED_COLUMNS;
    plain_row r = nearest(parts, row);
    if (isnan(r.squared))
      assert_true(isnan(squared[i]));
    else
      assert_close(squared[i], r.squared, 1e-12);
    for (size_t s = 0; s < parts->n_signals; s++) {
      bool rounded = parts->signals[s].kind <= OCKHAM_SIGNAL_DIRECTION;
      size_t expected = plain_code(parts, s, row), found = codes[i * parts->n_signals + s];
      assert_true(found < parts->signals[s].n_bins);
      if (found != expected && !rounded)
        fail_msg("row %zu, %s: bin %zu, not %zu", i, parts->signals[s].name, found, expected);
      n_apart += found != expected;
    }
  }
  if (n_apart > 2) fail_msg("%zu codes differ", n_apart);
  ockham_profile_free(profile);
  free(x);
  free(live);
}

/* What a profile counted is what binning its rows counts. */
static void test_counts_are_of_these_bins(void **state) {
  (void)state;
  double *x = make_mixed(N, 1);
  static uint16_t codes[N * MOST_SIGNALS];
  ockham_profile *profile = profile_of_mixed(x, N, NULL, 2);
  const ockham_profile_parts *parts = ockham_profile_look(profile);
  assert_ok(ockham_profile_bin(profile, rows_of(x, N, MIXED_COLUMNS), codes, NULL, err));
  for (size_t s = 0; s < parts->n_signals; s++) {
    uint64_t counts[OCKHAM_PROFILE_MOST_BINS] = {0};
    bool of_half = parts->signals[s].kind <= OCKHAM_SIGNAL_DIRECTION;
    for (size_t i = 0; i < N; i++) counts[codes[i * parts->n_signals + s]] += !of_half || i / (N / 64) % 2 == 1;
    assert_memory_equal(counts, parts->signals[s].counts, parts->signals[s].n_bins * sizeof *counts);
  }
  ockham_profile_free(profile);
  free(x);
}

/* One at a time, in any order, with gaps between rows, as floats: the same bins. */
static void test_a_row_stands_alone(void **state) {
  (void)state;
  enum { STRIDE = MIXED_COLUMNS + 3 };
  double *x = make_mixed(N, 1), squared[N], one_squared;
  static uint16_t codes[N * MOST_SIGNALS], one[MOST_SIGNALS], narrow_codes[N * MOST_SIGNALS];
  static float narrow[N * STRIDE];
  ockham_profile *profile = profile_of_mixed(x, N, NULL, 2);
  size_t n_signals = ockham_profile_look(profile)->n_signals, size = n_signals * sizeof *codes;
  assert_ok(ockham_profile_bin(profile, rows_of(x, N, MIXED_COLUMNS), codes, squared, err));
  for (size_t i = N; i-- > 0;) {
    assert_ok(ockham_profile_bin(profile, rows_of(x + i * MIXED_COLUMNS, 1, MIXED_COLUMNS), one, &one_squared, err));
    assert_memory_equal(one, codes + i * n_signals, size);
    assert_memory_equal(&one_squared, &squared[i], sizeof one_squared);
    for (size_t j = 0; j < MIXED_COLUMNS; j++) narrow[i * STRIDE + j] = (float)x[i * MIXED_COLUMNS + j];
  }
  ockham_rows rows = {narrow, N, MIXED_COLUMNS, STRIDE, OCKHAM_FLOAT32};
  assert_ok(ockham_profile_bin(profile, rows, narrow_codes, NULL, err));
  assert_memory_equal(narrow_codes, codes, N * size); /* all values of the table are floats */
  assert_ok(ockham_profile_bin(profile, rows_of(x, 0, MIXED_COLUMNS), codes, NULL, err));
  ockham_profile_free(profile);
  free(x);
}

/* A profile of the same rows as floats is the same. */
static void test_fit_of_floats(void **state) {
  (void)state;
  double *x = make_mixed(N, 1);
  static float narrow[N * MIXED_COLUMNS];
  for (size_t i = 0; i < N * MIXED_COLUMNS; i++) narrow[i] = (float)x[i];
  ockham_profile_options options = {.columns = mixed_columns, .k = 2, .centroids = mixed_centroids, .threads = 1};
  ockham_rows rows = {narrow, N, MIXED_COLUMNS, 0, OCKHAM_FLOAT32};
  ockham_profile *a = profile_with(rows_of(x, N, MIXED_COLUMNS), options), *b = profile_with(rows, options);
  unsigned char *bytes_a, *bytes_b;
  size_t size_a, size_b;
  assert_ok(ockham_profile_encode(a, &bytes_a, &size_a, err));
  assert_ok(ockham_profile_encode(b, &bytes_b, &size_b, err));
  assert_int_equal(size_a, size_b);
  assert_memory_equal(bytes_a, bytes_b, size_a);
  ockham_bytes_free(bytes_a);
  ockham_bytes_free(bytes_b);
  ockham_profile_free(a);
  ockham_profile_free(b);
  free(x);
}

/* Rows that no distance can be taken to, or hardly one. */
static void test_rows_far_out(void **state) {
  (void)state;
  blobs b = make_blobs(1000, 2, 2, 10, 1);
  ockham_profile *profile = profile_of_blobs(&b);
  const double rows[] = {1000, 0, 1e300, -1e300, INFINITY, 0, NAN, NAN, NAN, 1e300, 10, 0.5, -__DBL_MAX__, 0};
  static const uint16_t clusters[] = {2, 2, 2, 3, 1, 1, 2};
  uint16_t codes[7 * MOST_SIGNALS];
  double squared[7];
  size_t n_signals = ockham_profile_look(profile)->n_signals;
  assert_ok(ockham_profile_bin(profile, rows_of(rows, 7, 2), codes, squared, err));
  for (size_t i = 0; i < 7; i++) {
    if (i == 4) { /* one number, which is far from both */
      assert_true(codes[i * n_signals] < 2 && isfinite(squared[i]));
      continue;
    }
    assert_int_equal(codes[i * n_signals], clusters[i]);
    assert_true(i == 3 ? isnan(squared[i]) : isfinite(squared[i]));
  }
  assert_int_equal(codes[0 * n_signals + 1], 7);
  assert_int_equal(codes[3 * n_signals + 1], 8);
  assert_int_equal(codes[3 * n_signals + n_signals - 1], 2);
  ockham_profile_free(profile);
  free_blobs(&b);
}

static void test_other_columns_are_refused(void **state) {
  (void)state;
  blobs b = make_blobs(100, 3, 2, 10, 1);
  ockham_profile *profile = profile_of_blobs(&b);
  uint16_t codes[100 * MOST_SIGNALS];
  ockham_error err = {0};
  assert_int_equal(ockham_profile_bin(profile, rows_of(b.x, 100, 2), codes, NULL, &err), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(err.message, "the data must have the profile's 3 columns, found 2");
  ock_fault_after(0);
  assert_int_equal(ockham_profile_bin(profile, rows_of(b.x, 100, 3), codes, NULL, &err), OCKHAM_NO_MEMORY);
  ock_fault_clear();
  ockham_profile_free(profile);
  free_blobs(&b);
}

static void test_columns_are_matched_by_name(void **state) {
  (void)state;
  double *x = make_mixed(100, 1);
  static const char *const names[] = {"width", "id", "colour", "length", "width"};
  size_t order[MIXED_COLUMNS], n_extra;
  ockham_profile *profile = profile_of_mixed(x, 100, NULL, 1);
  ockham_profile_match(profile, names, 5, order, &n_extra);
  assert_int_equal(order[0], 3);
  assert_true(order[1] == SIZE_MAX && order[4] == SIZE_MAX);
  assert_int_equal(order[2], 2);
  assert_int_equal(order[3], 0);
  assert_int_equal(n_extra, 2);
  assert_int_equal(ockham_profile_category(profile, 2, "blue", 4), 2);
  assert_int_equal(ockham_profile_category(profile, 2, "bluebell", 4), 2);
  assert_int_equal(ockham_profile_category(profile, 2, "black", 5), 3);
  assert_int_equal(ockham_profile_category(profile, 0, "blue", 4), 0); /* of numbers: none of its texts */
  ockham_profile_free(profile);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_the_plain_reading),
      cmocka_unit_test(test_counts_are_of_these_bins),
      cmocka_unit_test(test_a_row_stands_alone),
      cmocka_unit_test(test_fit_of_floats),
      cmocka_unit_test(test_rows_far_out),
      cmocka_unit_test(test_other_columns_are_refused),
      cmocka_unit_test(test_columns_are_matched_by_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
