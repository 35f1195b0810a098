/* SPDX-License-Identifier: Apache-2.0 */
/* What do the rows look like that a model was made from? */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "outputs.h"
#include "profiles.h"

typedef struct profile_options {
  cli_input input;
  cli_list outputs, categories;
  const char *time, *model;
  size_t k;
  uint64_t seed;
  bool unordered, no_rehearsal, json;
} profile_options;

static const cli_option option_table[] = {
    {"model", CLI_OUTPUT, "FILE", "the model that gets the profile; it is made where there is none",
     offsetof(profile_options, model), NULL},
    {"output", CLI_LIST, "A,B,...", "columns that hold what the model answered, by name",
     offsetof(profile_options, outputs), NULL},
    {"category", CLI_LIST, "A,B,...", "columns that hold categories, though they look like numbers",
     offsetof(profile_options, categories), NULL},
    {"time", CLI_TEXT, "NAME", "a column of times: seconds since 1970, or such as 2026-03-01T12:30:00Z",
     offsetof(profile_options, time), NULL},
    {"unordered", CLI_FLAG, NULL, "the rows are in no order of time", offsetof(profile_options, unordered), NULL},
    {"k", CLI_COUNT, "K", "number of clusters of a new model (default: found)", offsetof(profile_options, k), NULL},
    {"seed", CLI_SEED, "N", "of all random choices (default: 0)", offsetof(profile_options, seed), NULL},
    {"no-rehearsal", CLI_FLAG, NULL, "do not replay rows to see how often alarms are false",
     offsetof(profile_options, no_rehearsal), NULL},
    {"json", CLI_FLAG, NULL, "print one JSON object instead", offsetof(profile_options, json), NULL},
    CLI_CHOICE_OF_COLUMNS(profile_options),
    {"label-column", CLI_TEXT, "NAME", "a column of known labels: left out",
     offsetof(profile_options, input.label_column), NULL},
    CLI_SCALE_OPTION(profile_options),
    CLI_READING_OPTIONS(profile_options),
    {0},
};

typedef struct profile_run {
  const profile_options *options;
  const char *path;
  const ockham_progress *progress;
  ockham_model *old;   /* that the file holds, or NULL */
  ockham_model *model; /* what is kept of it: not a profile alone, which is made anew */
  bool is_new;
  const char **columns; /* to read; NULL: all */
  size_t n_columns;
  cli_list outputs, categories; /* as said, or as of the profile that the model has; names are borrowed */
  ockham_table *table;
  size_t *numbers; /* the inputs of numbers, among the table's columns */
  const char **number_names;
  size_t n_numbers;
  bool unordered;
} profile_run;

static void free_run(profile_run *run) {
  free(run->columns);
  free(run->outputs.items);
  free(run->categories.items);
  free(run->numbers);
  free(run->number_names);
  if (run->model != run->old) ockham_model_free(run->model);
  ockham_model_free(run->old);
  ockham_table_free(run->table);
}

/* ---- reading ---- */

__attribute__((format(printf, 3, 4))) static ockham_status fail(ockham_error *err, ockham_status status,
                                                                const char *format, ...) {
  va_list arguments;
  *err = (ockham_error){.status = status};
  va_start(arguments, format);
  vsnprintf(err->message, sizeof err->message, format, arguments);
  va_end(arguments);
  return status;
}

static ockham_status copy_list(const cli_list *list, size_t n_more, cli_list *copy, ockham_error *err) {
  copy->items = malloc((list->n + n_more + 1) * sizeof *copy->items);
  if (!copy->items) return cli_no_memory("the columns", err);
  for (size_t i = 0; i < list->n; i++) copy->items[copy->n++] = list->items[i];
  return OCKHAM_OK;
}

/* A column of times, or one that is left out, is so whatever it was before. */
static bool is_put_aside(const profile_options *o, const char *name) {
  if (o->time && strcmp(o->time, name) == 0) return true;
  if (o->input.label_column && strcmp(o->input.label_column, name) == 0) return true;
  for (size_t i = 0; i < o->input.ignore.n; i++)
    if (strcmp(o->input.ignore.items[i], name) == 0) return true;
  return false;
}

