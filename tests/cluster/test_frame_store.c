/* SPDX-License-Identifier: Apache-2.0 */
/* The unit of coordinates and the copy of the rows, against plain arithmetic. */
#include "scene.h"

static scene data;
static ock_pool *pool;

static const size_t row_counts[] = {1, 2, 63, 64, 65, 1000, 4095, 4096, 7000};
enum { N_COUNTS = sizeof row_counts / sizeof *row_counts };

/* Values of this size about this offset; column 1 is constant. */
static void draw(ock_rng *rng, size_t n, size_t d, size_t stride, ockham_dtype dtype, double size, double offset) {
  scene_shape(&data, n, d, stride, dtype);
  for (size_t i = 0; i < n; i++)
    for (size_t l = 0; l < d; l++) scene_put(&data, i, l, l == 1 ? offset : offset + size * ock_rng_normal(rng));
}

static void check_frame(const ock_frame *f, ockham_rows x) {
  double largest = 0;
  assert_true(f->n == x.n_rows && f->d == x.n_columns);
  for (size_t l = 0; l < f->d; l++) {
    long double sum = 0;
    double low = INFINITY, high = -INFINITY, size = 0;
    for (size_t i = 0; i < f->n; i++) {
      double value = ock_rows_get(x, i, l);
      sum += (long double)value;
      low = fmin(low, value);
      high = fmax(high, value);
      size = fmax(size, fabs(value));
    }
    assert_true(f->low[l] == low && f->high[l] == high);
    assert_true(fabsl((long double)f->origin[l] - sum / (long double)f->n) <= 1e-12L * (long double)size);
    largest = fmax(largest, fmax(high - f->origin[l], f->origin[l] - low));
  }
  int exponent;
  assert_true(frexp(f->unit, &exponent) == 0.5);
  assert_true(largest * f->unit <= 1 && (largest == 0 || largest < 1e-300 || largest * f->unit > 0.25));
}

static void check_store(const ock_store *store, ockham_rows x, const uint32_t *row, bool wide) {
  const ock_frame *f = store->frame;
  double total = 0;
  assert_true(store->d == x.n_columns && store->n_panels == (store->n + OCK_PANEL - 1) / OCK_PANEL);
  assert_true(ock_store_is_wide(store) == wide);
  for (size_t i = 0; i < store->n_panels * OCK_PANEL; i++) {
    size_t from = i < store->n ? i : i / OCK_PANEL * OCK_PANEL, r = row ? row[from] : from; /* the last is filled up */
    double squares = 0, unit = wide ? 0x1p-53 : 0x1p-24;
    assert_int_equal(store->row[from], r);
    for (size_t l = 0; l < store->d; l++) {
      double value = (ock_rows_get(x, r, l) - f->origin[l]) * f->unit;
      if (!wide) value = (double)(float)value;
      const void *panel = ock_store_panel(store, i / OCK_PANEL);
      assert_true(ock_element(panel, ock_strip_place(store->d, i % OCK_PANEL, l), wide) == value);
      squares += value * value;
    }
    double half = ock_element(ock_store_half_squares(store, i / OCK_PANEL), i % OCK_PANEL, wide);
    assert_true(fabs(2 * half - squares) <= (unit + 1e-14) * squares + 0x1p-140);
    assert_true((double)store->reach[i / OCK_PANEL] >= sqrt(squares));
    if (i < store->n) total += squares;
  }
  assert_close(store->squares, total, 1e-12);
}

static void check_reordered(ock_store *store, ockham_rows x, ock_rng *rng, const uint32_t *row, bool wide) {
  static uint32_t order[SCENE_MAX_ROWS], expected[SCENE_MAX_ROWS];
  for (size_t i = 0; i < store->n; i++) {
    size_t j = ock_rng_below(rng, i + 1);
    order[i] = order[j];
    order[j] = (uint32_t)i;
  }
  for (size_t i = 0; i < store->n; i++) expected[i] = row ? row[order[i]] : order[i];
  assert_true(ock_store_reorder(store, order, pool));
  check_store(store, x, expected, wide);
}

