/* SPDX-License-Identifier: Apache-2.0 */
/* Which criterion finds the number of clusters that a table was made with? Two experiments, repeated over seeds:
 *   (i)  ten sets in the plane: 2, 3, 5, 10 or 25 clusters, of 50 rows each or of 10 to 50;
 *   (ii) 1 to 30 clusters of 30 to 99 rows in five dimensions.
 * Prints, for each criterion, how often it is right and how far it is off. docs/elbow-or-bic.md explains the numbers.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ockham/ockham.h>

enum { MAX_CRITERIA = 64, MAX_TRUE_K = 30 };

/* How one criterion did over some tables. */
typedef struct record {
  size_t n, n_right, n_silent; /* silent: it chose no k; counted as k = 1 in the error */
  double sum_error;
} record;

static void fail(const ockham_error *err) {
  fprintf(stderr, "elbow-or-bic: %s\n", err->message);
  exit(EXIT_FAILURE);
}

/* Draw a table, try every k, and note what each criterion says. Clusters count as k only if they are told apart. */
static void try_table(const ockham_blobs_options *blobs, size_t k_min, size_t (*k_max)(size_t n_rows, size_t k),
                      record *records) {
  ockham_error err = {0};
  ockham_table *table;
  ockham_sweep *sweep;
  if (ockham_generate_blobs(blobs, &table, &err)) fail(&err);
  ockham_rows rows = ockham_table_rows(table);
  ockham_sweep_options options = {.k_min = k_min, .k_max = k_max(rows.n_rows, blobs->k), .seed = blobs->seed};
  if (ockham_sweep_run(rows, &options, &sweep, &err)) fail(&err);
  const ockham_curve *curve = ockham_sweep_curve(sweep);
  size_t n_criteria;
  const ockham_criterion *criteria = ockham_criteria(&n_criteria);
  for (size_t c = 0; c < n_criteria; c++) {
    size_t point = ockham_criterion_choose(&criteria[c], curve);
    size_t k = point == SIZE_MAX ? 1 : curve->points[point].k;
    records[c].n++;
    records[c].n_right += k == blobs->k;
    records[c].n_silent += point == SIZE_MAX;
    records[c].sum_error += fabs((double)k - (double)blobs->k);
  }
  ockham_sweep_free(sweep);
  ockham_table_free(table);
}

static size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

static size_t root(size_t n) {
  return (size_t)lround(sqrt((double)n));
}

/* ---- (i) ---- */

static size_t k_max_in_the_plane(size_t n_rows, size_t k) {
  return larger(root(n_rows), k + 10);
}

static void experiment_in_the_plane(size_t n_seeds) {
  static const struct {
    size_t k;
    double min_distance;
  } sets[] = {{2, 0.80}, {3, 0.70}, {5, 0.45}, {10, 0.35}, {25, 0.20}};
  enum { N_SETS = sizeof sets / sizeof *sets };
  static record records[2][N_SETS][MAX_CRITERIA];
  for (size_t unequal = 0; unequal < 2; unequal++)
    for (size_t set = 0; set < N_SETS; set++)
      for (size_t seed = 0; seed < n_seeds; seed++) {
        double sd = sets[set].min_distance / 5;
        ockham_blobs_options blobs = {.k = sets[set].k,
                                      .rows_per_cluster = unequal ? 10 : 50,
                                      .rows_per_cluster_max = unequal ? 50 : 0,
                                      .box_low = -1 + 2 * sd,
                                      .box_high = 1 - 2 * sd,
                                      .min_distance = sets[set].min_distance,
                                      .sd = sd,
                                      .seed = seed};
        try_table(&blobs, 1, k_max_in_the_plane, records[unequal][set]);
      }
  size_t n_criteria;
  const ockham_criterion *criteria = ockham_criteria(&n_criteria);
  printf("(i) share of %zu tables a set in which the k found is the true one\n\n%-24s", n_seeds, "");
  printf("   equal sizes                    unequal sizes\n%-24s", "true k");
  for (size_t i = 0; i < 2 * N_SETS; i++) printf("%s %5zu", i == N_SETS ? " |" : "", sets[i % N_SETS].k);
  printf("\n");
  for (size_t c = 0; c < n_criteria; c++) {
    printf("%-24s", criteria[c].title);
    for (size_t i = 0; i < 2 * N_SETS; i++) {
      const record *r = &records[i / N_SETS][i % N_SETS][c];
      printf("%s  %4.2f", i == N_SETS ? " |" : "", (double)r->n_right / (double)r->n);
    }
    printf("\n");
  }
}

/* ---- (ii) ---- */

static size_t k_max_in_five_dimensions(size_t n_rows, size_t k) {
  return larger(larger(root(n_rows), 2 * k), 20);
}

/* What was published for one run over k = 1 ... 30 with scikit-learn's defaults. */
static const char *published(const char *name) {
  static const char *const rows[][2] = {{"calinski-harabasz", ".97 / 0.07"},
                                        {"bic-goxmeans", ".97 / 0.07"},
                                        {"silhouette", ".73 / 0.93"},
                                        {"davies-bouldin", ".70 / 0.97"},
                                        {"elbow", ".13 / 5.87"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (strcmp(rows[i][0], name) == 0) return rows[i][1];
  return "";
}

static void experiment_in_five_dimensions(size_t n_seeds) {
  record records[MAX_CRITERIA] = {{0}};
  for (size_t seed = 0; seed < n_seeds; seed++)
    for (size_t k = 1; k <= MAX_TRUE_K; k++) {
      ockham_blobs_options blobs = {.k = k,
                                    .n_columns = 5,
                                    .rows_per_cluster = 30,
                                    .rows_per_cluster_max = 99,
                                    .random_sizes = true,
                                    .box_low = 0,
                                    .box_high = 100,
                                    .min_distance = 20,
                                    .sd = 4,
                                    .seed = 1000 * seed + k};
      try_table(&blobs, 2, k_max_in_five_dimensions, records);
    }
  size_t n_criteria;
  const ockham_criterion *criteria = ockham_criteria(&n_criteria);
  printf("\n(ii) 1 ... %d clusters in five dimensions, %zu seeds: share right / mean |error|\n\n", MAX_TRUE_K, n_seeds);
  printf("%-24s %12s  %12s\n", "", "here", "published");
  for (size_t c = 0; c < n_criteria; c++) {
    const record *r = &records[c];
    char here[64];
    snprintf(here, sizeof here, "%.3f / %.2f", (double)r->n_right / (double)r->n, r->sum_error / (double)r->n);
    printf("%-24s %12s  %12s\n", criteria[c].title, here, published(criteria[c].name));
  }
}

int main(int argc, char **argv) {
  size_t n_seeds = argc > 1 ? strtoul(argv[1], NULL, 10) : 20;
  if (n_seeds == 0) {
    fprintf(stderr, "usage: elbow-or-bic [SEEDS]\n");
    return 2;
  }
  experiment_in_the_plane(n_seeds);
  experiment_in_five_dimensions(n_seeds);
  return 0;
}
