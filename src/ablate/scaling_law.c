/* SPDX-License-Identifier: Apache-2.0 */
/* L = E + A N^-alpha + B D^-beta. Given alpha and beta, (E, A, B) is a small non-negative least squares: the best of a
 * grid of both, in relative losses, is where the fit begins. From there all five are moved by damped Gauss-Newton steps
 * on Huber's loss of the logarithms, by weights that are anew in each step, and at the end by Nelder & Mead's simplex,
 * for that loss is nearly one of absolute values, on whose creases weights are slow. N and D are taken in units of
 * their geometric means, or A and alpha would be all but one parameter. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ablate/internal.h"
#include "stats/internal.h"

enum { P = 5, FEWEST = 7, GRID = 20, STARTS = 4 };
static const double huber = 1e-3;

/* E, log A, log B, alpha, beta. */
typedef struct points {
  size_t n;
  const double *log_n, *log_d, *log_loss; /* n and d centred */
  const double *count;                    /* how often each point was drawn */
} points;

/* ---- the objective ---- */

static double huber_loss(double r) {
  return fabs(r) <= huber ? r * r / 2 : huber * (fabs(r) - huber / 2);
}

static double objective(const points *x, const double *at) {
  double sum = 0;
  if (at[0] < 0 || at[3] < 0 || at[4] < 0) return INFINITY;
  for (size_t i = 0; i < x->n; i++) {
    if (x->count[i] == 0) continue;
    double loss = at[0] + exp(at[1] - at[3] * x->log_n[i]) + exp(at[2] - at[4] * x->log_d[i]);
    sum += x->count[i] * huber_loss(log(loss) - x->log_loss[i]);
  }
  return isnan(sum) ? INFINITY : sum;
}

/* ---- where it begins ---- */

/* Solve the rows and columns of a 3 x 3 system that are in; false when it is singular or a solution is negative. */
static bool solve_subset(const double *gram, const double *right, unsigned in, double *solution) {
  double triangle[6];
  size_t index[3], n = 0;
  for (size_t j = 0; j < 3; j++)
    if (in >> j & 1) index[n++] = j;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) triangle[i * (i + 1) / 2 + j] = gram[index[i] * 3 + index[j]];
  if (!ock_cholesky(triangle, n)) return false;
  double y[3];
  for (size_t i = 0; i < n; i++) {
    y[i] = right[index[i]];
    for (size_t j = 0; j < i; j++) y[i] -= triangle[i * (i + 1) / 2 + j] * y[j];
    y[i] /= triangle[i * (i + 1) / 2 + i];
  }
  memset(solution, 0, 3 * sizeof *solution);
  for (size_t i = n; i-- > 0;) {
    for (size_t j = i + 1; j < n; j++) y[i] -= triangle[j * (j + 1) / 2 + i] * y[j];
    y[i] /= triangle[i * (i + 1) / 2 + i];
    if (!(y[i] >= 0)) return false;
    solution[index[i]] = y[i];
  }
  return true;
}

/* E, A, B >= 0 by least squares of relative losses: the best of the subsets. */
static bool project(const points *x, double alpha, double beta, double *solution) {
  double gram[9] = {0}, right[3] = {0}, best = -INFINITY;
  for (size_t i = 0; i < x->n; i++) {
    double weight = exp(-x->log_loss[i]);
    double row[3] = {weight, weight * exp(-alpha * x->log_n[i]), weight * exp(-beta * x->log_d[i])};
    for (size_t j = 0; j < 3; j++) {
      right[j] += x->count[i] * row[j];
      for (size_t l = 0; l < 3; l++) gram[j * 3 + l] += x->count[i] * row[j] * row[l];
    }
  }
  for (unsigned in = 1; in < 8; in++) {
    double one[3], explained = 0;
    if (!solve_subset(gram, right, in, one)) continue;
    for (size_t j = 0; j < 3; j++) explained += one[j] * right[j];
    if (explained > best) best = explained, memcpy(solution, one, sizeof one);
  }
  return best > -INFINITY;
}

typedef struct start {
  double value, at[P];
} start;