static void check_one(ock_rng *rng) {
  static uint32_t some[SCENE_MAX_ROWS];
  ock_frame frame;
  ock_store store;
  assert_ok(ock_frame_init(&frame, data.x, pool, err));
  check_frame(&frame, data.x);
  size_t n = 1 + ock_rng_below(rng, data.x.n_rows);
  for (size_t i = 0; i < n; i++) some[i] = (uint32_t)ock_rng_below(rng, data.x.n_rows);
  for (int wide = 0; wide < 2; wide++) {
    assert_ok(ock_store_init(&store, &frame, data.x, NULL, data.x.n_rows, wide, pool, err));
    check_store(&store, data.x, NULL, wide);
    check_reordered(&store, data.x, rng, NULL, wide);
    ock_store_clear(&store);
    assert_ok(ock_store_init(&store, &frame, data.x, some, n, wide, pool, err));
    check_store(&store, data.x, some, wide);
    check_reordered(&store, data.x, rng, some, wide);
    ock_store_clear(&store);
  }
  ock_frame_clear(&frame);
}

static void every_shape(void **state) {
  (void)state;
  for (size_t c = 0; c < N_COUNTS; c++)
    for (size_t d = 1; d <= (row_counts[c] < 2000 ? 20 : 3); d += 1 + d / 2) {
      ock_rng rng = ock_rng_make(41, c * 32 + d);
      draw(&rng, row_counts[c], d, d % 2 ? d + 2 : 0, d % 3 ? OCKHAM_FLOAT64 : OCKHAM_FLOAT32, 1, 0);
      check_one(&rng);
    }
}

static void every_size(void **state) {
  (void)state;
  static const double sizes[][2] = {{1, 1e9},       {1e-3, -1e9}, {1e-150, 0}, {1e-150, 1e-140}, {1e140, 0},
                                    {1e138, 1e140}, {1e-300, 0},  {0, 0},      {0, 7},           {1e-310, 0}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    for (int narrow = 0; narrow < (i < 2 ? 2 : 1); narrow++) {
      ock_rng rng = ock_rng_make(42, i);
      draw(&rng, 500, 3, 0, narrow ? OCKHAM_FLOAT32 : OCKHAM_FLOAT64, sizes[i][0], sizes[i][1]);
      check_one(&rng);
    }
}

static void too_large_values_are_refused(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(43, 0);
  ockham_error err;
  ock_frame frame;
  draw(&rng, 100, 2, 0, OCKHAM_FLOAT64, 1, 0);
  scene_put(&data, 70, 1, -1e154);
  assert_int_equal(ock_frame_init(&frame, data.x, pool, &err), OCKHAM_BAD_DATA);
  assert_null(frame.origin);
  scene_put(&data, 70, 1, -1e308);
  assert_int_equal(ock_frame_init(&frame, data.x, pool, &err), OCKHAM_BAD_DATA);
  scene_put(&data, 70, 1, -1e151);
  check_one(&rng);
}

static void threads_do_not_change_a_bit(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(44, 0);
  draw(&rng, 7000, 5, 0, OCKHAM_FLOAT64, 1, 1e3);
  ock_frame frames[2];
  ock_store stores[2];
  ock_pool *one;
  assert_ok(ock_pool_new(1, &one, err));
  for (int t = 0; t < 2; t++) {
    assert_ok(ock_frame_init(&frames[t], data.x, t ? one : pool, err));
    assert_ok(ock_store_init(&stores[t], &frames[t], data.x, NULL, 7000, false, t ? one : pool, err));
  }
  assert_memory_equal(frames[0].origin, frames[1].origin, 3 * 5 * sizeof(double));
  assert_true(frames[0].unit == frames[1].unit);
  assert_true(stores[0].squares == stores[1].squares);
  assert_memory_equal(stores[0].panels, stores[1].panels, stores[0].n_panels * 5 * OCK_PANEL * sizeof(float));
  for (int t = 0; t < 2; t++) {
    ock_store_clear(&stores[t]);
    ock_frame_clear(&frames[t]);
  }
  ock_pool_free(one);
}

static void memory_runs_out(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(45, 0);
  draw(&rng, 100, 3, 0, OCKHAM_FLOAT64, 1, 0);
  for_each_allocation_failure(n) {
    ock_frame frame;
    ockham_error err;
    ock_fault_after(n);
    ockham_status status = ock_frame_init(&frame, data.x, pool, &err);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ock_frame_clear(&frame);
  }
}

static int begin(void **state) {
  (void)state;
  return ock_pool_new(3, &pool, NULL);
}

static int end(void **state) {
  (void)state;
  ock_pool_free(pool);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_shape),
      cmocka_unit_test(every_size),
      cmocka_unit_test(too_large_values_are_refused),
      cmocka_unit_test(threads_do_not_change_a_bit),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
