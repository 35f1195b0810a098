/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a model file? */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"

static const cli_option options[] = {{0}};

enum { MOST_COLUMNS_SHOWN = 8 };

static const char *scale_text(ockham_scale kind) {
  if (kind == OCKHAM_SCALE_STANDARD) return "standardised (mean 0, standard deviation 1)";
  return kind == OCKHAM_SCALE_ROBUST ? "scaled by median and quartiles" : "not scaled";
}

/* A name in 12 columns; it may be UTF-8, and is not cut inside a character. */
static void print_name(const char *name) {
  enum { WIDTH = 12 };
  size_t n_bytes = 0;
  int n_characters = 0;
  while (name[n_bytes]) {
    bool starts = ((unsigned char)name[n_bytes] & 0xc0) != 0x80;
    if (starts && n_characters == WIDTH) break;
    n_characters += starts;
    n_bytes++;
  }
  printf(" %*s", WIDTH - n_characters, "");
  cli_put_name(name, n_bytes, stdout);
}

static void show_clusters(const ockham_model *model, double *centroid) {
  const ockham_model_parts *p = ockham_model_look(model);
  size_t n_shown = p->n_columns < MOST_COLUMNS_SHOWN ? p->n_columns : MOST_COLUMNS_SHOWN;
  printf("\n%-8s %12s", "cluster", "rows");
  if (p->weights) printf(" %12s", "weight");
  for (size_t l = 0; l < n_shown; l++) print_name(p->column_names[l]);
  printf("%s\n", n_shown < p->n_columns ? "  ..." : "");
  for (size_t j = 0; j < p->k; j++) {
    ockham_model_centroid(model, j, centroid);
    printf("%-8zu %12llu", j, (unsigned long long)p->sizes[j]);
    if (p->weights) printf(" %12.8g", p->weights[j]);
    for (size_t l = 0; l < n_shown; l++) printf(" %12.6g", centroid[l]);
    printf("%s\n", n_shown < p->n_columns ? "  ..." : "");
  }
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  int n_positional;
  bool stop;
  char none;
  int failed = cli_parse(command, n_arguments, arguments, &none, &n_positional, &stop);
  if (stop) return failed;
  ockham_model *model;
  ockham_error err = {0};
  if (ockham_model_load(arguments[0], &model, &err)) return cli_fail(&err);
  const ockham_model_parts *p = ockham_model_look(model);
  double *centroid = malloc(p->n_columns * sizeof *centroid);
  if (!centroid) {
    err = (ockham_error){.status = OCKHAM_NO_MEMORY, .message = "not enough memory for a centroid"};
    ockham_model_free(model);
    return cli_fail(&err);
  }
  printf("k-means, %zu cluster%s, %zu column%s, %s\n", p->k, p->k == 1 ? "" : "s", p->n_columns,
         p->n_columns == 1 ? "" : "s", scale_text(p->scaling.kind));
  printf("fitted on %llu row%s with seed %llu; k by: %s\n", (unsigned long long)p->n_rows, p->n_rows == 1 ? "" : "s",
         (unsigned long long)p->seed, p->criterion);
  show_clusters(model, centroid);
  free(centroid);
  ockham_model_free(model);
  return EXIT_DONE;
}

const cli_command cmd_show = {
    .name = "show",
    .usage = "MODEL",
    .summary = "what is in a model file",
    .min_arguments = 1,
    .max_arguments = 1,
    .options = options,
    .run = run,
};
