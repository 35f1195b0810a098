/* SPDX-License-Identifier: Apache-2.0 */
/* A mixture of Gaussians for a k that is known. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outputs.h"
#include "profiles.h"

typedef struct mixture_options {
  cli_input input;
  size_t k, restarts, max_steps;
  uint64_t seed;
  const char *family, *model, *labels, *probabilities;
  bool tails;
} mixture_options;

static const cli_option option_table[] = {
    {"k", CLI_COUNT, "K", "number of components", offsetof(mixture_options, k), NULL},
    {"family", CLI_TEXT, "A,B,...",
     "covariance families to try, EII to VVV (default: see above), the best by BIC is kept",
     offsetof(mixture_options, family), NULL},
    {"tails", CLI_FLAG, NULL, "also try tails that are heavier or lighter than Gaussian ones",
     offsetof(mixture_options, tails), NULL},
    {"model", CLI_OUTPUT, "FILE", "write a model for `ockham predict`, and (without --weights) drift",
     offsetof(mixture_options, model), NULL},
    {"labels", CLI_OUTPUT, "FILE", "write each row's component (CSV, or NPY by its ending)",
     offsetof(mixture_options, labels), NULL},
    {"probabilities", CLI_OUTPUT, "FILE", "write each row's posterior probability of every component",
     offsetof(mixture_options, probabilities), NULL},
    {"seed", CLI_SEED, "N", "of the start (default: 0)", offsetof(mixture_options, seed), NULL},
    {"restarts", CLI_COUNT, "N", "of the k-means that is the start (default: 4)", offsetof(mixture_options, restarts),
     NULL},
    {"max-steps", CLI_COUNT, "N", "of expectation and maximisation (default: 1000)",
     offsetof(mixture_options, max_steps), NULL},
    CLI_COLUMN_OPTIONS(mixture_options),
    CLI_FILE_OPTIONS(mixture_options),
    {0},
};

typedef struct mixture_run {
  const mixture_options *options;
  const ockham_progress *progress;
  ockham_table *table;
  cli_plain plain;
  ockham_scaling scaling;
  ockham_mixture mixture;
  uint32_t *labels;
  double *probabilities;
  ockham_model *model;
} mixture_run;

static void free_run(mixture_run *run) {
  ockham_model_free(run->model);
  free(run->probabilities);
  free(run->labels);
  ockham_mixture_clear(&run->mixture);
  ockham_scaling_clear(&run->scaling);
  free(run->plain.copy);
  ockham_table_free(run->table);
}

static ockham_status fit(mixture_run *run, ockham_error *err) {
  const mixture_options *o = run->options;
  ockham_rows rows = ockham_table_rows(run->table);
  run->labels = malloc(rows.n_rows * sizeof *run->labels);
  if (!run->labels) return cli_no_memory("the labels", err);
  ockham_mixture_options options = {.k = o->k,
                                    .families = o->family,
                                    .seed = o->seed,
                                    .restarts = o->restarts,
                                    .max_steps = o->max_steps,
                                    .threads = o->input.threads,
                                    .progress = run->progress,
                                    .tails = o->tails,
                                    .weights = ockham_table_weights(run->table)};
  ockham_status status = ockham_mixture_fit(rows, &options, run->labels, &run->mixture, err);
  if (status || !o->probabilities) return status;
  run->probabilities = calloc(rows.n_rows, o->k * sizeof *run->probabilities);
  if (!run->probabilities) return cli_no_memory("the probabilities", err);
  return ockham_mixture_predict(&run->mixture, rows, o->input.threads, NULL, run->probabilities, NULL, err);
}

static ockham_status build_model(mixture_run *run, ockham_error *err) {
  size_t k = run->mixture.k;
  uint64_t *sizes = malloc(k * sizeof *sizes);
  double *weights = malloc(k * sizeof *weights);
  ockham_status status = OCKHAM_OK;
  if (sizes && weights) {
    cli_count_rows(run->table, run->labels, k, sizes, weights);
    ockham_model_parts parts = {.k = k,
                                .scaling = run->scaling,
                                .sizes = sizes,
                                .seed = run->options->seed,
                                .criterion = "given",
                                .weights = ockham_table_weights(run->table) ? weights : NULL,
                                .mixture = &run->mixture};
    status = cli_model_new(run->table, parts, &run->model, err);
  } else {
    status = cli_no_memory("the sizes of components", err);
  }
  free(sizes);
  free(weights);
  return status;
}

static ockham_status write_files(const mixture_run *run, ockham_error *err) {
  const mixture_options *o = run->options;
  ockham_status status = OCKHAM_OK;
  if (o->model) status = ockham_model_save(run->model, o->model, err);
  if (!status && o->labels) status = cli_write_labels(o->labels, run->table, run->labels, err);
  if (!status && o->probabilities)
    status = cli_write_probabilities(o->probabilities, run->table, run->probabilities, run->mixture.k, err);
  return status;
}

/* The family that BIC likes best after the one that was kept; OCKHAM_N_COVARIANCES when there is none. */
static ockham_covariance runner_up(const ockham_mixture *m) {
  size_t best = OCKHAM_N_COVARIANCES;
  for (size_t f = 0; f < OCKHAM_N_COVARIANCES; f++) {
    if (f == m->family || isnan(m->family_bic[f])) continue;
    if (best == OCKHAM_N_COVARIANCES || m->family_bic[f] > m->family_bic[best]) best = f;
  }
  return (ockham_covariance)best;
}

