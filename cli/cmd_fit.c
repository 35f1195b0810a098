/* SPDX-License-Identifier: Apache-2.0 */
/* One clustering for a k that is known, or that X-means or G-means finds. */
#include <stdio.h>
#include <stdlib.h>

#include "outputs.h"
#include "profiles.h"

typedef struct fit_options {
  cli_input input;
  size_t k, restarts, max_iterations;
  uint64_t seed;
  int algorithm, precision, method, bic;
  size_t k_min, k_max;
  double alpha;
  const char *labels, *centroids, *model;
} fit_options;

enum { K_MEANS, X_MEANS, G_MEANS };
enum { BIC_CORRECTED, BIC_PRINTED };
static const char *const method_choices[] = {"k-means", "x-means", "g-means", NULL};
static const char *const method_titles[] = {"k-means", "X-means", "G-means"};
static const char *const bic_choices[] = {"corrected", "printed", NULL};

static const cli_option option_table[] = {
    {"k", CLI_COUNT, "K", "number of clusters", offsetof(fit_options, k), NULL},
    {"method", CLI_CHOICE, "NAME", "k-means, or x-means, g-means: split clusters while a test says so, without -k",
     offsetof(fit_options, method), method_choices},
    {"k-min", CLI_COUNT, "K", "of these methods: clusters to begin with (default: 1)", offsetof(fit_options, k_min),
     NULL},
    {"k-max", CLI_COUNT, "K", "of these methods: most clusters (default: 256)", offsetof(fit_options, k_max), NULL},
    {"alpha", CLI_REAL, "P", "of g-means: probability to split a normal cluster (default: 0.0001, as published)",
     offsetof(fit_options, alpha), NULL},
    {"bic", CLI_CHOICE, "WAY", "of x-means: corrected, or printed as in the paper, which splits too much",
     offsetof(fit_options, bic), bic_choices},
    {"model", CLI_OUTPUT, "FILE", "write a model for `ockham predict`, and (without --weights) drift",
     offsetof(fit_options, model), NULL},
    {"labels", CLI_OUTPUT, "FILE", "write each row's cluster (CSV, or NPY by its ending)",
     offsetof(fit_options, labels), NULL},
    {"centroids", CLI_OUTPUT, "FILE", "write each cluster's size and centroid in the data's own units",
     offsetof(fit_options, centroids), NULL},
    {"seed", CLI_SEED, "N", "of all random choices (default: 0)", offsetof(fit_options, seed), NULL},
    {"restarts", CLI_COUNT, "N",
     "independent starts, the best is kept (default: 32 for small tables, else 4, above 64 clusters 1)",
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
  cli_plain plain;
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
  free(run->plain.copy);
  ockham_table_free(run->table);
}

static ockham_status fit_k(fit_run *run, ockham_rows rows, ockham_error *err) {
  const fit_options *o = run->options;
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

static ockham_status find_k(fit_run *run, ockham_rows rows, ockham_error *err) {
  const fit_options *o = run->options;
  ockham_splits_options splits = {.method = o->method == X_MEANS ? OCKHAM_X_MEANS : OCKHAM_G_MEANS,
                                  .k_min = o->k_min,
                                  .k_max = o->k_max,
                                  .seed = o->seed,
                                  .alpha = o->alpha,
                                  .as_printed = o->bic == BIC_PRINTED,
                                  .threads = o->input.threads,
                                  .progress = run->progress,
                                  .algorithm = (ockham_algorithm)o->algorithm,
                                  .precision = (ockham_precision)o->precision,
                                  .weights = ockham_table_weights(run->table)};
  return ockham_splits_fit(rows, &splits, run->labels, &run->kmeans, err);
}

static ockham_status fit(fit_run *run, ockham_error *err) {
  ockham_rows rows = ockham_table_rows(run->table);
  run->labels = malloc(rows.n_rows * sizeof *run->labels);
  if (!run->labels) return cli_no_memory("the labels", err);
  return run->options->method == K_MEANS ? fit_k(run, rows, err) : find_k(run, rows, err);
}

static ockham_status build_model(fit_run *run, ockham_error *err) {
  ockham_model_parts parts = {
      .k = run->kmeans.k,
      .scaling = run->scaling,
      .centroids = run->kmeans.centroids,
      .sizes = run->kmeans.sizes,
      .within = run->kmeans.within,
      .seed = run->options->seed,
      .criterion = run->options->method == K_MEANS ? "given" : method_choices[run->options->method],
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

/* How k came about, where it was not given. */
static void print_method(const fit_run *run) {
  const fit_options *o = run->options;
  size_t k_max = o->k_max ? o->k_max : o->k_min > OCKHAM_SPLITS_K_MAX ? o->k_min : OCKHAM_SPLITS_K_MAX;
  if (run->kmeans.k == k_max)
    printf("%s stopped at --k-max %zu: clusters may still ask to be split\n", method_titles[o->method], k_max);
  if (o->method == X_MEANS && run->kmeans.k == 1)
    puts(
        "X-means often stays at 1, since two halves with many clusters each are hardly better; --k-min 2 begins after "
        "it");
  printf("%s looks at one cluster at a time; `ockham clusters` compares every k\n", method_titles[o->method]);
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
  printf("%zu cluster%s of %zu row%s%s", k->k, k->k == 1 ? "" : "s", n_counted, n_counted == 1 ? "" : "s", weighing);
  if (run->options->method != K_MEANS) printf(" by %s", method_titles[run->options->method]);
  printf(", inertia %.9g, %s after %zu step%s%s\n", k->inertia, k->converged ? "converged" : "not converged",
         k->n_iterations, k->n_iterations == 1 ? "" : "s", k->exact ? ", the global optimum" : "");
  if (run->options->method != K_MEANS) print_method(run);
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
  ockham_status status =
      cli_read_scaled(path, &o->input, &read_options, &run.table, &run.scaling, o->model ? &run.plain : NULL, &err);
  if (!status) status = cli_name_file(path, fit(&run, &err), &err);
  if (!status) status = build_model(&run, &err);
  if (!status && o->model)
    status = cli_add_profile_of_table(&run.model, run.table, &run.plain, &o->input, o->seed, &err);
  cli_progress_end();
  if (!status) status = write_files(&run, &err);
  if (!status) status = print_summary(&run, &err);
  if (status) code = cli_fail(&err);
  free_run(&run);
  return code;
}

/* What does not go together. */
static int check(const fit_options *o) {
  const char *name = method_choices[o->method];
  if (o->method == K_MEANS) {
    if (o->k == 0) return cli_fail_usage("fit needs the number of clusters: -k K; `ockham clusters` finds it");
    if (o->k_min || o->k_max) return cli_fail_usage("--k-min and --k-max are for --method x-means and g-means");
  } else if (o->k) {
    return cli_fail_usage("%s finds the number of clusters itself; leave out -k, or bound it by --k-min and --k-max",
                          name);
  } else if (o->restarts || o->max_iterations) {
    return cli_fail_usage("%s takes neither --restarts nor --max-iterations", name);
  }
  if (o->alpha != 0 && o->method != G_MEANS) return cli_fail_usage("--alpha is for --method g-means");
  if (o->bic != BIC_CORRECTED && o->method != X_MEANS) return cli_fail_usage("--bic is for --method x-means");
  return EXIT_DONE;
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  fit_options options = {0};
  int n_positional;
  bool stop;
  int code = cli_parse(command, n_arguments, arguments, &options, &n_positional, &stop);
  if (!stop) code = check(&options);
  if (!stop && !code) code = fit_file(arguments[0], &options);
  cli_input_free(&options.input);
  return code;
}

const cli_command cmd_fit = {
    .name = "fit",
    .usage = "FILE (-k K | --method NAME) [options]",
    .summary = "cluster a table into k clusters",
    .details =
        "FILE as for `ockham clusters`. --model keeps the result for `ockham predict`.\n"
        "--method x-means and g-means find k themselves; docs/x-means.md tells how well.",
    .min_arguments = 1,
    .max_arguments = 1,
    .reads_files = true,
    .options = option_table,
    .run = run,
};
