/* SPDX-License-Identifier: Apache-2.0 */
#include "ablate/import.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "data/internal.h"

enum { MOST_BYTES = 1 << 28 };

/* ---- fields ---- */

static const char *find_field(const ock_field *fields, size_t n, const char *name) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(fields[i].name, name) == 0) return fields[i].text;
  return NULL;
}

/* The text of one of our columns; NULL: there is none. */
static const char *text_of(const ock_import *import, const ock_field *fields, size_t n, const char *name) {
  const ockham_import_options *o = import->options;
  const char *text = ock_setting_find(o->set, o->n_set, name);
  if (text) return text;
  const char *theirs = ock_setting_find(o->map, o->n_map, name);
  return find_field(fields, n, theirs ? theirs : name);
}

static bool is_factor(const ock_import *import, const char *name) {
  return ock_factor_find(import->study, name, strlen(name)) != SIZE_MAX;
}

/* The text of what the study calls `name` and we call `ours`, which is none of its factors, and what it is called in
 * the table; NULL: there is none. */
static const char *text_beside(const ock_import *import, const ock_field *fields, size_t n, const char *ours,
                               const char *name, const char **found) {
  char own[64];
  snprintf(own, sizeof own, OCK_OWN_COLUMN "%s", ours);
  const char *text = find_field(fields, n, own);
  *found = text ? ours : name;
  if (!text && !is_factor(import, name)) text = text_of(import, fields, n, name);
  if (text || strcmp(name, ours) == 0) return text;
  return text_beside(import, fields, n, ours, ours, found);
}

/* What a column of ours is called in the table. */
static const char *name_there(const ock_import *import, const char *name) {
  const char *theirs = ock_setting_find(import->options->map, import->options->n_map, name);
  return theirs ? theirs : name;
}

#define FAULT(import, err, ...) ock_import_fault(import, err, __VA_ARGS__)
OCK_PRINTF(3, 4)
static ockham_status ock_import_fault(const ock_import *import, ockham_error *err, const char *format, ...) {
  char text[300];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return ock_fail_at(err, OCKHAM_BAD_DATA, import->row, 0, "%.160s, line %" PRIu64 ": %s", import->path, import->row,
                     text);
}

static bool is_missing(const char *text) {
  return !text || !*text || strcasecmp(text, "null") == 0 || strcasecmp(text, "none") == 0 ||
         strcasecmp(text, "na") == 0;
}

static ockham_status parse(const ock_import *import, const char *name, const char *text, double *value,
                           ockham_error *err) {
  *value = NAN;
  if (is_missing(text) || ock_number_parse(text, strlen(text), value)) return OCKHAM_OK;
  return FAULT(import, err, "expected a number for %s, found '%s'", name, ock_show(text).text);
}

static ockham_status number_of(const ock_import *import, const ock_field *fields, size_t n, const char *name,
                               double *value, ockham_error *err) {
  const char *found, *text = text_beside(import, fields, n, name, name, &found);
  return parse(import, found, text, value, err);
}

/* ---- levels, scale, seed ---- */

/* The level of that word, else the first that means it: 3.10 is 3.1 only where there is no 3.10. */
static size_t find_level(const ockham_study_factor *factor, const char *text) {
  size_t l = ock_level_find(factor, text, strlen(text));
  if (l != SIZE_MAX) return l;
  for (l = 0; l < factor->n_levels && !ock_level_means(factor->levels[l], text); l++)
    ;
  return l;
}

static ockham_status levels_of(const ock_import *import, const ock_field *fields, size_t n, uint8_t *levels,
                               ockham_error *err) {
  for (size_t f = 0; f < import->study->n_factors; f++) {
    const ockham_study_factor *factor = &import->study->factors[f];
    const char *text = text_of(import, fields, n, factor->name);
    if (!text)
      return FAULT(import, err, "expected a column '%s': where all runs are at one level of %s, set it",
                   ock_show(name_there(import, factor->name)).text, factor->name);
    size_t l = find_level(factor, text);
    if (l == factor->n_levels)
      return FAULT(import, err, "expected a level of %s, found '%s'", factor->name, ock_show(text).text);
    levels[f] = (uint8_t)l;
  }
  return OCKHAM_OK;
}

/* Every setting of it that has a column says the same, and one does. */
static bool fits_scale(const ock_import *import, const ock_field *fields, size_t n, const ockham_study_scale *scale) {
  size_t n_same = 0;
  for (size_t i = 0; i < scale->n_settings; i++) {
    const char *text = text_of(import, fields, n, scale->settings[i].name);
    if (text && !ock_level_means(scale->settings[i].value, text)) return false;
    n_same += text != NULL;
  }
  return n_same > 0;
}

