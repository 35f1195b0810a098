/* SPDX-License-Identifier: Apache-2.0 */
/* Runs as a table: CSV as RFC 4180 has it, with all that import.c takes in. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "ablate/journal.h"
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
  if (isfinite(value)) ock_number_format(value, text);
  put_text(row, text);
}

/* ---- rows ---- */

enum { N_NUMBERS = 6 };
typedef struct numbers {
  const char *names[N_NUMBERS];
  double values[N_NUMBERS];
} numbers;

/* The loss and the compute have the study's names, which may be one of the others': that is then the same number. */
static numbers numbers_of(const ockham_study *study, const ockham_run *run) {
  return (numbers){{study->metric, study->compute, "parameters", "tokens", "seconds", "slope"},
                   {run->loss, run->flops, run->parameters, run->tokens, run->seconds, run->slope}};
}

static bool comes_before(const char *const *names, size_t at) {
  for (size_t i = 0; i < at; i++)
    if (strcmp(names[i], names[at]) == 0) return true;
  return false;
}

static void put_header(const ockham_study *study, ock_line *row) {
  numbers columns = numbers_of(study, &(ockham_run){0});
  ock_line_add(row, "scale");
  for (size_t f = 0; f < study->n_factors; f++) put_text(row, study->factors[f].name);
  ock_line_add(row, ",seed,rate,purpose,outcome");
  for (size_t i = 0; i < N_NUMBERS; i++)
    if (!comes_before(columns.names, i)) put_text(row, columns.names[i]);
  ock_line_add(row, "\n");
}

static void put_run(const ockham_study *study, const ockham_run *run, ock_line *row) {
  numbers columns = numbers_of(study, run);
  put_text(row, study->scales[run->scale].name);
  for (size_t f = 0; f < study->n_factors; f++) put_text(row, study->factors[f].levels[run->levels[f]]);
  ock_line_print(row, ",%" PRIu64, run->seed);
  put_number(row, run->rate);
  put_text(row, ock_purpose_words[run->purpose]);
  put_text(row, ock_outcome_words[run->outcome]);
  for (size_t i = 0; i < N_NUMBERS; i++)
    if (!comes_before(columns.names, i)) put_number(row, columns.values[i]);
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

ockham_status ockham_journal_export(const ockham_journal *journal, const char *path, size_t *n_runs,
                                    ockham_error *err) {
  const ockham_run *runs = ock_journal_all(journal, n_runs);
  size_t length = strlen(path);
  if (strcmp(path, "-") != 0 && (length < 4 || strcmp(path + length - 4, ".csv") != 0))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: expected a name in .csv", ock_show(path).text);
  ock_output output = {0};
  OCK_TRY(ock_output_open(&output, path, err));
  ockham_status status = write_rows(ock_journal_study(journal), runs, *n_runs, &output, err);
  ock_output_abandon(&output);
  return status;
}
