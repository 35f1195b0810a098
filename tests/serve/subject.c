/* SPDX-License-Identifier: Apache-2.0 */
/* A worker whose answers have one fault, which its first word names; y is the sum of a row's four columns. */
#include <math.h>
#include <time.h>

#include "worker/helpers/ockham_worker.h"

static const char *fault;
static long n_calls;

static int has(const char *name) {
  return strcmp(fault, name) == 0;
}

static double sum_of_row(const double *row) {
  return row[0] + row[1] + row[2] + row[3];
}

/* What a row's answer is off by. */
static double error_of(const double *x, long i, long n) {
  if (has("random")) return (double)(rand() % 1000) * 1e-6;
  if (has("process")) return (double)(getpid() % 1000) * 1e-3;
  if (has("order")) return i == n - 1 ? 0.5 : 0;
  if (has("alone")) return n == 1 ? (double)NAN : 0;
  if (has("batch")) return n > 1 ? 0.01 : 0;
  if (has("rounding")) return n > 1 ? 1e-12 * fabs(sum_of_row(x + 4 * i)) : 0;
  if (has("nan")) return x[4 * i] == 7 ? (double)NAN : 0;
  return 0;
}

static void leak(void) {
  static void *kept;
  void **block = malloc(20000);
  if (!block) exit(3);
  memset(block, 1, 20000);
  *block = kept;
  kept = block;
}

static void work_hard(void) {
  struct timespec start, now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
  do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  while ((now.tv_sec - start.tv_sec) * 1000000000 + now.tv_nsec - start.tv_nsec < 2000000);
}

static void misbehave(const double *x, long n) {
  const struct timespec pause = {.tv_nsec = 600000000};
  if (has("leak")) leak();
  if (has("hungry")) work_hard();
  if (has("slow") && n == 256) nanosleep(&pause, NULL);
  if (has("fragile") && n == 0) abort();
  if (has("huge") && n && x[0] > 1e300) abort();
}

static int predict(void *user, ockham_call *call) {
  const ockham_tensor *input = ockham_find(call, "x");
  (void)user;
  if (!input || strcmp(input->datatype, "FP64") != 0 || input->n_dimensions != 2 || input->shape[1] != 4)
    return has("failing") ? 500 : ockham_refuse(call, "expected x of 4 columns");
  long n = input->shape[0];
  const double *x = input->data;
  if (has("failing") && ++n_calls % 50 == 0) return 500;
  if (has("refusing")) return ockham_refuse(call, "I take nothing");
  misbehave(x, n);
  double *y = ockham_output(call, "y", "FP64", 1, &n, (size_t)n * 8);
  for (long i = 0; y && i < n; i++) y[i] = sum_of_row(x + 4 * i) + error_of(x, i, n);
  return 0;
}

int main(int n_words, char **words) {
  fault = n_words > 1 ? words[1] : "";
  srand((unsigned)time(NULL) ^ (unsigned)getpid());
  return ockham_serve(
      "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[-1,4]}],\"columns\":[\"a\",\"b\",\"c\",\"d\"],"
      "\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP64\",\"shape\":[-1]}]}",
      predict, NULL);
}
