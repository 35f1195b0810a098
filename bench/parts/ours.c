/* SPDX-License-Identifier: Apache-2.0 */
/* What the command does not print: the centroids at every k, and the seconds of one fit inside the process.
 *
 *   ours curve TABLE.npy K THREADS OUT          the sweep of `ockham clusters --k-max K --scale none --no-silhouette`
 *   ours fit TABLE.npy K THREADS OUT RESTARTS   the fit of `ockham fit -k K --scale none`; RESTARTS 0: its default
 *
 * OUT gets the centroids as raw float64: k = 1, 2, ... one after the other, or those of the fit. Prints JSON. */
#include <ockham/ockham.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int write_centroids(FILE *out, const double *centroids, size_t k, size_t n_columns) {
  return fwrite(centroids, sizeof *centroids, k * n_columns, out) != k * n_columns;
}

static ockham_status run_curve(ockham_rows rows, size_t k, size_t threads, FILE *out, ockham_error *err) {
  ockham_sweep_options options = {.k_max = k, .threads = threads, .no_silhouette = true};
  ockham_sweep *sweep;
  ockham_status status = ockham_sweep_run(rows, &options, &sweep, err);
  if (status) return status;
  const ockham_curve *curve = ockham_sweep_curve(sweep);
  printf("{\"seconds\": %.9g, \"inertia\": [", ockham_sweep_verdict(sweep).seconds);
  for (size_t i = 0; i < curve->n_points; i++) {
    const ockham_curve_point *point = &curve->points[i];
    printf("%s%.17g", i ? ", " : "", point->inertia);
    if (write_centroids(out, point->centroids, point->k, curve->n_columns)) exit(3);
  }
  printf("]}\n");
  ockham_sweep_free(sweep);
  return OCKHAM_OK;
}

static ockham_status run_fit(ockham_rows rows, size_t k, size_t threads, size_t restarts, FILE *out,
                             ockham_error *err) {
  ockham_kmeans_options options = {.k = k, .threads = threads, .restarts = restarts};
  ockham_kmeans result = {0};
  uint32_t *labels = malloc(rows.n_rows * sizeof *labels);
  double start = seconds_now();
  ockham_status status = ockham_kmeans_fit(rows, &options, labels, &result, err);
  double seconds = seconds_now() - start;
  free(labels);
  if (status) return status;
  printf("{\"seconds\": %.9g, \"inertia\": %.17g, \"iterations\": %zu, \"converged\": %s}\n", seconds, result.inertia,
         result.n_iterations, result.converged ? "true" : "false");
  if (write_centroids(out, result.centroids, result.k, result.n_columns)) exit(3);
  ockham_kmeans_clear(&result);
  return OCKHAM_OK;
}

int main(int argc, char **argv) {
  int is_fit = argc == 7 && strcmp(argv[1], "fit") == 0;
  if (!is_fit && !(argc == 6 && strcmp(argv[1], "curve") == 0)) {
    fprintf(stderr, "usage: ours curve TABLE.npy K THREADS OUT | ours fit TABLE.npy K THREADS OUT RESTARTS\n");
    return 2;
  }
  size_t k = strtoul(argv[3], NULL, 10), threads = strtoul(argv[4], NULL, 10);
  ockham_read_options options = {.threads = threads};
  ockham_error err = {0};
  ockham_table *table;
  FILE *out = fopen(argv[5], "wb");
  if (!out) return 3;
  ockham_status status = ockham_table_read(argv[2], &options, &table, &err);
  if (!status) {
    ockham_rows rows = ockham_table_rows(table);
    status = is_fit ? run_fit(rows, k, threads, strtoul(argv[6], NULL, 10), out, &err)
                    : run_curve(rows, k, threads, out, &err);
    ockham_table_free(table);
  }
  if (status) fprintf(stderr, "ours: %s\n", err.message);
  return fclose(out) || status ? 1 : 0;
}
