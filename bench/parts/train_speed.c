/* SPDX-License-Identifier: Apache-2.0 */
/* How fast `ockham train` is, and what the matrix products and the core alone could be in the same run: trains on a
 * synthetic source and prints a line of JSON. Arguments: seconds to train for (about), then factor=value. Times are the
 * processor's, so that other work on the machine counts less; wall_seconds is the clock's. Rates are in 1e9 floating
 * point operations a second, as ockham_lm_cost_of() counts them. */
#include <dlfcn.h>
#include <ockham/lm.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds_of(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the products' own rate: n x n x n, the best of some ---- */

typedef void sgemm_function(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                            const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);

static double sgemm_rate(void) {
  enum { N = 512, RUNS = 30 };
  void *library = dlopen("libopenblas.so.0", RTLD_NOW);
  sgemm_function *sgemm = NULL;
  if (library) *(void **)&sgemm = dlsym(library, "cblas_sgemm");
  float *x = calloc(3 * N * N, sizeof *x);
  if (!sgemm || !x) return 0;
  for (int i = 0; i < 2 * N * N; i++) x[i] = (float)(i % 17);
  double best = 1e300;
  for (int run = 0; run < RUNS; run++) {
    double start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    sgemm(101, 111, 111, N, N, N, 1, x, N, x + N * N, N, 0, x + 2 * N * N, N);
    double seconds = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start;
    if (seconds < best) best = seconds;
  }
  free(x);
  return 2e-9 * N * N * N / best;
}

/* ---- the core's rate: multiply-adds of registers, the best of some ---- */

#ifdef __AVX512F__
enum { LANES = 16 };
#else
enum { LANES = 8 };
#endif
typedef float lanes __attribute__((vector_size(4 * LANES)));

static double peak_rate(void) {
  enum { CHAINS = 12, STEPS = 2000000, RUNS = 20 };
  double best = 1e300;
  for (int run = 0; run < RUNS; run++) {
    lanes sums[CHAINS], factor = {0}, term = {0};
    factor += 0.999f, term += 0.001f;
    for (int c = 0; c < CHAINS; c++) sums[c] = term * (float)c;
    double start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    for (int step = 0; step < STEPS; step++) {
      for (int c = 0; c < CHAINS; c++) sums[c] = sums[c] * factor + term;
      __asm__ volatile("");
    }
    double seconds = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start;
    volatile float used = 0;
    for (int c = 0; c < CHAINS; c++) used += sums[c][0];
    if (seconds < best) best = seconds;
  }
  return 2e-9 * LANES * CHAINS * STEPS / best;
}

/* ---- training ---- */

typedef struct run {
  double cpu, wall;
  ockham_lm_cost cost;
} run;

static ockham_status train(ockham_lm_config config, const ockham_corpus *corpus, uint64_t tokens, run *run,
                           ockham_error *err) {
  ockham_lm_result result = {0};
  ockham_lm_train_options options = {.points = 1, .held_every = 1000000, .held_bytes = 1};
  config.train_tokens = tokens;
  ockham_status status = ockham_lm_cost_of(&config, &run->cost, err);
  if (status) return status;
  double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID), wall = seconds_of(CLOCK_MONOTONIC);
  status = ockham_lm_train(&config, corpus, &options, &result, err);
  run->cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  run->wall = seconds_of(CLOCK_MONOTONIC) - wall;
  if (!status) ockham_lm_result_clear(&result);
  return status;
}

/* A long run less a short one is free of what each does once, such as the measurement at the end; one before them has
 * what the process does once: libraries are opened, kernels made. */
static ockham_status measure(const ockham_lm_config *config, const ockham_corpus *corpus, double seconds, run *out,
                             ockham_error *err) {
  enum { FEW = 3 /* steps */ };
  const double guess = 6e10; /* operations a second */
  run first, second;
  ockham_status status = train(*config, corpus, FEW * config->batch, &first, err);
  if (!status) status = train(*config, corpus, FEW * config->batch, &first, err);
  if (status) return status;
  uint64_t more = (uint64_t)(seconds * guess / (first.cost.flops_per_token * (double)config->batch)) + 1;
  status = train(*config, corpus, (FEW + more) * config->batch, &second, err);
  *out = (run){second.cpu - first.cpu, second.wall - first.wall, second.cost};
  out->cost.flops -= first.cost.flops;
  out->cost.steps -= first.cost.steps;
  return status;
}

int main(int argc, char **argv) {
  ockham_error err = {0};
  ockham_lm_config config = {0};
  ockham_corpus *corpus = NULL;
  double entropy, seconds = argc > 1 ? atof(argv[1]) : 5, before = sgemm_rate();
  run r = {0};
  ockham_status status = OCKHAM_OK;
  for (int i = 2; i < argc && !status; i++) status = ockham_lm_config_set(&config, argv[i], &err);
  if (!status) status = ockham_lm_config_complete(&config, &err);
  if (!status) status = ockham_corpus_synthetic(4000000, 16, 1, &corpus, &entropy, &err);
  if (!status) status = measure(&config, corpus, seconds, &r, &err);
  if (status) {
    fprintf(stderr, "train_speed: %s\n", err.message);
    return 1;
  }
  double after = sgemm_rate(), sgemm = before > after ? before : after, rate = 1e-9 * r.cost.flops / r.cpu;
  printf(
      "{\"parameters\": %llu, \"steps\": %llu, \"seconds\": %.3f, \"wall_seconds\": %.3f, \"ms_a_step\": %.4f, "
      "\"tokens_a_second\": %.0f, \"gflops\": %.2f, \"sgemm\": %.2f, \"part_of_sgemm\": %.3f, \"peak\": %.2f}\n",
      (unsigned long long)r.cost.parameters, (unsigned long long)r.cost.steps, r.cpu, r.wall,
      1e3 * r.cpu / (double)r.cost.steps, (double)(r.cost.steps * config.batch) / r.cpu, rate, sgemm, rate / sgemm,
      peak_rate());
  ockham_corpus_free(corpus);
  return 0;
}
