/* SPDX-License-Identifier: Apache-2.0 */
/* What new rows are compared with: the profile that a model has, or that of a table. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drift.h"
#include "profiles.h"

/* ---- a model ---- */

static bool is_model(const char *path) {
  static const char magic[] = {'O', 'C', 'K', 'H', 'A', 'M'};
  char found[sizeof magic] = {0};
  int fd = strcmp(path, "-") == 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return false;
  bool is = pread(fd, found, sizeof found, 0) == sizeof found && memcmp(found, magic, sizeof magic) == 0;
  close(fd);
  return is;
}

static ockham_status fail_without_profile(const char *path, ockham_error *err) {
  *err = (ockham_error){.status = OCKHAM_BAD_DATA};
  snprintf(err->message, sizeof err->message,
           "%.200s: the model has no profile to compare with; `ockham profile TRAIN.csv --model %.200s` adds one", path,
           path);
  return OCKHAM_BAD_DATA;
}

static ockham_status take_model(drift_run *run, ockham_error *err) {
  const drift_options *o = run->options;
  if (o->input.columns.n || o->input.ignore.n || o->categories.n) {
    *err = (ockham_error){.status = OCKHAM_BAD_ARGUMENT,
                          .message =
                              "--columns, --ignore and --category are for a reference that is a table; a "
                              "model's profile has its columns"};
    return OCKHAM_BAD_ARGUMENT;
  }
  ockham_status status = ockham_model_load(run->reference_path, &run->model, err);
  if (status) return status;
  run->profile = ockham_model_look(run->model)->profile;
  return run->profile ? OCKHAM_OK : fail_without_profile(run->reference_path, err);
}

/* ---- a table ---- */

/* Those that hold numbers, which clusters are made of. */
static size_t find_numbers(const ockham_table *table, size_t *numbers, const char **names) {
  size_t n = 0;
  for (size_t j = 0; j < ockham_table_rows(table).n_columns; j++) {
    if (ockham_table_n_texts(table, j) > 0) continue;
    names[n] = ockham_table_column_name(table, j);
    numbers[n++] = j;
  }
  return n;
}

/* Clusters as `ockham profile` finds them; none where no column holds numbers. */
static ockham_status fit_profile(drift_run *run, cli_choice *choice, const cli_reference *reference,
                                 ockham_error *err) {
  ockham_model *model = NULL;
  if (choice->n_columns == 0) return cli_fit_profile(reference, NULL, &run->made, err);
  ockham_status status = cli_choose_clusters(reference->rows, choice, &model, err);
  if (!status) status = cli_fit_profile(reference, ockham_model_look(model), &run->made, err);
  ockham_model_free(model);
  return status;
}

static ockham_status make_profile(drift_run *run, ockham_error *err) {
  const drift_options *o = run->options;
  size_t n_columns = ockham_table_rows(run->reference).n_columns;
  size_t *numbers = malloc(n_columns * sizeof *numbers);
  const char **names = malloc(n_columns * sizeof *names);
  cli_choice choice = {
      .columns = numbers, .names = names, .seed = o->seed, .threads = o->input.threads, .progress = run->read.progress};
  cli_reference reference = {.table = run->reference,
                             .rows = ockham_table_rows(run->reference),
                             .unordered = o->unordered,
                             .no_rehearsal = true,
                             .seed = o->seed,
                             .threads = o->input.threads,
                             .progress = run->read.progress};
  ockham_status status = numbers && names ? OCKHAM_OK : cli_no_memory("the columns", err);
  if (!status) choice.n_columns = find_numbers(run->reference, numbers, names);
  if (!status) status = fit_profile(run, &choice, &reference, err);
  free(numbers);
  free(names);
  run->profile = run->made;
  return cli_name_file(run->reference_path, status, err);
}

static ockham_status take_table(drift_run *run, ockham_error *err) {
  const drift_options *o = run->options;
  ockham_read_options options = run->read;
  options.columns = o->input.columns.items;
  options.n_columns = o->input.columns.n;
  options.ignore = o->input.ignore.items;
  options.n_ignore = o->input.ignore.n;
  options.category_columns = o->categories.items;
  options.n_category_columns = o->categories.n;
  options.find_categories = true;
  options.missing = OCKHAM_MISSING_KEEP;
  options.time_column = o->time;
  ockham_status status = ockham_table_read(run->reference_path, &options, &run->reference, err);
  return status ? status : make_profile(run, err);
}

ockham_status drift_find_reference(drift_run *run, ockham_error *err) {
  cli_interrupt_ends_at_once(true);
  ockham_status status = is_model(run->reference_path) ? take_model(run, err) : take_table(run, err);
  cli_interrupt_ends_at_once(false);
  if (!status) run->parts = ockham_profile_look(run->profile);
  return status;
}

void drift_free_reference(drift_run *run) {
  ockham_model_free(run->model);
  ockham_profile_free(run->made);
  ockham_table_free(run->reference);
}
