/* SPDX-License-Identifier: Apache-2.0 */
/* The exact pass over rows that come in blocks: the same as over rows in memory, whatever the blocks. */
#include "blocks.h"
#include "cluster/scene.h"

enum { K_MAX = 9 };
static scene e;

typedef struct outcome {
  ock_fit fits[K_MAX];
  size_t n_rounds;
  ockham_status status;
  ockham_error err;
} outcome;

static void outcome_clear(outcome *o) {
  for (size_t k = 0; k < K_MAX; k++) ock_fit_clear(&o->fits[k]);
}

/* Centroids of k are the first k rows. */
static void start(outcome *o, const ock_frame *frame) {
  for (size_t k = 1; k <= K_MAX; k++) {
    ock_fit *fit = &o->fits[k - 1];
    ock_fit_init(fit);
    assert_true(ock_fit_allocate(fit, k, frame->d));
    for (size_t i = 0; i < k * frame->d; i++)
      fit->centroids[i] = (ock_rows_get(e.x, i / frame->d, i % frame->d) - frame->origin[i % frame->d]) * frame->unit;
  }
}

/* Settle the scene: in memory where blocks are NULL. */
static outcome settle(blocks *b, size_t n, size_t threads, const ock_settle_options *options, ock_ticker *ticker) {
  outcome o = {.status = OCKHAM_OK};
  ock_frame frame;
  ock_pool *pool;
  ockham_work work = {0};
  assert_ok(ock_pool_new(threads, &pool, err));
  assert_ok(ock_frame_init(&frame, e.x, pool, err));
  start(&o, &frame);
  ock_fit *fits[K_MAX];
  for (size_t k = 0; k < K_MAX; k++) fits[k] = &o.fits[k];
  ock_feed feed = ock_feed_of_rows(e.x);
  ockham_row_source source;
  if (b) {
    source = blocks_source(b);
    o.status = ock_feed_of_source(&feed, &source, n, &o.err);
  }
  if (!o.status) o.status = ock_settle_feed(&feed, &frame, fits, K_MAX, options, pool, ticker, &work, &o.err);
  o.n_rounds = feed.n_rounds;
  ock_feed_clear(&feed);
  ock_frame_clear(&frame);
  ock_pool_free(pool);
  return o;
}

static const ock_settle_options two_passes = {.most_passes = 2, .tolerance = 1e-5, .silhouettes = true};

static void assert_same_fits(const outcome *a, const outcome *b, size_t d, bool bits) {
  for (size_t k = 1; k <= K_MAX; k++) {
    const ock_fit *f = &a->fits[k - 1], *g = &b->fits[k - 1];
    assert_true(f->settled && g->settled);
    assert_memory_equal(f->sizes, g->sizes, k * sizeof *f->sizes);
    assert_close(f->inertia, g->inertia, bits ? 0 : 1e-12);
    assert_true(k == 1 || fabs(f->simplified_silhouette - g->simplified_silhouette) <= (bits ? 0 : 1e-12));
    for (size_t i = 0; i < k * d; i++) assert_close(f->centroids[i], g->centroids[i], bits ? 0 : 1e-12);
    for (size_t j = 0; j < k; j++) {
      assert_close(f->within[j], g->within[j], bits ? 0 : 1e-12);
      assert_close(f->spread[j], g->spread[j], bits ? 0 : 1e-12);
    }
  }
}

