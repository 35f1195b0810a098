/* SPDX-License-Identifier: Apache-2.0 */
/* The loops of every instruction set against those of plain C, and their exponentials against the C library's. */
#include "kernels/internal.h"
#include "lm/loops.h"
#include "test.h"

enum { ROWS = 3, MOST = 70, ROOM = ROWS * MOST + 64 };

typedef struct numbers {
  float x[ROOM], y[ROOM], z[ROOM], a[ROOM], b[ROOM], c[ROOM], d[ROOM];
} numbers;

static void fill(float *x, uint64_t stream, double by) {
  ock_rng rng = ock_rng_make(11, stream);
  for (size_t i = 0; i < ROOM; i++) x[i] = (float)(by * ock_rng_normal(&rng));
}

static void make(numbers *n) {
  float *parts[] = {n->x, n->y, n->z, n->a, n->b, n->c, n->d};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) fill(parts[i], i, 1);
}

/* All that the loops put out, as they leave the same numbers behind. */
typedef void run_loop(const ock_lm_loops *l, size_t d, numbers *n);

static bool runs_here(const char *isa) {
  for (const ock_kernels *const *k = ock_kernels_all(); *k; k++)
    if (strcmp((*k)->isa, isa) == 0) return (*k)->runs_here();
  return false;
}

static void check(run_loop *run, const char *name, float tolerance) {
  size_t compared = 0;
  for (const ock_lm_loops *const *l = ock_lm_loops_all(); *l; l++) {
    if (!runs_here((*l)->isa)) continue;
    for (size_t d = 1; d <= MOST; d++) {
      numbers expected, found;
      make(&expected);
      make(&found);
      run(ock_lm_loops_all()[0], d, &expected);
      run(*l, d, &found);
      const float *e = expected.x, *f = found.x;
      for (size_t i = 0; i < sizeof expected / sizeof(float); i++, compared++)
        if (!(fabsf(e[i] - f[i]) <= tolerance * fmaxf(1, fabsf(e[i]))))
          fail_msg("%s of %s, d %zu: number %zu is %.9g, expected %.9g", name, (*l)->isa, d, i, (double)f[i],
                   (double)e[i]);
    }
  }
  assert_true(compared > 0);
}

static void run_rms(const ock_lm_loops *l, size_t d, numbers *n) {
  l->rms(ROWS, d, n->x, n->y, n->a, n->b);
  l->rms_backward(ROWS, d, n->x, n->y, n->b, n->z, false, n->c, n->d);
  l->rms_backward(ROWS, d, n->x, n->y, n->b, n->z, true, n->c, n->d);
  l->rms_backward(ROWS, d, n->x, n->y, n->b, n->z, false, n->z, n->d);
}

static void run_layer(const ock_lm_loops *l, size_t d, numbers *n) {
  l->layer(ROWS, d, n->x, n->y, n->z, n->a, n->b, n->c);
  l->layer_backward(ROWS, d, n->x, n->y, n->b, n->c, n->z, false, n->d, n->a, n->y + MOST);
  l->layer_backward(ROWS, d, n->x, n->y, n->b, n->c, n->z, true, n->d, n->a, n->y + MOST);
}

static void run_sums(const ock_lm_loops *l, size_t d, numbers *n) {
  l->add(ROWS * d, n->x, .5f, n->y, n->a);
  l->scale(ROWS * d, -3, n->x, n->b);
  l->add_row(ROWS, d, n->y, n->x);
  l->sum_rows(ROWS, d, n->z, n->c);
  n->d[0] = (float)l->dot(ROWS * d, n->x, n->y);
}

static void run_rope(const ock_lm_loops *l, size_t d, numbers *n) {
  if (d <= MOST / 4) l->rope(ROWS, 2, d, n->y, n->z, -1, n->x);
}

static void run_activate(const ock_lm_loops *l, size_t d, numbers *n) {
  for (int f = 0; f < OCKHAM_LM_N_FFNS; f++) {
    l->activate((ockham_lm_ffn)f, d, n->x, n->y, n->a);
    l->activate_backward((ockham_lm_ffn)f, d, n->x, n->y, n->z, n->b, n->c);
    l->add(d, n->d, 1, n->a, n->d);
    l->add(d, n->d, 2, n->b, n->d);
    l->add(d, n->d, 3, n->c, n->d);
  }
}

static void run_softmax(const ock_lm_loops *l, size_t d, numbers *n) {
  l->softmax(d, NULL, n->x);
  l->softmax(d, n->z, n->y);
  l->softmax_backward(d, n->y, n->a);
  l->cap(d, 2, n->b);
  l->cap_backward(d, 2, n->b, n->c);
  ock_lm_row_loss loss = l->cross_entropy(d, d / 2, .25f, .1f, n->z);
  n->d[0] = loss.nll;
  n->d[1] = loss.log_z;
}

static void run_dropout(const ock_lm_loops *l, size_t d, numbers *n) {
  l->dropout(d, 123456789012345u, 4294967290u, .3, n->x);
  l->round_to_bf16(d, n->y, n->a);
  uint16_t halves[MOST];
  l->to_bf16(d, n->z, halves);
  for (size_t i = 0; i < d; i++) n->b[i] = halves[i];
}