/* The STARTS best of the grid, the best first. */
static void find_starts(const points *x, start *starts) {
  const double tiny = -30; /* logarithm of an A or B that is 0 */
  for (size_t i = 0; i < STARTS; i++) starts[i].value = INFINITY;
  for (size_t i = 0; i < GRID; i++) {
    for (size_t j = 0; j < GRID; j++) {
      double alpha = .05 * pow(1.2, (double)i), beta = .05 * pow(1.2, (double)j), solution[3] = {0}; /* to 1.6 */
      if (!project(x, alpha, beta, solution)) continue;
      start next = {.at = {solution[0], fmax(log(solution[1]), tiny), fmax(log(solution[2]), tiny), alpha, beta}};
      next.value = objective(x, next.at);
      for (size_t s = 0; s < STARTS; s++) {
        if (!(next.value < starts[s].value)) continue;
        start swap = starts[s];
        starts[s] = next, next = swap;
      }
    }
  }
}

/* ---- Gauss & Newton ---- */

static void sum_equations(const points *x, const double *at, double *gram, double *right) {
  memset(gram, 0, P * (P + 1) / 2 * sizeof *gram), memset(right, 0, P * sizeof *right);
  for (size_t i = 0; i < x->n; i++) {
    if (x->count[i] == 0) continue;
    double by_n = exp(at[1] - at[3] * x->log_n[i]), by_d = exp(at[2] - at[4] * x->log_d[i]), loss = at[0] + by_n + by_d;
    double rest = x->log_loss[i] - log(loss), weight = x->count[i] * (fabs(rest) > huber ? huber / fabs(rest) : 1);
    double row[P] = {1 / loss, by_n / loss, by_d / loss, -by_n / loss * x->log_n[i], -by_d / loss * x->log_d[i]};
    for (size_t j = 0; j < P; j++) {
      right[j] += weight * row[j] * rest;
      for (size_t l = 0; l <= j; l++) gram[j * (j + 1) / 2 + l] += weight * row[j] * row[l];
    }
  }
}

static bool find_step(const double *gram, const double *right, double damping, double *step) {
  double triangle[P * (P + 1) / 2];
  memcpy(triangle, gram, sizeof triangle);
  for (size_t j = 0; j < P; j++) triangle[j * (j + 1) / 2 + j] += damping * (gram[j * (j + 1) / 2 + j] + 1e-12);
  if (!ock_cholesky(triangle, P)) return false;
  for (size_t i = 0; i < P; i++) {
    step[i] = right[i];
    for (size_t j = 0; j < i; j++) step[i] -= triangle[i * (i + 1) / 2 + j] * step[j];
    step[i] /= triangle[i * (i + 1) / 2 + i];
  }
  for (size_t i = P; i-- > 0;) {
    for (size_t j = i + 1; j < P; j++) step[i] -= triangle[j * (j + 1) / 2 + i] * step[j];
    step[i] /= triangle[i * (i + 1) / 2 + i];
  }
  return true;
}

static double descend(const points *x, double *at, size_t most_steps) {
  const double enough = 1e-9;
  double value = objective(x, at), damping = 1e-3, gram[P * (P + 1) / 2], right[P], step[P], next[P];
  size_t n_small = 0;
  for (size_t i = 0; i < most_steps && n_small < 3 && damping < 1e10; i++) {
    sum_equations(x, at, gram, right);
    bool found = find_step(gram, right, damping, step);
    for (size_t j = 0; j < P && found; j++) next[j] = at[j] + step[j];
    next[0] = fmax(next[0], 0);
    double then = found ? objective(x, next) : INFINITY;
    if (!(then < value)) {
      damping *= 8;
      continue;
    }
    n_small = value - then < enough * value ? n_small + 1 : 0;
    value = then, damping = fmax(damping / 8, 1e-9);
    memcpy(at, next, sizeof next);
  }
  return value;
}

/* ---- Nelder & Mead ---- */

typedef struct vertex {
  double value, at[P];
} vertex;

static int compare_vertices(const void *a, const void *b) {
  return ock_compare_doubles(a, b);
}

