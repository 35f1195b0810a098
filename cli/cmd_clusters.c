/* SPDX-License-Identifier: Apache-2.0 */
/* How many clusters are in my data? */
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outputs.h"
#include "profiles.h"

typedef struct clusters_options {
  cli_input input;
  size_t k_min, k_max, restarts, memory;
  uint64_t seed;
  int algorithm, precision;
  const char *criterion, *labels, *centroids, *model, *report;
  bool json, exact, no_silhouette, table, mixtures, all_criteria;
} clusters_options;

static const cli_option option_table[] = {
    {"k-min", CLI_COUNT, "K", "least number of clusters to try (default: 1)", offsetof(clusters_options, k_min), NULL},
    {"k-max", CLI_COUNT, "K",
     "largest (default: root of the rows, 10 to 60, and further when the best k is near it, up to 256)",
     offsetof(clusters_options, k_max), NULL},
    {"criterion", CLI_TEXT, "NAME", "what decides (default: mixture; `ockham criteria` lists them)",
     offsetof(clusters_options, criterion), NULL},
    {"seed", CLI_SEED, "N", "of all random choices (default: 0)", offsetof(clusters_options, seed), NULL},
    {"restarts", CLI_COUNT, "N", "further rounds over the range with fresh seeds (default: 1, few rows 3)",
     offsetof(clusters_options, restarts), NULL},
    {"exact", CLI_FLAG, NULL, "compute the silhouette exactly however many rows there are",
     offsetof(clusters_options, exact), NULL},
    {"no-silhouette", CLI_FLAG, NULL, "leave out both silhouettes", offsetof(clusters_options, no_silhouette), NULL},
    {"mixtures", CLI_FLAG, NULL,
     "also fit mixtures of Gaussians and of heavier or lighter tails: for clusters that are not round",
     offsetof(clusters_options, mixtures), NULL},
    {"all-criteria", CLI_FLAG, NULL, "also every other criterion that `ockham criteria` lists: takes far longer",
     offsetof(clusters_options, all_criteria), NULL},
    {"memory", CLI_BYTES, "SIZE",
     "memory to use (500M, 2G): a larger table is searched on a sample and measured in passes",
     offsetof(clusters_options, memory), NULL},
    {"table", CLI_FLAG, NULL, "also print the criteria for every k", offsetof(clusters_options, table), NULL},
    {"json", CLI_FLAG, NULL, "print one JSON object instead", offsetof(clusters_options, json), NULL},
    {"labels", CLI_OUTPUT, "FILE", "write each row's cluster (CSV, or NPY by its ending)",
     offsetof(clusters_options, labels), NULL},
    {"centroids", CLI_OUTPUT, "FILE", "write each cluster's size and centroid in the data's own units",
     offsetof(clusters_options, centroids), NULL},
    {"model", CLI_OUTPUT, "FILE", "write a model for `ockham predict`, and (without --memory, --weights) drift",
     offsetof(clusters_options, model), NULL},
    {"report", CLI_OUTPUT, "FILE",
     "write a page of charts (HTML, one file): the answer, why, and what clusters look like",
     offsetof(clusters_options, report), NULL},
    CLI_ENGINE_OPTIONS(clusters_options),
    CLI_COLUMN_OPTIONS(clusters_options),
    CLI_FILE_OPTIONS(clusters_options),
    {0},
};

/* Everything that one run makes; freed together. */
typedef struct clusters_run {
  const clusters_options *options;
  const char *path, *command;
  const ockham_progress *progress;
  ockham_table *table; /* NULL: in passes */
  cli_plain plain;
  cli_passes passes;
  ockham_scaling scaling;
  ockham_sweep *sweep;
  uint32_t *labels;
  ockham_model *model;
  ockham_agreement agreement;
} clusters_run;

static void free_run(clusters_run *run) {
  ockham_model_free(run->model);
  free(run->labels);
  ockham_sweep_free(run->sweep);
  cli_passes_close(&run->passes);
  ockham_scaling_clear(&run->scaling);
  free(run->plain.copy);
  ockham_table_free(run->table);
}

static ockham_sweep_options sweep_options(const clusters_run *run) {
  const clusters_options *o = run->options;
  return (ockham_sweep_options){.k_min = o->k_min,
                                .k_max = o->k_max,
                                .seed = o->seed,
                                .restarts = o->restarts,
                                .criterion = o->criterion,
                                .exact = o->exact,
                                .no_silhouette = o->no_silhouette,
                                .mixtures = o->mixtures,
                                .all_criteria = o->all_criteria,
                                .threads = o->input.threads,
                                .progress = run->progress,
                                .algorithm = (ockham_algorithm)o->algorithm,
                                .precision = (ockham_precision)o->precision,
                                .weights = run->table ? ockham_table_weights(run->table) : NULL};
}