static void all_sets_agree(void **state) {
  (void)state;
  check(run_rms, "rms", 1e-5f);
  check(run_layer, "layer", 2e-4f);
  check(run_sums, "sums", 1e-5f);
  check(run_rope, "rope", 1e-6f);
  check(run_activate, "activate", 1e-5f);
  check(run_softmax, "softmax", 1e-5f);
  check(run_dropout, "dropout", 0);
}

/* ---- the functions that are ours ---- */

/* softmax of x, 0 is e^x / (e^x + 1); cap by 1 is tanh. */
static void exponentials_have_their_digits(void **state) {
  (void)state;
  for (const ock_lm_loops *const *l = ock_lm_loops_all(); *l; l++) {
    if (!runs_here((*l)->isa)) continue;
    for (double x = -80; x < 20; x += .0137) {
      enum { N = 33 };
      float pair[N], tangents[N];
      for (size_t i = 0; i < N; i++) pair[i] = -INFINITY, tangents[i] = (float)x / 8;
      pair[5] = (float)x;
      pair[32] = 0;
      (*l)->softmax(N, NULL, pair);
      (*l)->cap(N, 1, tangents);
      double e = exp((double)(float)x), t = tanh((double)((float)x / 8));
      assert_true(fabs((double)pair[5] / (e / (1 + e)) - 1) < 1e-6);
      assert_true(pair[0] == 0);
      assert_true(fabs((double)tangents[0] / t - 1) < 4e-7 && fabs((double)tangents[32] / t - 1) < 4e-7);
    }
  }
}

/* What is not a number stays so, wherever it stands: a run that diverges must be seen to. */
static void what_is_not_a_number_is_not_lost(void **state) {
  (void)state;
  for (const ock_lm_loops *const *l = ock_lm_loops_all(); *l; l++) {
    if (!runs_here((*l)->isa)) continue;
    for (size_t n = 1; n < MOST; n += 3)
      for (size_t at = 0; at < n; at++) {
        numbers x;
        make(&x);
        x.x[at] = x.y[at] = x.z[at] = NAN;
        assert_true(isnan((*l)->cross_entropy(n, n - 1, 0, 0, x.x).nll));
        (*l)->softmax(n, NULL, x.y);
        assert_true(isnan(x.y[at]));
        (*l)->cap(n, 1, x.z);
        assert_true(isnan(x.z[at]));
        for (int f = 0; f < OCKHAM_LM_N_FFNS; f++) {
          (*l)->activate((ockham_lm_ffn)f, n, x.z, x.a, x.b);
          assert_true(isnan(x.b[at]));
        }
      }
  }
}

/* A row that sees nothing weighs nothing. */
static void softmax_of_nothing(void **state) {
  (void)state;
  for (const ock_lm_loops *const *l = ock_lm_loops_all(); *l; l++) {
    if (!runs_here((*l)->isa)) continue;
    float row[40];
    for (size_t i = 0; i < 40; i++) row[i] = -INFINITY;
    (*l)->softmax(40, NULL, row);
    for (size_t i = 0; i < 40; i++) assert_true(row[i] == 0);
  }
}

/* Shares of zeros, and that they do not follow each other: within 4 standard deviations of a binomial's. */
static void dropout_takes_its_share(void **state) {
  (void)state;
  enum { N = 100000 };
  static float x[2][N];
  const ock_lm_loops *l = ock_lm_loops_pick();
  for (uint64_t key = 0; key < 2; key++) {
    for (size_t i = 0; i < N; i++) x[key][i] = 1;
    l->dropout(N, key, 0, .25, x[key]);
  }
  double zeros = 0, pairs = 0, both = 0;
  for (size_t i = 0; i < N; i++) {
    assert_true(x[0][i] == 0 || fabsf(x[0][i] - 4 / 3.f) < 1e-6f);
    zeros += x[0][i] == 0;
    pairs += i > 0 && x[0][i] == 0 && x[0][i - 1] == 0;
    both += x[0][i] == 0 && x[1][i] == 0;
  }
  assert_true(fabs(zeros - N * .25) < 4 * sqrt(N * .25 * .75));
  assert_true(fabs(pairs - N * .0625) < 4 * sqrt(N * .0625 * .9375 * 1.6)); /* overlapping pairs */
  assert_true(fabs(both - N * .0625) < 4 * sqrt(N * .0625 * .9375));
}

/* Of the bits behind the 16 that are kept, to nearest, ties to even. */
static void rounding_to_bfloat16(void **state) {
  (void)state;
  const float x[] = {1, 1.00390625f, 1.01171875f, 1.0040f, -3.14159274f, 0, 1e30f};
  const float expected[] = {1, 1, 1.015625f, 1.0078125f, -3.140625f, 0, 1.00025555e30f};
  float rounded[7];
  ock_lm_loops_pick()->round_to_bf16(7, x, rounded);
  for (size_t i = 0; i < 7; i++) assert_close((double)rounded[i], (double)expected[i], 1e-7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_sets_agree),
      cmocka_unit_test(exponentials_have_their_digits),
      cmocka_unit_test(what_is_not_a_number_is_not_lost),
      cmocka_unit_test(softmax_of_nothing),
      cmocka_unit_test(dropout_takes_its_share),
      cmocka_unit_test(rounding_to_bfloat16),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