static ockham_status scale_of(const ock_import *import, const ock_field *fields, size_t n, size_t *scale,
                              ockham_error *err) {
  const ockham_study *study = import->study;
  const char *text = text_of(import, fields, n, "scale");
  size_t n_fit = 0;
  if (text) {
    *scale = ock_scale_find(study, text);
    return *scale != SIZE_MAX ? OCKHAM_OK
                              : FAULT(import, err, "expected a scale of the study, found '%s'", ock_show(text).text);
  }
  for (size_t s = 0; s < study->n_scales; s++)
    if (fits_scale(import, fields, n, &study->scales[s]) && n_fit++ == 0) *scale = s;
  if (n_fit == 1) return OCKHAM_OK;
  *scale = 0;
  if (study->n_scales == 1) return OCKHAM_OK;
  return FAULT(import, err, "expected a column `scale`, or the settings of one scale; found those of %zu", n_fit);
}

static ockham_status seed_of(const ock_import *import, const ock_field *fields, size_t n, bool *has, uint64_t *seed,
                             ockham_error *err) {
  const char *text = text_of(import, fields, n, "seed");
  double value;
  *has = !is_missing(text);
  if (!*has) return OCKHAM_OK;
  char *end;
  errno = 0;
  *seed = strtoull(text, &end, 10);
  if (*end == '\0' && !errno && *text != '-') return OCKHAM_OK;
  if (ock_number_parse(text, strlen(text), &value) && value >= 0 && value < 1e15 && value == floor(value)) {
    *seed = (uint64_t)value; /* 3.0 */
    return OCKHAM_OK;
  }
  return FAULT(import, err, "expected a seed, a whole number, found '%s'", ock_show(text).text);
}

/* ---- outcome ---- */

/* Words of ours, and of others' trackers. */
static bool outcome_of_word(const char *word, ockham_outcome *outcome) {
  static const struct {
    const char *word;
    ockham_outcome outcome;
  } others[] = {{"finished", OCKHAM_OUTCOME_DONE},
                {"completed", OCKHAM_OUTCOME_DONE},
                {"crashed", OCKHAM_OUTCOME_FAILED},
                {"killed", OCKHAM_OUTCOME_FAILED},
                {"running", OCKHAM_OUTCOME_WAITING}};
  size_t known = ock_word_find(ock_outcome_words, word);
  *outcome = (ockham_outcome)known;
  if (ock_outcome_words[known]) return true;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (strcmp(others[i].word, word) == 0) {
      *outcome = others[i].outcome;
      return true;
    }
  return false;
}

static ockham_status result_of(const ock_import *import, const ock_field *fields, size_t n, ock_result *r,
                               ockham_error *err) {
  const ockham_study *study = import->study;
  const char *metric, *compute, *word = text_of(import, fields, n, "outcome");
  const char *loss = text_beside(import, fields, n, "loss", study->metric, &metric);
  const char *flops = text_beside(import, fields, n, "flops", study->compute, &compute);
  double diverged;
  *r = (ock_result){0};
  OCK_TRY(parse(import, metric, loss, &r->loss, err));
  OCK_TRY(parse(import, compute, flops, &r->flops, err));
  OCK_TRY(number_of(import, fields, n, "parameters", &r->parameters, err));
  OCK_TRY(number_of(import, fields, n, "tokens", &r->tokens, err));
  OCK_TRY(number_of(import, fields, n, "seconds", &r->seconds, err));
  OCK_TRY(number_of(import, fields, n, "slope", &r->slope, err));
  OCK_TRY(number_of(import, fields, n, "diverged", &diverged, err));
  r->outcome = isfinite(r->loss)  ? OCKHAM_OUTCOME_DONE
               : is_missing(loss) ? OCKHAM_OUTCOME_FAILED
                                  : OCKHAM_OUTCOME_DIVERGED;
  if (!is_missing(word)) {
    ockham_outcome said;
    if (!outcome_of_word(word, &said))
      return FAULT(import, err, "expected an outcome such as done, diverged or failed, found '%s'",
                   ock_show(word).text);
    if (said != OCKHAM_OUTCOME_DONE || r->outcome != OCKHAM_OUTCOME_DIVERGED) r->outcome = said;
    if (said == OCKHAM_OUTCOME_DONE && is_missing(loss))
      return FAULT(import, err, "expected %s of a run that is done, found nothing", metric);
  }
  if (diverged > 0) r->outcome = OCKHAM_OUTCOME_DIVERGED;
  if (!loss && is_missing(word) && !(diverged > 0))
    return FAULT(import, err, "expected a column '%s', the loss: map it", ock_show(name_there(import, metric)).text);
  if (r->outcome != OCKHAM_OUTCOME_DONE && r->outcome != OCKHAM_OUTCOME_DIVERGED) r->loss = NAN;
  if (!isfinite(r->loss)) r->loss = NAN;
  if (r->outcome == OCKHAM_OUTCOME_FAILED) snprintf(r->why, sizeof r->why, "imported as failed");
  return OCKHAM_OK;
}

/* ---- a run ---- */

