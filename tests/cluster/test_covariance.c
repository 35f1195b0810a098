/* SPDX-License-Identifier: Apache-2.0 */
/* The covariance families: what a step gives is of the family's form, and nothing near it that is has a higher
 * likelihood. The form is made anew here: volume, shape and orientation, turned and stretched at random. */
#include <math.h>

#include "cluster/mixture.h"
#include "stats/internal.h"
#include "test.h"

enum { MAX_D = 5, MAX_K = 4, MAX_SECOND = MAX_D * (MAX_D + 1) / 2 };

static double weight[MAX_K], mean[MAX_K * MAX_D], scatter[MAX_K * MAX_SECOND], covariance[MAX_K * MAX_SECOND];

/* Scatters of about 100 rows a component, each with its own spread. */
static ock_moments draw(ock_rng *rng, size_t k, size_t d, bool full) {
  ock_moments m = {.k = k, .d = d, .full = full, .weight = weight, .mean = mean, .scatter = scatter};
  memset(scatter, 0, sizeof scatter);
  for (size_t j = 0; j < k; j++) {
    double mix[MAX_D][MAX_D], size = exp(ock_rng_normal(rng));
    double *to = scatter + j * ock_second_moments(d, full);
    weight[j] = 60 + 80 * ock_rng_uniform(rng);
    for (size_t i = 0; i < d; i++)
      for (size_t l = 0; l < d; l++) mix[i][l] = size * (ock_rng_normal(rng) * 0.5 + (i == l) * (1 + (double)i));
    for (size_t i = 0, at = 0; i < d; i++)
      for (size_t l = full ? 0 : i; l <= i; l++, at++)
        for (size_t r = 0; r < d; r++) to[at] += weight[j] * mix[i][r] * mix[l][r];
  }
  return m;
}

/* Element i, l of a symmetric matrix that is packed or a diagonal. */
static double element(const double *a, bool full, size_t i, size_t l) {
  if (!full) return i == l ? a[i] : 0;
  return i >= l ? a[i * (i + 1) / 2 + l] : a[l * (l + 1) / 2 + i];
}

static void square_of(const double *a, bool full, size_t d, double *out) {
  for (size_t i = 0; i < d; i++)
    for (size_t l = 0; l < d; l++) out[i * d + l] = element(a, full, i, l);
}

/* Minus twice the expected log-likelihood of the covariances, without its constant: sum_j weight_j log det C_j +
 * trace(scatter_j C_j^-1). */
static double deviance(const ock_moments *m, double (*c)[MAX_D * MAX_D]) {
  size_t d = m->d;
  double total = 0;
  for (size_t j = 0; j < m->k; j++) {
    double square[MAX_D * MAX_D], values[MAX_D], vectors[MAX_D * MAX_D];
    const double *w = m->scatter + j * ock_second_moments(d, m->full);
    memcpy(square, c[j], sizeof square);
    ock_symmetric_eigen(square, d, values, vectors);
    for (size_t a = 0; a < d; a++) {
      double along = 0;
      for (size_t i = 0; i < d; i++)
        for (size_t l = 0; l < d; l++) along += vectors[i * d + a] * element(w, m->full, i, l) * vectors[l * d + a];
      total += m->weight[j] * log(values[a]) + along / values[a];
    }
  }
  return total;
}

/* Volumes, shapes (product 1) and orientations of the covariances; one orientation is that of the first. */
typedef struct parts {
  double volume[MAX_K], shape[MAX_K][MAX_D], orientation[MAX_K][MAX_D * MAX_D];
} parts;

