/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table.h"
#include "test.h"

static ockham_table *generate(ockham_blobs_options options) {
  ockham_table *table = NULL;
  assert_ok(ockham_generate_blobs(&options, &table, err));
  return table;
}

static size_t count_label(const ockham_table *table, uint32_t label) {
  size_t n = 0;
  for (size_t i = 0; i < table->n_rows; i++) n += table->label[i] == label;
  return n;
}

static double cluster_mean(const ockham_table *table, uint32_t label, size_t j) {
  double sum = 0;
  for (size_t i = 0; i < table->n_rows; i++)
    if (table->label[i] == label) sum += ((const double *)table->values)[i * table->n_columns + j];
  return sum / (double)count_label(table, label);
}

static void test_defaults(void **state) {
  (void)state;
  ockham_table *table = generate((ockham_blobs_options){0});
  assert_int_equal(table->n_rows, 300);
  assert_int_equal(table->n_columns, 2);
  assert_string_equal(table->names[1], "x2");
  assert_int_equal(table->labels.n, 3);
  assert_string_equal(table->labels.texts[2], "3");
  for (size_t i = 0; i < 300; i++) assert_int_equal(table->label[i], i / 100);
  ockham_table_free(table);
}

/* With sd 1 and n rows a mean is within 5 / sqrt(n) of its centre and a variance within 5 sqrt(2 / n) of 1, but for
 * one in two million draws. */
static void test_noise_has_the_moments_asked_for(void **state) {
  (void)state;
  enum { N = 20000 };
  ockham_table *table = generate(
      (ockham_blobs_options){.k = 2, .rows_per_cluster = N, .box_low = 5, .box_high = 5.001, .sd = 1, .seed = 11});
  const double *value = table->values;
  double product = 0;
  for (uint32_t c = 0; c < 2; c++)
    for (size_t j = 0; j < 2; j++) {
      double mean = cluster_mean(table, c, j), squares = 0;
      for (size_t i = c * N; i < (c + 1) * N; i++) squares += (value[i * 2 + j] - mean) * (value[i * 2 + j] - mean);
      assert_true(fabs(mean - 5) < 0.001 + 5 / sqrt(N));
      assert_true(fabs(squares / N - 1) < 5 * sqrt(2.0 / N));
    }
  for (size_t i = 0; i < N; i++) product += (value[i * 2] - 5) * (value[i * 2 + 1] - 5);
  assert_true(fabs(product / N) < 5 / sqrt(N) + 0.001); /* columns are independent */
  ockham_table_free(table);
}

static void test_centres_keep_their_distance_and_fill_the_box(void **state) {
  (void)state;
  enum { K = 60 };
  ockham_table *table = generate((ockham_blobs_options){
      .k = K, .rows_per_cluster = 1, .box_low = -10, .box_high = 30, .min_distance = 3, .sd = 1e-9, .seed = 5});
  const double *value = table->values;
  double low = 30, high = -10, closest = 1e9;
  for (size_t a = 0; a < K; a++) {
    for (size_t j = 0; j < 2; j++) {
      low = fmin(low, value[2 * a + j]);
      high = fmax(high, value[2 * a + j]);
    }
    for (size_t b = 0; b < a; b++)
      closest = fmin(closest, hypot(value[2 * a] - value[2 * b], value[2 * a + 1] - value[2 * b + 1]));
  }
  assert_true(closest >= 3 - 1e-7 && closest < 4);
  assert_true(low >= -10 - 1e-7 && low < -7 && high <= 30 + 1e-7 && high > 27);
  ockham_table_free(table);
}

/* Sizes of numpy 2.4.6: np.round(np.linspace(10, 55, 4)) and np.round(np.linspace(3, 10, 5)). */
static void test_sizes(void **state) {
  (void)state;
  static const size_t even[] = {10, 25, 40, 55}, rounded[] = {3, 5, 6, 8, 10};
  ockham_table *table = generate((ockham_blobs_options){.k = 4, .rows_per_cluster = 10, .rows_per_cluster_max = 55});
  for (uint32_t c = 0; c < 4; c++) assert_int_equal(count_label(table, c), even[c]);
  ockham_table_free(table);
  table = generate((ockham_blobs_options){.k = 5, .rows_per_cluster = 3, .rows_per_cluster_max = 10});
  for (uint32_t c = 0; c < 5; c++) assert_int_equal(count_label(table, c), rounded[c]);
  ockham_table_free(table);
  table = generate((ockham_blobs_options){.k = 1, .rows_per_cluster = 3, .rows_per_cluster_max = 10});
  assert_int_equal(table->n_rows, 3);
  ockham_table_free(table);
}