static bool all_at(const ockham_study *study, const uint8_t *levels, uint8_t level) {
  for (size_t f = 0; f < study->n_factors; f++)
    if (levels[f] != level) return false;
  return true;
}

static ockham_status purpose_of(const ock_import *import, const ock_field *fields, size_t n, const uint8_t *levels,
                                ockham_purpose *purpose, ockham_error *err) {
  const char *word = text_of(import, fields, n, "purpose");
  if (is_missing(word)) {
    *purpose = all_at(import->study, levels, 0)   ? OCKHAM_PURPOSE_BASELINE
               : all_at(import->study, levels, 1) ? OCKHAM_PURPOSE_RECIPE
                                                  : OCKHAM_PURPOSE_DESIGN;
    return OCKHAM_OK;
  }
  size_t known = ock_word_find(ock_purpose_words, word);
  *purpose = (ockham_purpose)known;
  if (ock_purpose_words[known]) return OCKHAM_OK;
  return FAULT(import, err, "expected a purpose such as design or baseline, found '%s'", ock_show(word).text);
}

/* The key of a run; of one without a seed, that of the first seed that this file has not used: runs are taken as
 * numbered from 1 in their order, so that the same file twice is the same runs. */
static ockham_status find_key(const ock_import *import, ockham_run *run, bool has_seed, uint64_t first_new,
                              ock_line *key, const ockham_run **found, ockham_error *err) {
  for (run->seed = has_seed ? run->seed : 1;; run->seed++) {
    key->size = 0;
    ock_run_key(import->study, run, key);
    if (key->failed) return ock_fail_memory(err, "a run", 0);
    *found = ock_journal_find(import->journal, key->bytes);
    if (has_seed || !*found || (*found)->id < first_new) return OCKHAM_OK;
  }
}

/* The same run with another loss is not the same file again. */
static ockham_status check_same(const ock_import *import, const ockham_run *found, const ock_result *result,
                                ockham_error *err) {
  bool differs = found->outcome == OCKHAM_OUTCOME_DONE && result->outcome == OCKHAM_OUTCOME_DONE &&
                 fabs(found->loss - result->loss) > 1e-6 * fabs(found->loss);
  if (!differs) return OCKHAM_OK;
  return FAULT(import, err,
               "expected a run that is new, or as it is known: run %" PRIu64
               " (the same levels, scale, rate and seed "
               "%" PRIu64 ") has the loss %.8g, not %.8g",
               found->id, found->seed, found->loss, result->loss);
}

ockham_status ock_import_run(ock_import *import, const ock_field *fields, size_t n, ockham_error *err) {
  uint8_t levels[OCK_MOST_FACTORS];
  ockham_run run = {.levels = levels};
  ock_result result;
  bool has_seed;
  double rate;
  OCK_TRY(result_of(import, fields, n, &result, err));
  if (result.outcome == OCKHAM_OUTCOME_WAITING) return OCKHAM_OK;
  OCK_TRY(levels_of(import, fields, n, levels, err));
  OCK_TRY(scale_of(import, fields, n, &run.scale, err));
  OCK_TRY(seed_of(import, fields, n, &has_seed, &run.seed, err));
  OCK_TRY(purpose_of(import, fields, n, levels, &run.purpose, err));
  OCK_TRY(number_of(import, fields, n, "rate", &rate, err));
  run.rate = rate > 0 ? rate : 0;
  ock_line key = {0};
  const ockham_run *found = NULL;
  ockham_status status = find_key(import, &run, has_seed, import->n_rows, &key, &found, err);
  if (!status && found && has_seed) status = check_same(import, found, &result, err);
  bool is_new =
      !found || (has_seed && ock_has_failed(found->outcome) && !ock_has_failed(result.outcome)); /* it was run again */
  if (!status && is_new) {
    run.id = found ? found->id : ock_journal_next_id(import->journal);
    ock_row row = {.run = &run, .key = key.bytes, .result = &result, .cpu_seconds = NAN, .ended_ns = ock_wall_ns()};
    status = ock_journal_put(import->journal, &row, err);
    import->n_imported += !status;
  }
  ock_free(key.bytes);
  return status;
}

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
  static const char *const ours[] = {"scale", "seed",  "rate",       "purpose", "outcome", "diverged",
                                     "loss",  "flops", "parameters", "tokens",  "seconds", "slope"};
  bool is = strcmp(name, study->metric) == 0 || strcmp(name, study->compute) == 0;
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) is |= strcmp(name, ours[i]) == 0;
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
  import.n_rows = ock_journal_next_id(journal);
  ockham_status status = import_any(&import, path, err);
  ock_journal_unlock(journal);
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
  import.n_rows = ock_journal_next_id(journal);
  ockham_status status = import_rows(&import, rows, n_rows, err);
  ock_journal_unlock(journal);
  if (!status) *n_imported = import.n_imported;
  return status;
}
