/* SPDX-License-Identifier: Apache-2.0 */
/* Where rows come from: files, folders, memory. */
#include "ablate/import.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { MOST_BYTES = 1 << 28 };

/* ---- files ---- */

static ockham_status read_file(const char *path, char **text, size_t *size, ockham_error *err) {
  FILE *file = fopen(path, "rbe");
  struct stat facts;
  *text = NULL;
  *size = 0;
  if (!file) return ock_fail(err, OCKHAM_IO, "%s: %s", ock_show(path).text, strerror(errno));
  if (fstat(fileno(file), &facts) || facts.st_size > MOST_BYTES) {
    fclose(file);
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: expected a table of at most 256 MiB", ock_show(path).text);
  }
  *text = ock_alloc((size_t)facts.st_size + 1);
  *size = *text ? fread(*text, 1, (size_t)facts.st_size, file) : 0;
  bool failed = ferror(file) != 0;
  fclose(file);
  if (!*text) return ock_fail_memory(err, "the table", (size_t)facts.st_size);
  if (failed) return ock_fail(err, OCKHAM_IO, "%s: %s", ock_show(path).text, strerror(EIO));
  (*text)[*size] = '\0';
  return OCKHAM_OK;
}

bool ock_ends_in(const char *path, const char *ending) {
  size_t n = strlen(path), m = strlen(ending);
  return n >= m && strcasecmp(path + n - m, ending) == 0;
}

static ockham_status import_file(ock_import *import, const char *path, ockham_error *err) {
  char *text;
  size_t size;
  OCK_TRY(read_file(path, &text, &size, err));
  ockham_status status;
  import->path = path;
  import->row = 1;
  if (ock_ends_in(path, ".out"))
    status = ock_import_task(import, text, size, err);
  else if (strlen(text) != size)
    status = ock_fail(err, OCKHAM_BAD_FILE, "%s: expected text, found a zero byte", ock_show(path).text);
  else if (ock_ends_in(path, ".csv") || ock_ends_in(path, ".tsv"))
    status = ock_import_csv(import, text, err);
  else if (ock_ends_in(path, ".jsonl") || ock_ends_in(path, ".ndjson") || ock_ends_in(path, ".json"))
    status = ock_import_lines(import, text, err);
  else
    status = ock_fail(err, OCKHAM_BAD_FILE, "%s: expected a name in .csv, .tsv, .jsonl or .out", ock_show(path).text);
  ock_free(text);
  return status;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_output(const struct dirent *entry) {
  return ock_ends_in(entry->d_name, ".out");
}

static ockham_status import_folder(ock_import *import, const char *path, ockham_error *err) {
  struct dirent **entries;
  int n = scandir(path, &entries, is_output, by_name);
  ockham_status status = OCKHAM_OK;
  if (n < 0) return ock_fail(err, OCKHAM_IO, "%s: %s", ock_show(path).text, strerror(errno));
  if (n == 0) status = ock_fail(err, OCKHAM_BAD_DATA, "%s: expected files *.out, found none", ock_show(path).text);
  for (int i = 0; i < n; i++) {
    ock_line file = {0};
    ock_line_add(&file, path);
    ock_line_add(&file, "/");
    ock_line_add(&file, entries[i]->d_name);
    if (!status) status = file.failed ? ock_fail_memory(err, "a path", 0) : import_file(import, file.bytes, err);
    ock_free(file.bytes);
    free(entries[i]);
  }
  free(entries);
  return status;
}

/* Of what we know of a run, that is a column. */
static bool is_column(const ockham_study *study, const char *name) {
  bool is = ock_is_own_column(study, name);
  for (size_t f = 0; f < study->n_factors; f++) is |= strcmp(name, study->factors[f].name) == 0;
  for (size_t s = 0; s < study->n_scales; s++)
    is |= ock_setting_find(study->scales[s].settings, study->scales[s].n_settings, name) != NULL;
  return is;
}

static ockham_status check_columns(const ockham_study *study, const ockham_study_setting *settings, size_t n,
                                   ockham_error *err) {
  for (size_t i = 0; i < n; i++)
    if (!is_column(study, settings[i].name))
      return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                      "expected a factor, a setting of scales, scale, seed, rate, purpose, outcome, diverged, %s, %s, "
                      "parameters, tokens, seconds or slope, found '%s'",
                      study->metric, study->compute, ock_show(settings[i].name).text);
  return OCKHAM_OK;
}

static ockham_status import_any(ock_import *import, const char *path, ockham_error *err) {
  struct stat facts;
  OCK_TRY(ock_journal_begin(import->journal, err));
  bool is_folder = stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
  ockham_status status = is_folder ? import_folder(import, path, err) : import_file(import, path, err);
  if (!status) status = ock_journal_commit(import->journal, err);
  if (status) ock_journal_rollback(import->journal);
  return status;
}

ockham_status ockham_journal_import(ockham_journal *journal, const char *path, const ockham_import_options *options,
                                    uint64_t *n_imported, ockham_error *err) {
  static const ockham_import_options none = {0};
  ock_import import = {.journal = journal, .study = ock_journal_study(journal), .options = options ? options : &none};
  OCK_TRY(check_columns(import.study, import.options->map, import.options->n_map, err));
  OCK_TRY(check_columns(import.study, import.options->set, import.options->n_set, err));
  OCK_TRY(ock_journal_lock(journal, err));
  import.first_new = ock_journal_next_id(journal);
  ockham_status status = import_any(&import, path, err);
  ock_journal_unlock(journal);
  ock_import_clear(&import);
  if (!status) *n_imported = import.n_imported;
  return status;
}

/* ---- rows in memory ---- */

static ockham_status import_row(ock_import *import, const ockham_study_row *row, ockham_error *err) {
  ock_field *fields = ock_alloc_array(row->n_cells, sizeof *fields);
  if (!fields) return ock_fail_memory(err, "a run", row->n_cells);
  for (size_t i = 0; i < row->n_cells; i++) fields[i] = (ock_field){row->cells[i].name, row->cells[i].value};
  ockham_status status = ock_import_run(import, fields, row->n_cells, err);
  ock_free(fields);
  return status;
}

static ockham_status import_rows(ock_import *import, const ockham_study_row *rows, size_t n_rows, ockham_error *err) {
  OCK_TRY(ock_journal_begin(import->journal, err));
  ockham_status status = OCKHAM_OK;
  for (size_t i = 0; i < n_rows && !status; i++) {
    import->row = i + 1;
    status = import_row(import, &rows[i], err);
  }
  if (!status) status = ock_journal_commit(import->journal, err);
  if (status) ock_journal_rollback(import->journal);
  return status;
}

ockham_status ockham_journal_import_rows(ockham_journal *journal, const ockham_study_row *rows, size_t n_rows,
                                         const ockham_import_options *options, uint64_t *n_imported,
                                         ockham_error *err) {
  static const ockham_import_options none = {0};
  ock_import import = {.journal = journal,
                       .study = ock_journal_study(journal),
                       .options = options ? options : &none,
                       .path = "the runs"};
  if (!n_rows) return ock_fail(err, OCKHAM_BAD_DATA, "expected a row a run, found none");
  OCK_TRY(check_columns(import.study, import.options->map, import.options->n_map, err));
  OCK_TRY(check_columns(import.study, import.options->set, import.options->n_set, err));
  OCK_TRY(ock_journal_lock(journal, err));
  import.first_new = ock_journal_next_id(journal);
  ockham_status status = import_rows(&import, rows, n_rows, err);
  ock_journal_unlock(journal);
  ock_import_clear(&import);
  if (!status) *n_imported = import.n_imported;
  return status;
}