static bool is_constant(ockham_rows x, size_t column) {
  size_t stride = x.stride ? x.stride : x.n_columns;
  const float *narrow = x.dtype == OCKHAM_FLOAT32 ? (const float *)x.data + column : NULL;
  const double *wide = narrow ? NULL : (const double *)x.data + column;
  for (size_t i = 1; i < x.n_rows; i++)
    if (narrow ? narrow[i * stride] != narrow[0] : wide[i * stride] != wide[0]) return false;
  return true;
}

/* No family but spheres can be fitted then. */
static void print_constant(const ockham_table *table) {
  ockham_rows x = ockham_table_rows(table);
  for (size_t l = 0; l < x.n_columns; l++) {
    if (!is_constant(x, l)) continue;
    const char *name = ockham_table_column_name(table, l);
    printf("column ");
    cli_put_name(name, strlen(name), stdout);
    printf(" is constant: spheres alone can be fitted, and are too small; --ignore leaves it out\n");
    return;
  }
}

static ockham_status print_summary(const mixture_run *run, ockham_error *err) {
  const ockham_mixture *m = &run->mixture;
  size_t n_rows = ockham_table_rows(run->table).n_rows;
  ockham_covariance second = runner_up(m);
  printf("%zu component%s of %zu rows, family %s: %s\n", m->k, m->k == 1 ? "" : "s", n_rows,
         ockham_covariance_name(m->family), ockham_covariance_text(m->family));
  cli_print_likelihood(m);
  if (second != OCKHAM_N_COVARIANCES)
    printf("BIC is highest for %s: %.4g above %s\n", ockham_covariance_name(m->family), m->bic - m->family_bic[second],
           ockham_covariance_name(second));
  cli_print_tails(m);
  print_constant(run->table);
  ockham_status status = cli_print_notes(run->table, &run->scaling, run->labels, err);
  return status ? status : cli_print_components(run->model, err);
}

static int fit_file(const char *path, const mixture_options *o) {
  mixture_run run = {.options = o};
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

static int run(int n_arguments, char **arguments, const cli_command *command) {
  mixture_options options = {0};
  int n_positional;
  bool stop;
  int code = cli_parse(command, n_arguments, arguments, &options, &n_positional, &stop);
  if (!stop && options.k == 0)
    code = cli_fail_usage("mixture needs the number of components: -k K");
  else if (!stop)
    code = fit_file(arguments[0], &options);
  cli_input_free(&options.input);
  return code;
}

const cli_command cmd_mixture = {
    .name = "mixture",
    .usage = "FILE -k K [options]",
    .summary = "fit k Gaussians to a table",
    .details =
        "FILE as for `ockham clusters`. Families have the names of mclust: whether components have their volume,\n"
        "shape and orientation Equal, each its own (V), or none (I: spheres, or axes of the coordinates).\n"
        "Those of any orientation (EEE to VVV) are tried by default where there are more rows than columns, and at\n"
        "most 64 columns. --model keeps the mixture for `ockham predict`.",
    .min_arguments = 1,
    .max_arguments = 1,
    .reads_files = true,
    .options = option_table,
    .run = run,
};