/* Into memory, where it fits. */
static ockham_status read_file(clusters_run *run, const ockham_read_options *read_options, ockham_error *err) {
  const clusters_options *o = run->options;
  ockham_sweep_options options = sweep_options(run);
  bool fits = true;
  if (o->memory) {
    ockham_status status = cli_passes_open(&run->passes, run->path, &o->input, read_options, o->memory, &options, &fits,
                                           &run->scaling, err);
    if (status || !fits) return status;
    cli_passes_close(&run->passes);
  }
  cli_plain *plain = o->model && !o->memory ? &run->plain : NULL; /* a copy may be more than it shall take */
  return cli_read_scaled(run->path, &o->input, read_options, &run->table, &run->scaling, plain, err);
}

static ockham_status sweep(clusters_run *run, ockham_error *err) {
  ockham_sweep_options options = sweep_options(run);
  cli_passes *passes = &run->passes;
  ockham_status status = run->table ? ockham_sweep_run(ockham_table_rows(run->table), &options, &run->sweep, err)
                                    : ockham_sweep_run_source(&passes->rows, &passes->overview, run->options->memory,
                                                              &options, &run->sweep, err);
  return passes->reader_failed ? status : cli_name_file(run->path, status, err);
}

static bool has_known_labels(const clusters_run *run) {
  return run->options->input.label_column;
}

/* Labels of the chosen clustering, when something needs them; in passes they are never all there. */
static ockham_status label_rows(clusters_run *run, ockham_error *err) {
  const clusters_options *o = run->options;
  if (!run->table || !(o->labels || o->report || has_known_labels(run))) return OCKHAM_OK;
  ockham_rows rows = ockham_table_rows(run->table);
  run->labels = malloc(rows.n_rows * sizeof *run->labels);
  if (!run->labels) return cli_no_memory("the labels", err);
  return ockham_sweep_verdict_labels(run->sweep, rows, o->input.threads, run->labels, err);
}

static ockham_status measure_agreement(clusters_run *run, ockham_error *err) {
  const clusters_options *o = run->options;
  if (!has_known_labels(run)) return OCKHAM_OK;
  if (!run->table)
    return cli_passes_agree(&run->passes, run->sweep, ockham_sweep_verdict(run->sweep).point, o->input.threads,
                            o->memory, &run->agreement, err);
  return ockham_agreement_measure(run->labels, ockham_table_labels(run->table), ockham_table_rows(run->table).n_rows,
                                  &run->agreement, err);
}

static ockham_status build_model(clusters_run *run, ockham_error *err) {
  ockham_verdict verdict = ockham_sweep_verdict(run->sweep);
  const ockham_curve_point *point = &ockham_sweep_curve(run->sweep)->points[verdict.point];
  ockham_model_parts parts = {.k = point->k,
                              .scaling = run->scaling,
                              .centroids = point->centroids,
                              .sizes = verdict.sizes,
                              .within = verdict.within,
                              .seed = run->options->seed,
                              .criterion = verdict.criterion->name,
                              .weights = verdict.weights,
                              .mixture = verdict.mixture};
  if (run->table) return cli_model_new(run->table, parts, &run->model, err);
  return cli_model_of_reader(run->passes.reader, parts, &run->model, err);
}

static ockham_status write_labels(clusters_run *run, ockham_error *err) {
  const clusters_options *o = run->options;
  if (run->table) return cli_write_labels(o->labels, run->table, run->labels, err);
  return cli_passes_write_labels(&run->passes, run->sweep, ockham_sweep_verdict(run->sweep).point, o->input.threads,
                                 o->labels, err);
}

static ockham_report_options report_options(const clusters_run *run) {
  const clusters_options *o = run->options;
  return (ockham_report_options){
      .format = o->json ? OCKHAM_FORMAT_JSON : OCKHAM_FORMAT_TEXT,
      .ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
      .all_k = o->table,
      .scaling = &run->scaling,
      .scaling_chosen = o->input.scale == OCKHAM_SCALE_AUTO,
      .agreement = has_known_labels(run) ? &run->agreement : NULL,
      .n_label_values =
          run->table ? ockham_table_n_label_values(run->table) : ockham_reader_n_label_values(run->passes.reader),
      .n_rows_dropped = run->table ? ockham_table_n_rows_dropped(run->table) : run->passes.n_rows_dropped,
      .n_cells_filled = run->table ? ockham_table_n_cells_filled(run->table) : 0,
      .seed = o->seed,
      .all_criteria = o->all_criteria,
  };
}

