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

enum { MAX_CRITERIA = 100, VERDICT = MAX_CRITERIA, N_RECORDS, MAX_TRUE_K = 30 };

/* How one criterion did over some tables. Choosing no k, as when there is no knee, counts as saying 1. */
typedef struct record {
  size_t n, n_right;
  double sum_error;
} record;

static void fail(const ockham_error *err) {
  fprintf(stderr, "elbow-or-bic: %s\n", err->message);
  exit(EXIT_FAILURE);
}

static void add(record *r, size_t k, size_t true_k) {
  r->n++;
  r->n_right += k == true_k;
  r->sum_error += fabs((double)k - (double)true_k);
}

/* Note what each criterion says of the part of a curve that begins at k = from. */
static void note(const ockham_curve *curve, size_t from, size_t true_k, record *records) {
  size_t n_criteria, skipped = from - curve->points[0].k;
  const ockham_criterion *criteria = ockham_criteria(&n_criteria);
  ockham_curve part = *curve;
  part.points += skipped;
  part.n_points -= skipped;
  for (size_t c = 0; c < n_criteria; c++) {
    size_t point = ockham_criterion_choose(&criteria[c], &part);
    size_t k = point == SIZE_MAX ? 1 : part.points[point].k;
    add(&records[c], k, true_k);
  }
}

static size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

/* Draw a table, try every k from 1 to the root of its rows or least_k_max, and note the answers: over all k, and over
 * those from 2 on. */
static void try_table(const ockham_blobs_options *blobs, size_t least_k_max, record *from_one, record *from_two) {
  ockham_error err = {0};
  ockham_table *table;
  ockham_sweep *sweep;
  if (ockham_generate_blobs(blobs, &table, &err)) fail(&err);
  size_t root = (size_t)lround(sqrt((double)ockham_table_rows(table).n_rows));
  ockham_sweep_options options = {.k_max = larger(root, least_k_max), .seed = blobs->seed};
  if (ockham_sweep_run(ockham_table_rows(table), &options, &sweep, &err)) fail(&err);
  note(ockham_sweep_curve(sweep), 1, blobs->k, from_one);
  note(ockham_sweep_curve(sweep), 2, blobs->k, from_two);
  add(&from_one[VERDICT], ockham_sweep_verdict(sweep).k, blobs->k);
  ockham_sweep_free(sweep);
  ockham_table_free(table);
}

/* ---- (i) ---- */

static void experiment_in_the_plane(size_t n_seeds) {
  static const struct {
    size_t k;
    double min_distance;
  } sets[] = {{2, 0.80}, {3, 0.70}, {5, 0.45}, {10, 0.35}, {25, 0.20}};
  enum { N_SETS = sizeof sets / sizeof *sets };
  static record records[2][N_SETS][N_RECORDS], unused[N_RECORDS];
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
        try_table(&blobs, blobs.k + 10, records[unequal][set], unused);
      }
  size_t n_criteria;
  const ockham_criterion *criteria = ockham_criteria(&n_criteria);
  printf("(i) share of %zu tables a set in which the k found is the true one\n\n%-24s", n_seeds, "");
  printf("   equal sizes                    unequal sizes\n%-24s", "true k");
  for (size_t i = 0; i < 2 * N_SETS; i++) printf("%s %5zu", i == N_SETS ? " |" : "", sets[i % N_SETS].k);
  printf("\n");
  for (size_t row = 0; row <= n_criteria; row++) {
    size_t c = row ? row - 1 : VERDICT;
    if (c != VERDICT && !criteria[c].usual) continue;
    printf("%-24s", c == VERDICT ? "verdict (the default)" : criteria[c].title);
    for (size_t i = 0; i < 2 * N_SETS; i++) {
      const record *r = &records[i / N_SETS][i % N_SETS][c];
      printf("%s  %4.2f", i == N_SETS ? " |" : "", (double)r->n_right / (double)r->n);
    }
    printf("\n");
  }
}

/* ---- (ii) ---- */

/* What was published for one table a k, with scikit-learn's defaults. */
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

static void print_record(const record *r) {
  char text[64];
  snprintf(text, sizeof text, "%.3f / %.2f", (double)r->n_right / (double)r->n, r->sum_error / (double)r->n);
  printf(" %14s", text);
}

static void experiment_in_five_dimensions(size_t n_seeds) {
  static record from_one[N_RECORDS], from_two[N_RECORDS];
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
      try_table(&blobs, larger(2 * k, 20), from_one, from_two);
    }
  size_t n_criteria;
  const ockham_criterion *criteria = ockham_criteria(&n_criteria);
  printf("\n(ii) 1 ... %d clusters in five dimensions, %zu seeds: share right / mean |error|\n\n", MAX_TRUE_K, n_seeds);
  printf("%-24s %14s %14s %14s\n", "k tried from", "1", "2", "2, published");
  printf("%-24s", "verdict (the default)");
  print_record(&from_one[VERDICT]);
  printf("\n");
  for (size_t c = 0; c < n_criteria; c++) {
    if (!criteria[c].usual) continue;
    printf("%-24s", criteria[c].title);
    print_record(&from_one[c]);
    print_record(&from_two[c]);
    printf(" %14s\n", published(criteria[c].name));
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