static parts take_apart(const ock_moments *m, const char *name, double (*c)[MAX_D * MAX_D]) {
  size_t d = m->d;
  parts p;
  for (size_t j = 0; j < m->k; j++) {
    double square[MAX_D * MAX_D], values[MAX_D], logs = 0;
    memcpy(square, c[j], sizeof square);
    ock_symmetric_eigen(square, d, values, p.orientation[j]);
    if (name[2] == 'I')
      for (size_t i = 0; i < d * d; i++) p.orientation[j][i] = i / d == i % d;
    if (name[2] == 'E') memcpy(p.orientation[j], p.orientation[0], sizeof p.orientation[j]);
    for (size_t a = 0; a < d; a++) {
      values[a] = 0;
      for (size_t i = 0; i < d; i++)
        for (size_t l = 0; l < d; l++)
          values[a] += p.orientation[j][i * d + a] * c[j][i * d + l] * p.orientation[j][l * d + a];
      logs += log(values[a]);
    }
    p.volume[j] = exp(logs / (double)d);
    for (size_t a = 0; a < d; a++) p.shape[j][a] = values[a] / p.volume[j];
  }
  return p;
}

static void put_together(const ock_moments *m, const parts *p, double (*c)[MAX_D * MAX_D]) {
  size_t d = m->d;
  for (size_t j = 0; j < m->k; j++)
    for (size_t i = 0; i < d; i++)
      for (size_t l = 0; l < d; l++) {
        c[j][i * d + l] = 0;
        for (size_t a = 0; a < d; a++)
          c[j][i * d + l] +=
              p->volume[j] * p->orientation[j][i * d + a] * p->shape[j][a] * p->orientation[j][l * d + a];
      }
}

static void turn(double *orientation, size_t d, size_t a, size_t b, double angle) {
  for (size_t i = 0; i < d; i++) {
    double x = orientation[i * d + a], y = orientation[i * d + b];
    orientation[i * d + a] = cos(angle) * x + sin(angle) * y;
    orientation[i * d + b] = cos(angle) * y - sin(angle) * x;
  }
}

/* The same form, a little different. */
static void disturb(const ock_moments *m, const char *name, parts *p, ock_rng *rng, double step) {
  size_t d = m->d, a = ock_rng_below(rng, d), b = ock_rng_below(rng, d);
  double volume = 1, stretch = 1, angle = 0;
  for (size_t j = 0; j < m->k; j++) {
    if (j == 0 || name[0] == 'V') volume = exp(step * ock_rng_normal(rng));
    if (j == 0 || name[1] == 'V') stretch = exp(step * ock_rng_normal(rng));
    if (j == 0 || name[2] == 'V') angle = step * ock_rng_normal(rng);
    p->volume[j] *= volume;
    if (name[1] == 'I' || a == b) continue;
    p->shape[j][a] *= stretch;
    p->shape[j][b] /= stretch;
    if (name[2] != 'I') turn(p->orientation[j], d, a, b, angle);
  }
}

static void check_family(ockham_covariance family, ock_rng *rng, size_t k, size_t d) {
  static double solution[MAX_K][MAX_D * MAX_D], near[MAX_K][MAX_D * MAX_D];
  const char *name = ockham_covariance_name(family);
  bool full = ock_covariance_is_full(family);
  ock_arena arena = {0};
  ock_covariance_scratch scratch;
  ock_moments m = draw(rng, k, d, full);
  assert_true(ock_covariance_scratch_init(&scratch, k, d, full, &arena));
  assert_true(ock_covariance_step(family, &m, &scratch, covariance));
  for (size_t j = 0; j < k; j++) square_of(covariance + j * ock_second_moments(d, full), full, d, solution[j]);
  double best = deviance(&m, solution);
  parts found = take_apart(&m, name, solution);
  put_together(&m, &found, near);
  for (size_t j = 0; j < k; j++) { /* it has the form */
    for (size_t i = 0; i < d * d; i++) assert_true(fabs(near[j][i] - solution[j][i]) <= 1e-6 * found.volume[j]);
    if (name[0] == 'E') assert_close(found.volume[j] / found.volume[0], 1, 1e-9);
    for (size_t a = 0; name[1] == 'E' && a < d; a++) assert_close(found.shape[j][a] / found.shape[0][a], 1, 1e-6);
    for (size_t a = 0; name[1] == 'I' && a < d; a++) assert_close(found.shape[j][a], 1, 1e-12);
  }
  for (size_t t = 0; t < 60; t++) {
    parts other = found;
    disturb(&m, name, &other, rng, t % 2 ? 0.1 : 0.003);
    put_together(&m, &other, near);
    assert_true(deviance(&m, near) >= best - 1e-7 * fabs(best));
  }
  ock_arena_clear(&arena);
}