static void test_random_sizes_take_every_value(void **state) {
  (void)state;
  ockham_table *table = generate((ockham_blobs_options){
      .k = 400, .rows_per_cluster = 2, .rows_per_cluster_max = 5, .random_sizes = true, .seed = 9});
  size_t times[6] = {0};
  for (uint32_t c = 0; c < 400; c++) {
    size_t n = count_label(table, c);
    assert_in_range(n, 2, 5);
    times[n]++;
  }
  for (size_t n = 2; n <= 5; n++) assert_in_range(times[n], 57, 143); /* 100, five standard deviations */
  ockham_table_free(table);
}

static void test_seed_decides(void **state) {
  (void)state;
  ockham_blobs_options options = {.k = 5, .n_columns = 3, .random_sizes = true, .rows_per_cluster_max = 150, .seed = 1};
  ockham_table *a = generate(options), *b = generate(options);
  options.seed = 2;
  ockham_table *c = generate(options);
  assert_int_equal(a->n_rows, b->n_rows);
  assert_memory_equal(a->values, b->values, a->n_rows * 3 * sizeof(double));
  assert_true(memcmp(a->values, c->values, 100) != 0);
  ockham_table_free(a);
  ockham_table_free(b);
  ockham_table_free(c);
}

/* Centres, sizes and noise have streams of their own: other sizes leave the centres where they were. */
static void test_streams_are_separate(void **state) {
  (void)state;
  ockham_blobs_options options = {.k = 4, .sd = 1e-12, .rows_per_cluster = 5, .seed = 3};
  ockham_table *equal = generate(options);
  options.rows_per_cluster_max = 50;
  options.random_sizes = true;
  ockham_table *random = generate(options);
  for (uint32_t c = 0; c < 4; c++)
    for (size_t j = 0; j < 2; j++) assert_close(cluster_mean(equal, c, j), cluster_mean(random, c, j), 1e-10);
  ockham_table_free(equal);
  ockham_table_free(random);
}

static void refuse(ockham_blobs_options options, const char *words) {
  ockham_table *table = NULL;
  ockham_error err = {0};
  assert_int_equal(ockham_generate_blobs(&options, &table, &err), OCKHAM_BAD_ARGUMENT);
  assert_null(table);
  if (!strstr(err.message, words)) fail_msg("'%s' lacks '%s'", err.message, words);
}

static void test_refusals(void **state) {
  (void)state;
  refuse((ockham_blobs_options){.k = 20, .min_distance = 1.5}, "20 centres at least 1.5 apart");
  refuse((ockham_blobs_options){.rows_per_cluster = 9, .rows_per_cluster_max = 8}, "largest cluster");
  refuse((ockham_blobs_options){.box_low = 1, .box_high = 1}, "box");
  refuse((ockham_blobs_options){.box_low = NAN, .box_high = 1}, "box");
  refuse((ockham_blobs_options){.box_low = -1e308, .box_high = 1e308}, "box");
  refuse((ockham_blobs_options){.min_distance = -1}, "distance");
  refuse((ockham_blobs_options){.min_distance = NAN}, "distance");
  refuse((ockham_blobs_options){.sd = -1}, "deviation");
  refuse((ockham_blobs_options){.k = (size_t)1 << 40}, "number of clusters");
}

static void test_too_large(void **state) {
  (void)state;
  ockham_table *table = NULL;
  ockham_blobs_options options = {.rows_per_cluster = SIZE_MAX / 2};
  assert_int_equal(ockham_generate_blobs(&options, &table, NULL), OCKHAM_NO_MEMORY);
  options.rows_per_cluster = SIZE_MAX / 8;
  assert_int_equal(ockham_generate_blobs(&options, &table, NULL), OCKHAM_NO_MEMORY);
}

static void test_allocation_failures(void **state) {
  (void)state;
  for_each_allocation_failure(n) {
    ockham_table *table = NULL;
    ock_fault_after(n);
    ockham_status status = ockham_generate_blobs(NULL, &table, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ockham_table_free(table);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_defaults),
      cmocka_unit_test(test_noise_has_the_moments_asked_for),
      cmocka_unit_test(test_centres_keep_their_distance_and_fill_the_box),
      cmocka_unit_test(test_sizes),
      cmocka_unit_test(test_random_sizes_take_every_value),
      cmocka_unit_test(test_seed_decides),
      cmocka_unit_test(test_streams_are_separate),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_too_large),
      cmocka_unit_test(test_allocation_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