/* What columns are for, where nothing is said about it, is as it was in the profile that shall be renewed. */
static ockham_status list_roles(profile_run *run, ockham_error *err) {
  const profile_options *o = run->options;
  const ockham_profile *profile = run->old ? ockham_model_look(run->old)->profile : NULL;
  const ockham_profile_parts *old =
      profile && o->outputs.n == 0 && o->categories.n == 0 ? ockham_profile_look(profile) : NULL;
  ockham_status status = copy_list(&o->outputs, old ? old->n_columns : 0, &run->outputs, err);
  if (!status) status = copy_list(&o->categories, old ? old->n_columns : 0, &run->categories, err);
  for (size_t j = 0; old && !status && j < old->n_columns; j++) {
    const ockham_profile_column *column = &old->columns[j];
    if (is_put_aside(o, column->name)) continue;
    if (column->role == OCKHAM_COLUMN_OUTPUT) run->outputs.items[run->outputs.n++] = column->name;
    if (column->kind == OCKHAM_COLUMN_CATEGORY) run->categories.items[run->categories.n++] = column->name;
  }
  return status;
}

static void add_column(profile_run *run, const char *name) {
  for (size_t i = 0; i < run->n_columns; i++)
    if (strcmp(run->columns[i], name) == 0) return;
  run->columns[run->n_columns++] = name;
}

/* Of a model its columns, in their order; else those that were chosen, or all. And what was named besides. */
static ockham_status list_columns(profile_run *run, ockham_error *err) {
  const ockham_model_parts *parts = run->model ? ockham_model_look(run->model) : NULL;
  const cli_list *chosen = &run->options->input.columns;
  if (!parts && chosen->n == 0) return OCKHAM_OK;
  size_t n = parts ? parts->n_columns : chosen->n;
  run->columns = malloc((n + run->outputs.n + run->categories.n) * sizeof *run->columns);
  if (!run->columns) return cli_no_memory("the columns", err);
  for (size_t j = 0; j < n; j++) add_column(run, parts ? parts->column_names[j] : chosen->items[j]);
  for (size_t i = 0; i < run->categories.n; i++) add_column(run, run->categories.items[i]);
  for (size_t i = 0; i < run->outputs.n; i++) add_column(run, run->outputs.items[i]);
  return OCKHAM_OK;
}

static ockham_status read_table(profile_run *run, ockham_read_options options, ockham_error *err) {
  ockham_status status = list_roles(run, err);
  if (!status) status = list_columns(run, err);
  if (status) return status;
  options.columns = run->columns;
  options.n_columns = run->n_columns;
  options.missing = OCKHAM_MISSING_KEEP;
  options.find_categories = true;
  options.category_columns = run->categories.items;
  options.n_category_columns = run->categories.n;
  options.time_column = run->options->time;
  cli_interrupt_ends_at_once(true);
  status = ockham_table_read(run->path, &options, &run->table, err);
  cli_interrupt_ends_at_once(false);
  return status;
}

/* ---- columns ---- */

static bool is_output(const profile_run *run, const char *name) {
  for (size_t i = 0; i < run->outputs.n; i++)
    if (strcmp(run->outputs.items[i], name) == 0) return true;
  return false;
}

static ockham_status check_outputs(const profile_run *run, ockham_error *err) {
  const cli_list *outputs = &run->outputs;
  size_t n = ockham_table_rows(run->table).n_columns;
  for (size_t i = 0; i < outputs->n; i++) {
    size_t j = 0;
    while (j < n && strcmp(ockham_table_column_name(run->table, j), outputs->items[i]) != 0) j++;
    if (j == n)
      return fail(err, OCKHAM_BAD_ARGUMENT, "%.200s: no column '%.64s' for --output, which takes names", run->path,
                  outputs->items[i]);
  }
  return OCKHAM_OK;
}

