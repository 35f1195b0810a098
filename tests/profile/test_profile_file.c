/* SPDX-License-Identifier: Apache-2.0 */
#include "profile/example.h"

enum { N = 400 };

typedef struct encoded {
  unsigned char *bytes;
  size_t size;
} encoded;

static encoded encode(const ockham_profile *profile) {
  encoded e;
  assert_ok(ockham_profile_encode(profile, &e.bytes, &e.size, err));
  return e;
}

static ockham_profile *decode(encoded e) {
  ockham_profile *profile;
  assert_ok(ockham_profile_decode(e.bytes, e.size, "x.ock", &profile, err));
  return profile;
}

/* Of everything that a profile can have. */
static ockham_profile *full_profile(void) {
  double *x = make_mixed(N, 1), *times = make_times(N, 7200);
  ockham_profile *profile = profile_of_mixed(x, N, times, 1);
  const ockham_rehearsal rehearsals[] = {{1000, 980, 900, 1100}, {10000, 12000, 8000, INFINITY}};
  ock_profile_set_rehearsals(profile, rehearsals, 2);
  free(x);
  free(times);
  return profile;
}

/* ---- what is written is what is read ---- */

static void assert_same_signals(const ockham_signal *a, const ockham_signal *b) {
  assert_string_equal(a->name, b->name);
  assert_true(a->kind == b->kind && a->group == b->group && a->index == b->index && a->stickiness == b->stickiness);
  assert_int_equal(a->n_bins, b->n_bins);
  assert_int_equal(a->n_counted, b->n_counted);
  assert_int_equal(a->n_edges, b->n_edges);
  assert_memory_equal(a->counts, b->counts, a->n_bins * sizeof *a->counts);
  if (a->n_edges) assert_memory_equal(a->edges, b->edges, a->n_edges * sizeof *a->edges);
  for (size_t bin = 0; bin < a->n_bins; bin++) assert_string_equal(a->bin_names[bin], b->bin_names[bin]);
  assert_true(!a->by_hour == !b->by_hour);
  if (a->by_hour) assert_memory_equal(a->by_hour, b->by_hour, 168 * a->n_bins * sizeof *a->by_hour);
}

static void assert_same_columns(const ockham_profile_parts *a, const ockham_profile_parts *b) {
  assert_int_equal(a->n_columns, b->n_columns);
  assert_memory_equal(a->ranges, b->ranges, a->n_columns * sizeof *a->ranges);
  for (size_t j = 0; j < a->n_columns; j++) {
    assert_string_equal(a->columns[j].name, b->columns[j].name);
    assert_true(a->columns[j].kind == b->columns[j].kind && a->columns[j].role == b->columns[j].role);
    assert_int_equal(a->columns[j].n_texts, b->columns[j].n_texts);
    for (size_t t = 0; t < a->columns[j].n_texts; t++)
      assert_string_equal(a->columns[j].texts[t], b->columns[j].texts[t]);
  }
}

static void assert_same(const ockham_profile *one, const ockham_profile *other) {
  const ockham_profile_parts *a = ockham_profile_look(one), *b = ockham_profile_look(other);
  size_t d = a->n_numbers;
  assert_same_columns(a, b);
  assert_true(a->n_rows == b->n_rows && a->n_fitted == b->n_fitted && a->k == b->k && d == b->n_numbers);
  assert_true(a->since_s == b->since_s && a->until_s == b->until_s && a->n_directions == b->n_directions);
  assert_memory_equal(a->numbers, b->numbers, d * sizeof *a->numbers);
  assert_memory_equal(a->centre, b->centre, d * sizeof(double));
  assert_memory_equal(a->factor, b->factor, d * sizeof(double));
  assert_memory_equal(a->centroids, b->centroids, a->k * d * sizeof(double));
  assert_memory_equal(a->radii, b->radii, a->k * sizeof(double));
  assert_memory_equal(a->distance_edges, b->distance_edges, a->k * 7 * sizeof(double));
  assert_memory_equal(a->deviations, b->deviations, a->k * d * sizeof(double));
  assert_memory_equal(a->directions, b->directions, a->n_directions * d * sizeof(double));
  assert_int_equal(a->n_rehearsals, b->n_rehearsals);
  assert_memory_equal(a->rehearsals, b->rehearsals, a->n_rehearsals * sizeof *a->rehearsals);
  assert_int_equal(a->n_signals, b->n_signals);
  for (size_t s = 0; s < a->n_signals; s++) assert_same_signals(&a->signals[s], &b->signals[s]);
}