/* One stretch holds all rows: the bits are those of rows in memory. */
static void test_blocks_do_not_matter(void **unused) {
  (void)unused;
  const size_t sizes[] = {1, 63, 64, 65, 1000, 5000};
  ock_rng rng = ock_rng_make(1, 0);
  for (int coarse = 0; coarse < 2; coarse++) {
    scene_shape(&e, 5000, 5, 7, coarse ? OCKHAM_FLOAT32 : OCKHAM_FLOAT64);
    scene_draw(&e, &rng, coarse);
    outcome whole = settle(NULL, 0, 1, &two_passes, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      blocks b = {.x = e.x, .block_rows = sizes[i]};
      outcome o = settle(&b, 5000, 1 + i % 3, &two_passes, NULL);
      assert_int_equal(o.status, OCKHAM_OK);
      assert_same_fits(&whole, &o, 5, true);
      assert_true(o.n_rounds >= 2 && o.n_rounds <= 4);
      assert_int_equal(o.n_rounds, b.n_rounds);
      outcome_clear(&o);
    }
    outcome_clear(&whole);
  }
}

/* With more rows than a stretch they still are the same for all blocks and threads, and near those in memory. */
static void test_stretches_do_not_follow_blocks(void **unused) {
  (void)unused;
  enum { D = 150, N = 7000 };
  ock_rng rng = ock_rng_make(2, 0);
  double *x = malloc(N * D * sizeof *x);
  for (size_t i = 0; i < N * D; i++) x[i] = 3 * (double)(i / D % 8) * (double)(i % 2) + ock_rng_normal(&rng);
  e.x = (ockham_rows){.data = x, .n_rows = N, .n_columns = D};
  outcome whole = settle(NULL, 0, 1, &two_passes, NULL), first = {.status = OCKHAM_OK};
  const size_t sizes[] = {N, 1, 65, 4096};
  for (size_t i = 0; i < 4; i++) {
    blocks b = {.x = e.x, .block_rows = sizes[i]};
    outcome o = settle(&b, N, 1 + i, &two_passes, NULL);
    assert_same_fits(&whole, &o, D, false);
    if (i == 0)
      first = o;
    else
      assert_same_fits(&first, &o, D, true);
    if (i > 0) outcome_clear(&o);
  }
  outcome_clear(&first);
  outcome_clear(&whole);
  free(x);
}

/* The stretches themselves: all rows, in order, once. */
static void test_a_feed_gives_every_row_once(void **unused) {
  (void)unused;
  enum { N = 9001, D = 200 };
  float *x = malloc(N * D * sizeof *x);
  for (size_t i = 0; i < N * D; i++) x[i] = (float)i;
  for (size_t block_rows = 1; block_rows < 2 * N; block_rows = 3 * block_rows + 1) {
    blocks b = {.x = {.data = x, .n_rows = N, .n_columns = D, .dtype = OCKHAM_FLOAT32}, .block_rows = block_rows};
    ockham_row_source source = blocks_source(&b);
    ock_feed feed;
    assert_ok(ock_feed_of_source(&feed, &source, N, err));
    for (size_t round = 1; round <= 2; round++) {
      size_t n = 0, n_stretches = 0;
      assert_ok(ock_feed_rewind(&feed, err));
      for (;; n_stretches++) {
        assert_ok(ock_feed_next(&feed, err));
        if (feed.rows.n_rows == 0) break;
        assert_int_equal(feed.first, n);
        for (size_t i = 0; i < feed.rows.n_rows; i++, n++)
          for (size_t l = 0; l < D; l++) assert_true(ock_rows_get(feed.rows, i, l) == (double)(float)(n * D + l));
      }
      assert_int_equal(n, N);
      assert_true(n_stretches > 3);
      assert_int_equal(feed.n_rounds, round);
    }
    ock_feed_clear(&feed);
  }
  free(x);
}

/* ---- what goes wrong ---- */

static void expect_failure(blocks b, size_t n, ockham_status status, const char *message) {
  b.x = e.x;
  b.block_rows = 100;
  outcome o = settle(&b, n, 2, &two_passes, NULL);
  assert_int_equal(o.status, status);
  assert_string_equal(o.err.message, message);
  outcome_clear(&o);
}