static vertex move_worst(const points *x, const vertex *simplex, double by) {
  vertex made = {0};
  for (size_t j = 0; j < P; j++) {
    double middle = 0;
    for (size_t i = 0; i < P; i++) middle += simplex[i].at[j] / P;
    made.at[j] = middle + by * (simplex[P].at[j] - middle);
  }
  made.at[0] = fmax(made.at[0], 0);
  made.value = objective(x, made.at);
  return made;
}

static void step_simplex(const points *x, vertex *simplex) {
  vertex moved = move_worst(x, simplex, -1);
  if (moved.value < simplex[0].value) {
    vertex further = move_worst(x, simplex, -2);
    simplex[P] = further.value < moved.value ? further : moved;
    return;
  }
  if (moved.value < simplex[P - 1].value) {
    simplex[P] = moved;
    return;
  }
  vertex nearer = move_worst(x, simplex, moved.value < simplex[P].value ? -.5 : .5);
  if (nearer.value < fmin(moved.value, simplex[P].value)) {
    simplex[P] = nearer;
    return;
  }
  for (size_t i = 1; i <= P; i++) {
    for (size_t j = 0; j < P; j++) simplex[i].at[j] = (simplex[i].at[j] + simplex[0].at[j]) / 2;
    simplex[i].value = objective(x, simplex[i].at);
  }
}

static double polish(const points *x, double *at, double size, size_t most_steps) {
  vertex simplex[P + 1];
  for (size_t i = 0; i <= P; i++) {
    memcpy(simplex[i].at, at, sizeof simplex[i].at);
    if (i) simplex[i].at[i - 1] += size * fmax(fabs(at[i - 1]), .01);
    simplex[i].value = objective(x, simplex[i].at);
  }
  for (size_t step = 0; step < most_steps; step++) {
    qsort(simplex, P + 1, sizeof *simplex, compare_vertices);
    if (simplex[P].value - simplex[0].value <= 1e-14 * simplex[0].value) break;
    step_simplex(x, simplex);
  }
  qsort(simplex, P + 1, sizeof *simplex, compare_vertices);
  memcpy(at, simplex[0].at, sizeof simplex[0].at);
  return simplex[0].value;
}

/* ---- the fit and its intervals ---- */

static double fit(const points *x, double *at) {
  start starts[STARTS];
  find_starts(x, starts);
  size_t best = 0;
  for (size_t s = 0; s < STARTS; s++) {
    if (isinf(starts[s].value)) continue;
    starts[s].value = descend(x, starts[s].at, 400);
    if (starts[s].value < starts[best].value) best = s;
  }
  memcpy(at, starts[best].at, sizeof starts[best].at);
  double value = starts[best].value;
  for (double size = .02; size > 1e-6; size /= 5) value = polish(x, at, size, 400);
  return value;
}

typedef struct bootstrap {
  const points *whole;
  const double *from;
  uint64_t seed;
  size_t n;
  double *counts; /* a worker's */
  double *found;  /* n x P */
} bootstrap;

static void refit(void *arg, size_t b, size_t worker) {
  bootstrap *s = arg;
  points x = *s->whole;
  double *counts = s->counts + worker * x.n, at[P];
  memset(counts, 0, x.n * sizeof *counts);
  ock_rng rng = ock_rng_make(s->seed, b);
  for (size_t i = 0; i < x.n; i++) counts[ock_rng_below(&rng, x.n)]++;
  x.count = counts;
  memcpy(at, s->from, sizeof at);
  descend(&x, at, 120);
  polish(&x, at, .01, 120);
  memcpy(s->found + b * P, at, sizeof at);
}

/* In units of 1 again. */
static void uncentre(double *at, double centre_n, double centre_d) {
  at[1] = exp(at[1] + at[3] * centre_n);
  at[2] = exp(at[2] + at[4] * centre_d);
}