static void test_round_trip(void **state) {
  (void)state;
  ockham_profile *profile = full_profile();
  encoded first = encode(profile);
  ockham_profile *back = decode(first);
  assert_same(profile, back);
  encoded second = encode(back);
  assert_int_equal(first.size, second.size);
  assert_memory_equal(first.bytes, second.bytes, first.size);
  double *live = make_mixed(N, 7);
  uint16_t a[N * 16], b[N * 16];
  memset(a, 0, sizeof a);
  memset(b, 0, sizeof b);
  assert_ok(ockham_profile_bin(profile, rows_of(live, N, MIXED_COLUMNS), a, NULL, err));
  assert_ok(ockham_profile_bin(back, rows_of(live, N, MIXED_COLUMNS), b, NULL, err));
  assert_memory_equal(a, b, sizeof a);
  assert_int_equal(ockham_profile_category(back, 2, "green", 5), 1);
  free(live);
  ockham_bytes_free(first.bytes);
  ockham_bytes_free(second.bytes);
  ockham_profile_free(profile);
  ockham_profile_free(back);
}

/* The shapes that a profile can have: all missing, constant, without numbers, of outputs only. */
static void test_round_trip_of_odd_profiles(void **state) {
  (void)state;
  double x[90], origin[3] = {0};
  for (size_t i = 0; i < 90; i++) x[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? 4 : (double)(i % 7);
  const ockham_profile_column columns[] = {{.name = ""}, {.name = "c", .role = OCKHAM_COLUMN_OUTPUT}, {.name = "n"}};
  const ockham_profile_column outputs[] = {{.name = "a", .role = OCKHAM_COLUMN_OUTPUT},
                                           {.name = "b", .role = OCKHAM_COLUMN_OUTPUT},
                                           {.name = "c", .role = OCKHAM_COLUMN_OUTPUT, .kind = OCKHAM_COLUMN_CATEGORY}};
  const ockham_profile_column *const cases[] = {columns, outputs, NULL};
  for (size_t c = 0; c < 3; c++) {
    ockham_profile_options options = {.columns = cases[c], .k = c == 1 ? 0 : 1, .centroids = origin};
    ockham_profile *profile = profile_with(rows_of(x, 30, 3), options);
    encoded e = encode(profile);
    ockham_profile *back = decode(e);
    assert_same(profile, back);
    ockham_bytes_free(e.bytes);
    ockham_profile_free(profile);
    ockham_profile_free(back);
  }
}

/* Both columns are 0 but for a burst that lies in the half which axes are fitted to: along the axes the other half does
 * not vary at all. A third column leaves one direction that it does vary along. */
static void test_directions_that_only_a_burst_has(void **state) {
  (void)state;
  enum { ROWS = 1280, STRETCH = ROWS / 64 };
  for (size_t d = 2; d <= 3; d++) {
    double *x = calloc(ROWS * d, sizeof *x);
    ock_rng rng = ock_rng_make(d, 0);
    for (size_t i = 0; i < ROWS; i++) {
      for (size_t j = 0; j < 2 && i < STRETCH; j++) x[i * d + j] = ock_rng_normal(&rng);
      if (d == 3 && i >= STRETCH) x[i * d + 2] = ock_rng_normal(&rng);
    }
    ockham_profile *profile = profile_of_columns(x, ROWS, d, NULL);
    const ockham_profile_parts *parts = ockham_profile_look(profile);
    if (d == 2) assert_int_equal(parts->n_directions, 0);
    for (size_t s = 0; s < parts->n_signals; s++) assert_true(parts->signals[s].n_bins >= 2);
    encoded e = encode(profile);
    ockham_profile_free(decode(e));
    ockham_bytes_free(e.bytes);
    ockham_profile_free(profile);
    free(x);
  }
}

static void test_any_number_of_threads(void **state) {
  (void)state;
  enum { MANY = 9000 };
  double *x = make_mixed(MANY, 1), *times = make_times(MANY, 600);
  ockham_profile *one = profile_of_mixed(x, MANY, times, 1);
  encoded expected = encode(one);
  for (size_t threads = 2; threads <= 7; threads += 5) {
    ockham_profile *other = profile_of_mixed(x, MANY, times, threads);
    encoded found = encode(other);
    assert_int_equal(found.size, expected.size);
    assert_memory_equal(found.bytes, expected.bytes, found.size);
    ockham_bytes_free(found.bytes);
    ockham_profile_free(other);
  }
  ockham_bytes_free(expected.bytes);
  ockham_profile_free(one);
  free(x);
  free(times);
}

/* ---- damage ---- */

/* A block of exactly this size, so that a sanitizer sees what is read behind it. NULL: it was accepted, and used. */
static const char *refusal_of(const unsigned char *bytes, size_t size) {
  static ockham_error problem;
  unsigned char *copy = malloc(size + !size);
  ockham_profile *profile = NULL;
  if (size) memcpy(copy, bytes, size);
  ockham_status status = ockham_profile_decode(copy, size, "x.ock", &profile, &problem);
  free(copy);
  if (status == OCKHAM_OK) {
    const ockham_profile_parts *parts = ockham_profile_look(profile);
    double row[MIXED_COLUMNS] = {1, 2, 1, INFINITY, NAN};
    uint16_t codes[64];
    if (parts->n_columns == MIXED_COLUMNS && parts->n_signals <= 64) {
      assert_ok(ockham_profile_bin(profile, rows_of(row, 1, MIXED_COLUMNS), codes, NULL, err));
      for (size_t s = 0; s < parts->n_signals; s++) assert_true(codes[s] < parts->signals[s].n_bins);
    }
    ockham_profile_free(profile);
    return NULL;
  }
  assert_int_equal(status, OCKHAM_BAD_FILE);
  assert_null(profile);
  assert_memory_equal(problem.message, "x.ock: ", 7);
  return problem.message;
}

static void test_every_cut_is_seen(void **state) {
  (void)state;
  double *x = make_mixed(40, 1);
  ockham_profile *profile = profile_of_mixed(x, 40, NULL, 1);
  encoded e = encode(profile);
  for (size_t size = 0; size < e.size; size++) assert_non_null(refusal_of(e.bytes, size));
  unsigned char *longer = malloc(e.size + 3);
  memcpy(longer, e.bytes, e.size);
  memset(longer + e.size, 0, 3);
  assert_string_equal(refusal_of(longer, e.size + 3), "x.ock: the profile must end 3 bytes earlier");
  free(longer);
  ockham_bytes_free(e.bytes);
  ockham_profile_free(profile);
  free(x);
}

/* Changed bytes are refused, or give a profile like any other: it is binned with. Most are refused, for counts add up.
 */
static void test_changed_bytes(void **state) {
  (void)state;
  double *x = make_mixed(60, 1);
  ockham_profile *profile = profile_of_mixed(x, 60, NULL, 1);
  encoded e = encode(profile);
  ock_rng rng = ock_rng_make(1, 0);
  size_t n_refused = 0;
  for (size_t at = 0; at < e.size; at++) {
    unsigned char before = e.bytes[at];
    e.bytes[at] ^= (unsigned char)(1 + ock_rng_below(&rng, 255));
    n_refused += refusal_of(e.bytes, e.size) != NULL;
    e.bytes[at] = before;
  }
  assert_true(n_refused > e.size / 3 && n_refused < e.size);
  ockham_bytes_free(e.bytes);
  ockham_profile_free(profile);
  free(x);
}

/* Numbers of the head, and what they may not be. */
static void test_heads_are_checked(void **state) {
  (void)state;
  static const struct {
    size_t field;
    uint64_t value;
    const char *message;
  } cases[] = {
      {0, 2, "x.ock: the profile is of version 2 (this build reads 1)"},
      {1, 19, "x.ock: the profile's number of rows cannot be"},
      {1, UINT64_MAX, "x.ock: the profile's number of rows cannot be"},
      {2, 0, "x.ock: the profile's number of rows cannot be"},
      {2, 60, "x.ock: the profile's number of rows cannot be"},
      {3, 0, "x.ock: the profile's number of columns cannot be"},
      {3, UINT64_MAX / 8, "x.ock: the profile's number of columns cannot be"},
      {4, 0, "x.ock: the profile's number of clusters cannot be"},
      {4, 259, "x.ock: the profile's number of clusters or directions cannot be"},
      {5, 9, "x.ock: the profile's number of clusters or directions cannot be"},
      {5, 4, "x.ock: the profile's number of directions cannot be"},
      {6, 1, "x.ock: the profile's time or number of rehearsals cannot be"},
      {8, 5, "x.ock: the profile's time or number of rehearsals cannot be"},
      {9, 2, "x.ock: the profile's time or number of rehearsals cannot be"},
      {1, 61, "x.ock: the profile's counts cannot be"},
      {2, 31, "x.ock: the profile's counts cannot be"},
  };
  double *x = make_mixed(60, 1);
  ockham_profile *profile = profile_of_mixed(x, 60, NULL, 1);
  encoded e = encode(profile);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint64_t before;
    memcpy(&before, e.bytes + 8 * cases[i].field, 8);
    memcpy(e.bytes + 8 * cases[i].field, &cases[i].value, 8);
    const char *message = refusal_of(e.bytes, e.size);
    assert_string_equal(message ? message : "accepted", cases[i].message);
    memcpy(e.bytes + 8 * cases[i].field, &before, 8);
  }
  ockham_bytes_free(e.bytes);
  ockham_profile_free(profile);
  free(x);
}