static void test_sources_that_go_wrong(void **unused) {
  (void)unused;
  ock_rng rng = ock_rng_make(3, 0);
  scene_blobs(&e, &rng, 3000, 3, 5, 0);
  expect_failure((blocks){.bad_round = 2, .bad_row = 500, .bad_status = OCKHAM_IO}, 3000, OCKHAM_IO,
                 "the source failed");
  expect_failure((blocks){.bad_round = 2, .bad_row = 500}, 3000, OCKHAM_BAD_DATA,
                 "the rows have changed while they were read: there were 3000, now there are 500");
  expect_failure((blocks){.bad_round = 0}, 2000, OCKHAM_BAD_DATA,
                 "the rows have changed while they were read: there were 2000, now at least 3000");
  scene_put(&e, 1234, 1, INFINITY);
  blocks b = {.x = e.x, .block_rows = 100};
  ockham_row_source source = blocks_source(&b);
  ock_feed feed;
  ockham_error err;
  assert_int_equal(ock_feed_of_source(&feed, &source, 3000, &err), OCKHAM_OK);
  assert_int_equal(ock_feed_rewind(&feed, &err), OCKHAM_OK);
  assert_int_equal(ock_feed_next(&feed, &err), OCKHAM_BAD_DATA);
  assert_int_equal(err.row, 1235);
  ock_feed_clear(&feed);
}

/* A stop in the second pass leaves what the first one measured; in the first, nothing. */
static void test_a_stop_keeps_whole_passes(void **unused) {
  (void)unused;
  ock_rng rng = ock_rng_make(4, 0);
  scene_blobs(&e, &rng, 3000, 3, 5, 0);
  const ock_settle_options one_pass = {.most_passes = 1};
  outcome measured = settle(NULL, 0, 1, &one_pass, NULL);
  for (size_t round = 1; round <= 2; round++) {
    blocks b = {.x = e.x, .block_rows = 70, .bad_round = round, .bad_row = 1000, .bad_status = OCKHAM_INTERRUPTED};
    ock_ticker ticker = {.stopped = false};
    outcome o = settle(&b, 3000, 1, &two_passes, &ticker);
    assert_int_equal(o.status, OCKHAM_OK);
    assert_true(ticker.stopped);
    for (size_t k = 0; k < K_MAX; k++) {
      assert_int_equal(o.fits[k].settled, round == 2);
      if (round == 2) assert_close(o.fits[k].inertia, measured.fits[k].inertia, 0);
    }
    outcome_clear(&o);
  }
  outcome_clear(&measured);
}

static void test_allocation_failures(void **unused) {
  (void)unused;
  ock_rng rng = ock_rng_make(5, 0);
  scene_blobs(&e, &rng, 300, 2, 3, 0);
  ock_frame frame;
  ock_pool *pool;
  assert_ok(ock_pool_new(1, &pool, err));
  assert_ok(ock_frame_init(&frame, e.x, pool, err));
  for_each_allocation_failure(n) {
    outcome o = {.status = OCKHAM_OK};
    start(&o, &frame);
    ock_fit *fits[] = {&o.fits[1], &o.fits[2]};
    blocks b = {.x = e.x, .block_rows = 64};
    ockham_row_source source = blocks_source(&b);
    ock_feed feed;
    ockham_work work = {0};
    ock_fault_after(n);
    ockham_status status = ock_feed_of_source(&feed, &source, 300, NULL);
    if (!status) {
      status = ock_settle_feed(&feed, &frame, fits, 2, &two_passes, pool, NULL, &work, NULL);
      ock_feed_clear(&feed);
    }
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    outcome_clear(&o);
  }
  ock_frame_clear(&frame);
  ock_pool_free(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_blocks_do_not_matter),        cmocka_unit_test(test_stretches_do_not_follow_blocks),
      cmocka_unit_test(test_a_feed_gives_every_row_once), cmocka_unit_test(test_sources_that_go_wrong),
      cmocka_unit_test(test_a_stop_keeps_whole_passes),   cmocka_unit_test(test_allocation_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
