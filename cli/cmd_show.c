/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a model file? */
#include <stdio.h>
#include <stdlib.h>

#include "outputs.h"
#include "profiles.h"

static const cli_option options[] = {{0}};

enum { MOST_COLUMNS_SHOWN = 8 };

static const char *scale_text(ockham_scale kind) {
  if (kind == OCKHAM_SCALE_STANDARD) return "standardised (mean 0, standard deviation 1)";
  return kind == OCKHAM_SCALE_ROBUST ? "scaled by median and quartiles" : "not scaled";
}

static ockham_status show_clusters(const ockham_model *model, ockham_error *err) {
  const ockham_model_parts *p = ockham_model_look(model);
  size_t n_shown = p->n_columns < MOST_COLUMNS_SHOWN ? p->n_columns : MOST_COLUMNS_SHOWN;
  double *centroid = malloc(p->n_columns * sizeof *centroid);
  if (!centroid) return cli_no_memory("a centroid", err);
  printf("\n%-8s %12s", "cluster", "rows");
  if (p->weights) printf(" %12s", "weight");
  for (size_t l = 0; l < n_shown; l++) {
    putchar(' ');
    cli_print_name(p->column_names[l], 12);
  }
  printf("%s\n", n_shown < p->n_columns ? "  ..." : "");
  for (size_t j = 0; j < p->k; j++) {
    ockham_model_centroid(model, j, centroid);
    printf("%-8zu %12llu", j, (unsigned long long)p->sizes[j]);
    if (p->weights) printf(" %12.8g", p->weights[j]);
    for (size_t l = 0; l < n_shown; l++) printf(" %12.6g", centroid[l]);
    printf("%s\n", n_shown < p->n_columns ? "  ..." : "");
  }
  free(centroid);
  return OCKHAM_OK;
}

static ockham_status show_mixture(const ockham_model *model, ockham_error *err) {
  const ockham_mixture *m = ockham_model_look(model)->mixture;
  printf("family %s: %s\n", ockham_covariance_name(m->family), ockham_covariance_text(m->family));
  cli_print_likelihood(m);
  cli_print_tails(m);
  return cli_print_components(model, err);
}

static ockham_status show_model(const ockham_model *model, ockham_error *err) {
  const ockham_model_parts *p = ockham_model_look(model);
  printf("%s, %zu %s%s, %zu column%s, %s\n", p->mixture ? "mixture" : "k-means", p->k,
         p->mixture ? "component" : "cluster", p->k == 1 ? "" : "s", p->n_columns, p->n_columns == 1 ? "" : "s",
         scale_text(p->scaling.kind));
  printf("fitted on %llu row%s with seed %llu; k by: %s\n", (unsigned long long)p->n_rows, p->n_rows == 1 ? "" : "s",
         (unsigned long long)p->seed, p->criterion);
  ockham_status status = p->mixture ? show_mixture(model, err) : show_clusters(model, err);
  if (!status && p->profile) putchar('\n');
  return status;
}

static ockham_status show(const char *path, ockham_error *err) {
  ockham_model *model;
  ockham_status status = ockham_model_load(path, &model, err);
  if (status) return status;
  const ockham_model_parts *p = ockham_model_look(model);
  if (p->k > 0) status = show_model(model, err);
  if (!status && p->profile) {
    cli_print_profile(p->profile);
    putchar('\n');
    cli_print_profile_columns(p->profile);
  }
  ockham_model_free(model);
  return status;
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  int n_positional;
  bool stop;
  char none;
  ockham_error err = {0};
  int failed = cli_parse(command, n_arguments, arguments, &none, &n_positional, &stop);
  if (stop) return failed;
  return show(arguments[0], &err) ? cli_fail(&err) : EXIT_DONE;
}

const cli_command cmd_show = {
    .name = "show",
    .usage = "MODEL",
    .summary = "what is in a model file",
    .min_arguments = 1,
    .max_arguments = 1,
    .reads_files = true,
    .options = options,
    .run = run,
};
