/* SPDX-License-Identifier: Apache-2.0 */
/* Memory bandwidth as STREAM's triad measures it: a = b + s c over arrays far larger than the caches, counted as 24
 * bytes an element (without the reading of `a` before it is written, as STREAM has it). Prints GB/s, the best of ten.
 * With -fopenmp all threads take part. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { N = 16 << 20, RUNS = 10 }; /* three arrays of 128 MiB */

static double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(void) {
  double *a = malloc(N * sizeof *a), *b = malloc(N * sizeof *b), *c = malloc(N * sizeof *c), best = 1e300;
  if (!a || !b || !c) return 3;
#pragma omp parallel for
  for (long i = 0; i < N; i++) {
    a[i] = 0;
    b[i] = (double)i;
    c[i] = 1;
  }
  for (int run = 0; run < RUNS; run++) {
    double start = seconds_now(), s = run + 0.5;
#pragma omp parallel for
    for (long i = 0; i < N; i++) a[i] = b[i] + s * c[i];
    double seconds = seconds_now() - start;
    if (seconds < best) best = seconds;
  }
  if (a[7] != 7 + RUNS - 0.5) return 1; /* also keeps the loop from being dropped */
  printf("%.3f\n", 24e-9 * N / best);
  return 0;
}