static ockham_interval summarise(const bootstrap *s, double value, size_t j, double *room) {
  if (!s->n) return (ockham_interval){value, NAN, NAN};
  for (size_t b = 0; b < s->n; b++) room[b] = s->found[b * P + j];
  qsort(room, s->n, sizeof *room, ock_compare_doubles);
  size_t low = (size_t)(.05 * (double)(s->n - 1)), high = s->n - 1 - low;
  return (ockham_interval){value, fmin(value, room[low]), fmax(value, room[high])};
}

static ockham_status run_bootstrap(bootstrap *s, ock_arena *arena, ockham_error *err) {
  ock_pool *pool = NULL;
  OCK_TRY(ock_pool_new(0, &pool, err));
  s->counts = ock_arena_array(arena, ock_size_product(ock_pool_size(pool), s->whole->n), sizeof *s->counts);
  s->found = ock_arena_array(arena, ock_size_product(s->n, P), sizeof *s->found);
  bool made = s->counts && s->found;
  if (made) ock_pool_run(pool, s->n, refit, s);
  ock_pool_free(pool);
  return made ? OCKHAM_OK : ock_fail_memory(err, "the bootstrap", s->n * P * sizeof(double));
}

static double centre(const double *from, size_t n, double *to) {
  double mean = 0;
  for (size_t i = 0; i < n; i++) mean += (to[i] = log(from[i])) / (double)n;
  for (size_t i = 0; i < n; i++) to[i] -= mean;
  return mean;
}

static ockham_status fit_law(const double *const *columns, size_t n, size_t bootstraps, uint64_t seed, ock_arena *arena,
                             ockham_scaling_law *law, ockham_error *err) {
  double *room = ock_arena_array(arena, ock_size_product(4, n) + bootstraps, sizeof *room), at[P];
  if (!room) return ock_fail_memory(err, "the scaling law", n * 4 * sizeof *room);
  double *count = room + 3 * n;
  double centre_n = centre(columns[0], n, room), centre_d = centre(columns[1], n, room + n);
  for (size_t i = 0; i < n; i++) room[2 * n + i] = log(columns[2][i]), count[i] = 1;
  points x = {.n = n, .log_n = room, .log_d = room + n, .log_loss = room + 2 * n, .count = count};
  double value = fit(&x, at);
  bootstrap s = {.whole = &x, .from = at, .seed = seed, .n = bootstraps};
  if (bootstraps) OCK_TRY(run_bootstrap(&s, arena, err));
  for (size_t b = 0; b < bootstraps; b++) uncentre(s.found + b * P, centre_n, centre_d);
  uncentre(at, centre_n, centre_d);
  ockham_interval *const to[P] = {&law->E, &law->A, &law->B, &law->alpha, &law->beta};
  for (size_t j = 0; j < P; j++) *to[j] = summarise(&s, at[j], j, room + 4 * n);
  law->objective = value, law->n = n;
  return OCKHAM_OK;
}

static ockham_status check_column(const double *column, size_t n, const char *what, ockham_error *err) {
  bool varies = false;
  for (size_t i = 0; i < n; i++) {
    if (!(column[i] > 0) || isinf(column[i]))
      return ock_fail_at(err, OCKHAM_BAD_DATA, i + 1, 0, "expected %s above 0, found %g in row %zu", what, column[i],
                         i + 1);
    varies |= column[i] != column[0];
  }
  if (!varies) return ock_fail(err, OCKHAM_BAD_DATA, "expected different %s, found %g in all rows", what, column[0]);
  return OCKHAM_OK;
}

ockham_status ockham_scaling_law_fit(const double *parameters, const double *tokens, const double *loss, size_t n,
                                     size_t bootstraps, uint64_t seed, ockham_scaling_law *law, ockham_error *err) {
  if (n < FEWEST) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected at least %d points, found %zu", FEWEST, n);
  OCK_TRY(check_column(parameters, n, "parameters", err));
  OCK_TRY(check_column(tokens, n, "tokens", err));
  OCK_TRY(check_column(loss, n, "losses", err));
  ock_arena arena = {0};
  ockham_scaling_law found;
  ockham_status status =
      fit_law((const double *const[]){parameters, tokens, loss}, n, bootstraps, seed, &arena, &found, err);
  ock_arena_clear(&arena);
  if (!status) *law = found;
  return status;
}