/* ---- memory runs out ---- */

static void test_memory_runs_out(void **state) {
  (void)state;
  ockham_profile *profile = full_profile();
  encoded e = encode(profile);
  long n_refusals = 0;
  for_each_allocation_failure(n) {
    ockham_profile *back = profile;
    ock_fault_after(n);
    ockham_status status = ockham_profile_decode(e.bytes, e.size, "x.ock", &back, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    if (status) assert_null(back);
    n_refusals += status != OCKHAM_OK;
    ockham_profile_free(back);
  }
  assert_true(n_refusals >= 3);
  n_refusals = 0;
  for_each_allocation_failure(n) {
    ockham_profile *copy = profile;
    ock_fault_after(n);
    ockham_status status = ock_profile_copy(profile, &copy, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    if (status) assert_null(copy);
    n_refusals += status != OCKHAM_OK;
    ockham_profile_free(copy);
  }
  assert_true(n_refusals >= 4);
  ockham_bytes_free(e.bytes);
  ockham_profile_free(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_round_trip_of_odd_profiles),
      cmocka_unit_test(test_directions_that_only_a_burst_has),
      cmocka_unit_test(test_any_number_of_threads),
      cmocka_unit_test(test_every_cut_is_seen),
      cmocka_unit_test(test_changed_bytes),
      cmocka_unit_test(test_heads_are_checked),
      cmocka_unit_test(test_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