static ockham_status find_numbers(profile_run *run, ockham_error *err) {
  size_t n = ockham_table_rows(run->table).n_columns;
  run->numbers = malloc(n * sizeof *run->numbers);
  run->number_names = malloc(n * sizeof *run->number_names);
  if (!run->numbers || !run->number_names) return cli_no_memory("the columns", err);
  for (size_t j = 0; j < n; j++) {
    const char *name = ockham_table_column_name(run->table, j);
    if (ockham_table_n_texts(run->table, j) > 0 || is_output(run, name)) continue;
    run->number_names[run->n_numbers] = name;
    run->numbers[run->n_numbers++] = j;
  }
  return OCKHAM_OK;
}

/* A model's columns must be what they were. */
static ockham_status check_model(const profile_run *run, ockham_error *err) {
  const ockham_model_parts *parts = ockham_model_look(run->model);
  for (size_t j = 0; j < parts->n_columns; j++) {
    const char *name = parts->column_names[j];
    if (ockham_table_n_texts(run->table, j) > 0)
      return fail(err, OCKHAM_BAD_DATA, "column '%.64s' holds texts such as '%.40s', but numbers in the model", name,
                  ockham_table_text(run->table, j, 0));
    if (is_output(run, name))
      return fail(err, OCKHAM_BAD_ARGUMENT, "column '%.64s' is an input of the model, and cannot be an output", name);
  }
  return OCKHAM_OK;
}

static ockham_status check_table(profile_run *run, ockham_error *err) {
  size_t n_rows = ockham_table_rows(run->table).n_rows;
  if (n_rows < 20) return fail(err, OCKHAM_BAD_DATA, "a profile needs at least 20 rows, found %zu", n_rows);
  ockham_status status = check_outputs(run, err);
  if (!status && run->model) status = check_model(run, err);
  return status ? status : find_numbers(run, err);
}

/* Times must be there; where they fall, the order of rows is not that of time. */
static ockham_status check_times(profile_run *run, ockham_error *err) {
  const double *times = ockham_table_times(run->table);
  size_t n = ockham_table_rows(run->table).n_rows;
  run->unordered = run->options->unordered;
  for (size_t i = 0; times && i < n; i++) {
    if (isnan(times[i])) return fail(err, OCKHAM_BAD_DATA, "row %zu has no time", i + 1);
    if (i == 0 || times[i] >= times[i - 1] || run->unordered) continue;
    run->unordered = true;
    if (!run->options->input.quiet)
      fprintf(stderr, "ockham: note: row %zu is earlier than the one before it: rows are taken to be in no order\n",
              i + 1);
  }
  return OCKHAM_OK;
}

/* As many texts as rows name the rows, and do not describe them. */
static void note_columns(const profile_run *run) {
  size_t n_rows = ockham_table_rows(run->table).n_rows, n = ockham_table_rows(run->table).n_columns;
  for (size_t j = 0; j < n && !run->options->input.quiet; j++) {
    size_t n_texts = ockham_table_n_texts(run->table, j);
    if (2 * n_texts <= n_rows) continue;
    fputs("ockham: note: column '", stderr);
    cli_put_name(ockham_table_column_name(run->table, j), strlen(ockham_table_column_name(run->table, j)), stderr);
    fprintf(stderr, "' has %zu different texts in %zu rows; --ignore leaves it out\n", n_texts, n_rows);
  }
}

/* ---- the profile ---- */

/* Texts have no clusters: the model holds the profile alone. */
static ockham_status begin_model(profile_run *run, ockham_error *err) {
  const profile_options *o = run->options;
  run->is_new = true;
  if (run->n_numbers == 0 && o->k > 0)
    return fail(err, OCKHAM_BAD_ARGUMENT, "no input column holds numbers, which the %zu clusters of -k are made of",
                o->k);
  if (run->n_numbers == 0) return OCKHAM_OK;
  cli_choice choice = {.columns = run->numbers,
                       .n_columns = run->n_numbers,
                       .k = o->k,
                       .names = run->number_names,
                       .scale = o->input.scale,
                       .seed = o->seed,
                       .threads = o->input.threads,
                       .progress = run->progress};
  return cli_choose_clusters(ockham_table_rows(run->table), &choice, &run->model, err);
}