static void steps_are_the_best_of_their_form(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(41, 0);
  for (size_t f = 0; f < OCKHAM_N_COVARIANCES; f++)
    for (size_t round = 0; round < 12; round++)
      check_family((ockham_covariance)f, &rng, 1 + round % MAX_K,
                   1 + round % MAX_D + (f > OCKHAM_VII && round % MAX_D == 0));
}

/* Of mclust 6.0.0's nMclustParams(). */
static void parameters_are_counted(void **state) {
  (void)state;
  static const struct {
    const char *name;
    size_t k, d;
    double n;
  } known[] = {{"EII", 3, 4, 15}, {"VII", 3, 4, 17}, {"EEI", 3, 4, 18}, {"VEI", 3, 4, 20}, {"EVI", 3, 4, 24},
               {"VVI", 3, 4, 26}, {"EEE", 3, 4, 24}, {"VEE", 3, 4, 26}, {"EVE", 3, 4, 30}, {"VVE", 3, 4, 32},
               {"EEV", 3, 4, 36}, {"VEV", 3, 4, 38}, {"EVV", 3, 4, 42}, {"VVV", 3, 4, 44}, {"VVV", 1, 2, 5}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    ockham_covariance family = ockham_covariance_find(known[i].name);
    assert_string_equal(ockham_covariance_name(family), known[i].name);
    assert_true(ockham_covariance_parameters(family, known[i].k, known[i].d) == known[i].n);
  }
  assert_int_equal(ockham_covariance_find("vvv"), OCKHAM_VVV);
  assert_int_equal(ockham_covariance_find("XXX"), OCKHAM_N_COVARIANCES);
  assert_int_equal(ockham_covariance_find(""), OCKHAM_N_COVARIANCES);
  assert_null(ockham_covariance_name(OCKHAM_N_COVARIANCES));
}

static void what_is_not_in_the_list_has_no_size(void **state) {
  (void)state;
  const ockham_covariance none[] = {OCKHAM_N_COVARIANCES, (ockham_covariance)(OCKHAM_N_COVARIANCES + 1000),
                                    (ockham_covariance)-1};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
    assert_true(ockham_covariance_size(none[i], 3) == 0);
    assert_true(ockham_covariance_parameters(none[i], 2, 3) == 0);
    assert_null(ockham_covariance_name(none[i]));
    assert_null(ockham_covariance_text(none[i]));
  }
  assert_true(ockham_covariance_size(OCKHAM_VVI, 3) == 3 && ockham_covariance_size(OCKHAM_EEE, 3) == 9);
}

static void collapsed_scatters_have_none(void **state) {
  (void)state;
  for (size_t f = 0; f < OCKHAM_N_COVARIANCES; f++) {
    bool full = ock_covariance_is_full((ockham_covariance)f);
    ock_rng rng = ock_rng_make(42, f);
    ock_arena arena = {0};
    ock_covariance_scratch scratch;
    ock_moments m = draw(&rng, 2, 3, full);
    assert_true(ock_covariance_scratch_init(&scratch, 2, 3, full, &arena));
    weight[1] = 0; /* an empty component */
    assert_false(ock_covariance_step((ockham_covariance)f, &m, &scratch, covariance));
    weight[1] = 5;
    memset(scatter, 0, sizeof scatter);
    bool made = ock_covariance_step((ockham_covariance)f, &m, &scratch, covariance);
    assert_true(!made || f == OCKHAM_EEE || f == OCKHAM_VVV); /* whose singular matrices have no factor */
    ock_arena_clear(&arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(steps_are_the_best_of_their_form),
      cmocka_unit_test(parameters_are_counted),
      cmocka_unit_test(what_is_not_in_the_list_has_no_size),
      cmocka_unit_test(collapsed_scatters_have_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
