/* SPDX-License-Identifier: Apache-2.0 */
/* One clustering for a k that is known. */
#include <stdio.h>
#include <stdlib.h>

#include "outputs.h"

typedef struct fit_options {
  cli_input input;
  size_t k, restarts, max_iterations;
  uint64_t seed;
  int algorithm, precision;
  const char *labels, *centroids, *model;
} fit_options;

static const cli_option option_table[] = {
    {"k", CLI_COUNT, "K", "number of clusters", offsetof(fit_options, k), NULL},
    {"model", CLI_TEXT, "FILE", "write a model for `ockham predict`", offsetof(fit_options, model), NULL},
    {"labels", CLI_TEXT, "FILE", "write each row's cluster (CSV, or NPY by its ending)", offsetof(fit_options, labels),
     NULL},
    {"centroids", CLI_TEXT, "FILE", "write each cluster's size and centroid in the data's own units",
     offsetof(fit_options, centroids), NULL},
    {"seed", CLI_SEED, "N", "of all random choices (default: 0)", offsetof(fit_options, seed), NULL},
    {"restarts", CLI_COUNT, "N", "independent starts, the best is kept (default: 4, above 64 clusters 1)",
     offsetof(fit_options, restarts), NULL},
    {"max-iterations", CLI_COUNT, "N", "steps a start (default: 300)", offsetof(fit_options, max_iterations), NULL},
    CLI_ENGINE_OPTIONS(fit_options),
    CLI_COLUMN_OPTIONS(fit_options),
    CLI_FILE_OPTIONS(fit_options),
    {0},
};

typedef struct fit_run {
  const fit_options *options;
  const ockham_progress *progress;
  ockham_table *table;
  ockham_scaling scaling;
  ockham_kmeans kmeans;
  uint32_t *labels;
  ockham_model *model;
} fit_run;

static void free_run(fit_run *run) {
  ockham_model_free(run->model);
  free(run->labels);
  ockham_kmeans_clear(&run->kmeans);
  ockham_scaling_clear(&run->scaling);
  ockham_table_free(run->table);
}

static ockham_status fit(fit_run *run, ockham_error *err) {
  const fit_options *o = run->options;
  ockham_rows rows = ockham_table_rows(run->table);
  run->labels = malloc(rows.n_rows * sizeof *run->labels);
  if (!run->labels) return cli_no_memory("the labels", err);
  ockham_kmeans_options kmeans = {.k = o->k,
                                  .seed = o->seed,
                                  .restarts = o->restarts,
                                  .max_iterations = o->max_iterations,
                                  .threads = o->input.threads,
                                  .progress = run->progress,
                                  .algorithm = (ockham_algorithm)o->algorithm,
                                  .precision = (ockham_precision)o->precision,
                                  .weights = ockham_table_weights(run->table)};
  return ockham_kmeans_fit(rows, &kmeans, run->labels, &run->kmeans, err);
}

static ockham_status build_model(fit_run *run, ockham_error *err) {
  ockham_model_parts parts = {.k = run->kmeans.k,
                              .scaling = run->scaling,
                              .centroids = run->kmeans.centroids,
                              .sizes = run->kmeans.sizes,
                              .within = run->kmeans.within,
                              .seed = run->options->seed,
                              .criterion = "given",
                              .weights = ockham_table_weights(run->table) ? run->kmeans.weights : NULL};
  return cli_model_new(run->table, parts, &run->model, err);
}

static ockham_status write_files(const fit_run *run, ockham_error *err) {
  const fit_options *o = run->options;
  ockham_status status = OCKHAM_OK;
  if (o->model) status = ockham_model_save(run->model, o->model, err);
  if (!status && o->centroids) status = cli_write_centroids(o->centroids, run->model, err);
  if (!status && o->labels) status = cli_write_labels(o->labels, run->table, run->labels, err);
  return status;
}

static ockham_status print_summary(const fit_run *run, ockham_error *err) {
  const ockham_kmeans *k = &run->kmeans;
  size_t n_counted = 0;
  double weight = 0;
  char weighing[48] = "";
  for (size_t j = 0; j < k->k; j++) {
    n_counted += k->sizes[j];
    weight += k->weights[j];
  }
  if (ockham_table_weights(run->table)) snprintf(weighing, sizeof weighing, " of weight %.10g", weight);
  printf("%zu cluster%s of %zu row%s%s, inertia %.9g, %s after %zu step%s%s\n", k->k, k->k == 1 ? "" : "s", n_counted,
         n_counted == 1 ? "" : "s", weighing, k->inertia, k->converged ? "converged" : "not converged", k->n_iterations,
         k->n_iterations == 1 ? "" : "s", k->exact ? ", the global optimum" : "");
  if (k->k < run->options->k)
    printf("there %s only %zu different row%s, so there cannot be more clusters\n", k->k == 1 ? "is" : "are", k->k,
           k->k == 1 ? "" : "s");
  return cli_print_notes(run->table, &run->scaling, run->labels, err);
}

static int fit_file(const char *path, const fit_options *o) {
  fit_run run = {.options = o};
  ockham_read_options read_options;
  ockham_error err = {0};
  int code = cli_read_options(&o->input, &read_options);
  if (code) return code;
  run.progress = read_options.progress;
  ockham_status status = cli_read_scaled(path, &o->input, &read_options, &run.table, &run.scaling, &err);
  if (!status) status = cli_name_file(path, fit(&run, &err), &err);
  if (!status) status = build_model(&run, &err);
  cli_progress_end();
  if (!status) status = write_files(&run, &err);
  if (!status && !o->input.quiet) status = print_summary(&run, &err);
  if (status) code = cli_fail(&err);
  free_run(&run);
  return code;
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  fit_options options = {0};
  int n_positional;
  bool stop;
  int code = cli_parse(command, n_arguments, arguments, &options, &n_positional, &stop);
  if (!stop && options.k == 0)
    code = cli_fail_usage("fit needs the number of clusters: -k K; `ockham clusters` finds it");
  else if (!stop)
    code = fit_file(arguments[0], &options);
  cli_input_free(&options.input);
  return code;
}

const cli_command cmd_fit = {
    .name = "fit",
    .usage = "FILE -k K [options]",
    .summary = "cluster a table into k clusters",
    .details = "FILE as for `ockham clusters`. --model keeps the result for `ockham predict`.",
    .min_arguments = 1,
    .max_arguments = 1,
    .options = option_table,
    .run = run,
};
