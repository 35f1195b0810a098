/* SPDX-License-Identifier: Apache-2.0 */
/* Runs as a table: CSV as RFC 4180 has it, with all that import.c takes in. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "ablate/import.h"
#include "data/internal.h"

/* ---- cells ---- */

static void put_text(ock_line *row, const char *text) {
  if (row->size) ock_line_put(row, ",", 1);
  if (!text[strcspn(text, "\",\r\n")]) {
    ock_line_add(row, text);
    return;
  }
  ock_line_put(row, "\"", 1);
  for (; *text; text++) ock_line_put(row, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
  ock_line_put(row, "\"", 1);
}

/* So that it is read back as it was; empty where it is not known. */
static void put_number(ock_line *row, double value) {
  char text[32] = "";
  if (!isnan(value)) ock_number_format(value, text);
  put_text(row, text);
}

/* ---- columns ---- */

/* After the scale and the factors. The loss and the compute have the study's names. */
enum { N_WORDS = 4, N_NUMBERS = 6, N_COLUMNS = N_WORDS + N_NUMBERS };
typedef struct columns {
  const char *ours[N_COLUMNS], *names[N_COLUMNS];
} columns;

static columns columns_of(const ockham_study *study) {
  return (columns){{"seed", "rate", "purpose", "outcome", "loss", "flops", "parameters", "tokens", "seconds", "slope"},
                   {"seed", "rate", "purpose", "outcome", study->metric, study->compute, "parameters", "tokens",
                    "seconds", "slope"}};
}

static bool is_taken(const ockham_study *study, const columns *c, size_t at) {
  const char *name = c->names[at];
  if (strcmp(name, "scale") == 0 || ock_factor_find(study, name, strlen(name)) != SIZE_MAX) return true;
  for (size_t i = 0; i < at; i++)
    if (strcmp(c->names[i], name) == 0) return true;
  return false;
}

/* Every setting of scales is a column, which tells what a scale of that name was; but not one that is called as a
 * column of ours. */
typedef struct setting_place {
  size_t scale, number;
} setting_place;

/* NULL: there is no more. */
static const char *next_setting(const ockham_study *study, setting_place *at) {
  for (; at->scale < study->n_scales; at->scale++, at->number = 0) {
    const ockham_study_scale *scale = &study->scales[at->scale];
    while (at->number < scale->n_settings) {
      const char *name = scale->settings[at->number++].name;
      bool known = ock_is_own_column(study, name);
      for (size_t s = 0; s < at->scale; s++)
        known = known || ock_setting_find(study->scales[s].settings, study->scales[s].n_settings, name);
      if (!known) return name;
    }
  }
  return NULL;
}

/* A name that is taken gives way to one that no study can have. */
static void put_header(const ockham_study *study, ock_line *row) {
  columns c = columns_of(study);
  setting_place at = {0};
  ock_line_add(row, "scale");
  for (const char *name; (name = next_setting(study, &at));) put_text(row, name);
  for (size_t f = 0; f < study->n_factors; f++) put_text(row, study->factors[f].name);
  for (size_t i = 0; i < N_COLUMNS; i++) {
    bool taken = is_taken(study, &c, i);
    put_text(row, taken ? OCK_OWN_COLUMN : c.names[i]);
    if (taken) ock_line_add(row, c.ours[i]);
  }
  ock_line_add(row, "\n");
}

static void put_run(const ockham_study *study, const ockham_run *run, ock_line *row) {
  const double numbers[N_NUMBERS] = {run->loss, run->flops, run->parameters, run->tokens, run->seconds, run->slope};
  const ockham_study_scale *scale = &study->scales[run->scale];
  setting_place at = {0};
  put_text(row, scale->name);
  for (const char *name; (name = next_setting(study, &at));) {
    const char *value = ock_setting_find(scale->settings, scale->n_settings, name);
    put_text(row, value ? value : "");
  }
  for (size_t f = 0; f < study->n_factors; f++) put_text(row, study->factors[f].levels[run->levels[f]]);
  ock_line_print(row, ",%" PRIu64, run->seed);
  put_number(row, run->rate);
  put_text(row, ock_purpose_words[run->purpose]);
  put_text(row, ock_outcome_words[run->outcome]);
  for (size_t i = 0; i < N_NUMBERS; i++) put_number(row, numbers[i]);
  ock_line_add(row, "\n");
}

/* ---- the table ---- */

static ockham_status write_rows(const ockham_study *study, const ockham_run *runs, size_t n_runs, ock_output *output,
                                ockham_error *err) {
  ock_line row = {0};
  put_header(study, &row);
  for (size_t i = 0; i <= n_runs && !row.failed; i++) {
    ock_output_write(output, row.bytes, row.size);
    row.size = 0;
    if (i < n_runs) put_run(study, &runs[i], &row);
  }
  bool failed = row.failed;
  ock_free(row.bytes);
  return failed ? ock_fail_memory(err, "a row of the table", row.size) : ock_output_commit(output, err);
}

ockham_status ockham_journal_export(const ockham_journal *journal, const char *path, uint64_t *n_exported,
                                    ockham_error *err) {
  size_t n_runs;
  const ockham_run *runs = ock_journal_all(journal, &n_runs);
  if (strcmp(path, "-") != 0 && !ock_ends_in(path, ".csv"))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: expected a name in .csv", ock_show(path).text);
  ock_output output = {0};
  OCK_TRY(ock_output_open(&output, path, err));
  ockham_status status = write_rows(ock_journal_study(journal), runs, n_runs, &output, err);
  ock_output_abandon(&output);
  if (!status) *n_exported = n_runs;
  return status;
}