static ockham_status make_profile(profile_run *run, ockham_error *err) {
  const profile_options *o = run->options;
  ockham_status status = check_table(run, err);
  if (!status) status = check_times(run, err);
  if (status) return status;
  note_columns(run);
  if (!run->model) status = begin_model(run, err);
  cli_reference reference = {.table = run->table,
                             .rows = ockham_table_rows(run->table),
                             .outputs = &run->outputs,
                             .unordered = run->unordered,
                             .no_rehearsal = o->no_rehearsal,
                             .seed = o->seed,
                             .threads = o->input.threads,
                             .progress = run->progress};
  ockham_model *with = NULL;
  if (!status) status = cli_add_profile(run->model, &reference, &with, err);
  if (status) return status;
  if (run->model != run->old) ockham_model_free(run->model);
  run->model = with;
  return OCKHAM_OK;
}

static void print_what_next(const profile_run *run) {
  fputs("next: ockham drift ", stdout);
  cli_put_name(run->options->model, strlen(run->options->model), stdout);
  puts(" NEW.csv");
}

static void print(const profile_run *run) {
  const ockham_model_parts *parts = ockham_model_look(run->model);
  if (run->options->json) {
    printf("{\"model\": ");
    cli_put_json_text(run->options->model);
    printf(", \"new\": %s, \"criterion\": ", run->is_new ? "true" : "false");
    cli_put_json_text(parts->criterion);
    printf(", \"profile\": ");
    cli_print_profile_json(parts->profile);
    puts("}");
    return;
  }
  cli_print_profile(parts->profile);
  if (run->is_new && parts->k > 0 && parts->n_rows < ockham_table_rows(run->table).n_rows)
    printf("a new model, its clusters chosen on %llu rows (%s)\n", (unsigned long long)parts->n_rows, parts->criterion);
  print_what_next(run);
}

static int answer(const char *path, const profile_options *o) {
  profile_run run = {.options = o, .path = path};
  ockham_read_options read_options;
  ockham_error err = {0};
  int code = cli_read_options(&o->input, &read_options);
  if (code) return code;
  run.progress = read_options.progress;
  ockham_status status = OCKHAM_OK;
  if (access(o->model, F_OK) == 0) status = ockham_model_load(o->model, &run.old, &err);
  if (run.old && ockham_model_look(run.old)->k > 0) run.model = run.old;
  if (!status) status = read_table(&run, read_options, &err);
  if (!status) status = cli_name_file(path, make_profile(&run, &err), &err);
  cli_progress_end();
  if (!status) status = ockham_model_save(run.model, o->model, &err);
  if (!status)
    print(&run);
  else
    code = cli_fail_drift(&err);
  free_run(&run);
  return code;
}

static int check(const profile_options *o) {
  if (!o->model) return cli_fail_usage("profile needs a file to write to: --model FILE");
  if (access(o->model, F_OK) != 0) return EXIT_DONE;
  if (o->input.columns.n > 0 || o->input.scale != OCKHAM_SCALE_AUTO || o->k > 0)
    return cli_fail_usage(
        "%s is there and has its columns, scaling and clusters: --columns, --scale and -k are for a "
        "new model",
        o->model);
  return EXIT_DONE;
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  profile_options options = {0};
  int n_positional;
  bool stop;
  int code = cli_parse(command, n_arguments, arguments, &options, &n_positional, &stop);
  if (!stop) code = check(&options);
  if (!stop && !code) code = answer(arguments[0], &options);
  cli_list_free(&options.outputs);
  cli_list_free(&options.categories);
  cli_input_free(&options.input);
  return cli_finish_drift(code);
}

const cli_command cmd_profile = {
    .name = "profile",
    .usage = "FILE --model MODEL [options]",
    .summary = "describe rows, to notice drift by",
    .details =
        "FILE as for `ockham clusters`; missing cells stay missing, and columns of text are categories. MODEL gets\n"
        "the profile, and stays as it was otherwise; where there is none, clusters are found as by `ockham clusters`,\n"
        "on at most 10000 rows. `ockham drift MODEL NEW` and `ockham serve` compare new rows with it.\n"
        "Exit codes are those of `ockham drift`: 4 is memory or the system. docs/profile.md tells what it holds.",
    .min_arguments = 1,
    .max_arguments = 1,
    .reads_files = true,
    .options = option_table,
    .run = run,
};