static ockham_status print_report(const clusters_run *run, ockham_error *err) {
  ockham_report_options options = report_options(run);
  char *text;
  ockham_status status = ockham_report_sweep(run->sweep, &options, &text, err);
  if (status) return status;
  printf("%s%s", text, run->options->json ? "\n" : "");
  ockham_text_free(text);
  return OCKHAM_OK;
}

static ockham_status write_report(const clusters_run *run, ockham_error *err) {
  const clusters_options *o = run->options;
  ockham_page_options options = {.report = report_options(run),
                                 .source = strcmp(run->path, "-") == 0 ? "standard input" : run->path,
                                 .command = run->command,
                                 .threads = o->input.threads};
  if (run->table) return cli_write_page(o->report, run->sweep, run->table, run->labels, options, err);
  return cli_passes_write_page(o->report, run->sweep, &run->passes, options, err);
}

static ockham_status write_files(clusters_run *run, ockham_error *err) {
  const clusters_options *o = run->options;
  ockham_status status = OCKHAM_OK;
  if (o->model || o->centroids) status = build_model(run, err);
  if (!status && o->model && !o->memory)
    status = cli_add_profile_of_table(&run->model, run->table, &run->plain, &o->input, o->seed, err);
  if (!status && o->model) status = ockham_model_save(run->model, o->model, err);
  if (!status && o->centroids) status = cli_write_centroids(o->centroids, run->model, err);
  if (!status && o->labels) status = write_labels(run, err);
  if (!status && o->report) status = write_report(run, err);
  return status;
}

/* The report goes out before the files: when one of them cannot be written, the answer is not lost. */
static int answer(const char *path, const char *command, const clusters_options *o) {
  clusters_run run = {.options = o, .path = path, .command = command};
  ockham_read_options read_options;
  ockham_error err = {0};
  int code = cli_read_options(&o->input, &read_options);
  if (code) return code;
  run.progress = read_options.progress;
  ockham_status status = read_file(&run, &read_options, &err);
  if (!status) status = sweep(&run, &err);
  if (!status) status = label_rows(&run, &err);
  if (!status) status = measure_agreement(&run, &err);
  cli_progress_end();
  if (!status) status = print_report(&run, &err);
  if (!status) status = write_files(&run, &err);
  if (status)
    code = cli_fail(&err);
  else if (ockham_sweep_verdict(run.sweep).partial)
    code = EXIT_STOPPED;
  free_run(&run);
  return code;
}

static int check_memory(const clusters_options *o, const char *path) {
  if (!o->memory) return EXIT_DONE;
  if (strcmp(path, "-") == 0)
    return cli_fail_usage("--memory needs a file: standard input cannot be read more than once");
  if (o->input.missing == OCKHAM_MISSING_MEAN)
    return cli_fail_usage("--missing mean needs the whole table; --memory takes error or drop");
  if (o->input.weights) return cli_fail_usage("--weights needs the whole table; it cannot be given with --memory");
  if (o->exact) return cli_fail_usage("--exact needs the whole table; it cannot be given with --memory");
  return EXIT_DONE;
}

/* Before the long work: the page can be made, and lacks nothing; it does not go where the text goes. */
static int check_report(const clusters_options *o, const char *command) {
  ockham_error err = {0};
  if (!o->report) return EXIT_DONE;
  if (strcmp(o->report, "-") == 0)
    return cli_fail_usage("--report needs the name of a file: standard output has the text");
  ockham_status status = ockham_report_check_page(&err);
  if (!status && !command) status = cli_no_memory("the command line", &err);
  return status ? cli_fail(&err) : EXIT_DONE;
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  clusters_options options = {0};
  int n_positional;
  bool stop;
  char *line = cli_command_line(command->name, n_arguments, arguments);
  int code = cli_parse(command, n_arguments, arguments, &options, &n_positional, &stop);
  if (!stop && options.criterion && !ockham_criterion_find(options.criterion))
    code = cli_fail_usage("no criterion is named '%s'; `ockham criteria` lists them", options.criterion);
  else if (!stop && !(code = check_memory(&options, arguments[0])) && !(code = check_report(&options, line)))
    code = answer(arguments[0], line, &options);
  free(line);
  cli_input_free(&options.input);
  return code;
}

const cli_command cmd_clusters = {
    .name = "clusters",
    .usage = "FILE [options]",
    .summary = "how many clusters are in a table of numbers",
    .details =
        "FILE is CSV or TSV (also .gz, - for standard input), NPY, HDF5 (file.h5:/dataset) or SQLite\n"
        "(file.db:table). Prints the answer, why, and what every criterion says.\n"
        "Exit codes: 0 done, 1 data, 2 command line, 3 memory or system, 130 stopped by Ctrl-C (partial answer).",
    .min_arguments = 1,
    .max_arguments = 1,
    .reads_files = true,
    .options = option_table,
    .run = run,
};
