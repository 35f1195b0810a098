/* SPDX-License-Identifier: Apache-2.0 */
/* A job array for Slurm, and what its tasks leave. Each task's file begins with a line that says which run it was, and
 * ends with one that says how it ended:
 *   OCKHAM run=7 purpose=design scale=S1 seed=3 rate=0.5 levels norm=rms position=rope
 *   ... what the run printed ...
 *   OCKHAM end status=0 seconds=61 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ablate/import.h"
#include "ablate/schedule.h"

/* ---- writing ---- */

static const char head_text[] =
    "\n#SBATCH --array=1-%zu%%%zu\n"
    "#SBATCH --cpus-per-task=1\n"
    "#SBATCH --output=/dev/null\n";

/* A name that comes from the file's may hold anything, and sbatch knows no quotes here. */
static void put_job_name(const ockham_study *study, ock_line *out) {
  ock_line_add(out, "#!/bin/sh\n#SBATCH --job-name=");
  for (const char *c = study->name; *c; c++) ock_line_put(out, (unsigned char)*c <= ' ' ? "-" : c, 1);
}

static void put_head(const ockham_study *study, const char *path, size_t n_tasks, ock_line *out) {
  size_t cores = study->cores ? study->cores : 64;
  put_job_name(study, out);
  ock_line_print(out, head_text, n_tasks, cores);
  if (study->timeout_s > 0) ock_line_print(out, "#SBATCH --time=%.0f\n", ceil(study->timeout_s / 60) + 1);
  ock_line_add(out, "# One task a run. Afterwards: ockham ablate import STUDY ");
  ock_line_quote(out, path);
  ock_line_add(out, ".runs\n\nexport OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1\nfolder=");
  ock_line_quote(out, path);
  ock_line_add(out, ".runs\nmkdir -p \"$folder\"\ncase ${SLURM_ARRAY_TASK_ID:?run this by sbatch} in\n");
}

static ockham_status put_task(const ockham_study *study, const ockham_run *run, const ockham_trainer *trainer,
                              size_t number, ock_line *out, ockham_error *err) {
  char *command;
  ock_line about = {0};
  OCK_TRY(ockham_run_command(study, run, trainer, &command, err));
  ock_line_print(&about, "OCKHAM run=%" PRIu64 " purpose=%s scale=%s seed=%" PRIu64 " rate=", run->id,
                 ock_purpose_words[run->purpose], study->scales[run->scale].name, run->seed);
  ock_line_number(&about, ock_rate_of(run));
  ock_line_add(&about, " levels ");
  ock_levels_put(study, run->levels, &about);
  ock_line_print(out, "%zu) about=", number);
  if (about.failed)
    out->failed = true;
  else
    ock_line_quote(out, about.bytes);
  ock_line_add(out, "\n  run() {\n    ");
  ock_line_add(out, command);
  ock_line_add(out, "\n  } ;;\n");
  ock_free(about.bytes);
  ock_free(command);
  return OCKHAM_OK;
}

static const char tail_text[] =
    "*) echo \"there is no task $SLURM_ARRAY_TASK_ID\" >&2; exit 1 ;;\n"
    "esac\n\n"
    "file=$folder/$(printf %05d \"$SLURM_ARRAY_TASK_ID\")-${SLURM_ARRAY_JOB_ID:-0}.out\n"
    "began=$(date +%s)\n"
    "echo \"$about\" > \"$file.part\"\n"
    "(run) >> \"$file.part\" 2>&1\n"
    "status=$?\n"
    "echo >> \"$file.part\"\n"
    "echo \"OCKHAM end status=$status seconds=$(($(date +%s) - began))\" >> \"$file.part\"\n"
    "mv \"$file.part\" \"$file\"\n";

static ockham_status put_tasks(ock_schedule *schedule, const ockham_trainer *trainer, ock_line *tasks, size_t *n_tasks,
                               ockham_error *err) {
  size_t number;
  ockham_run run;
  while (ock_schedule_next(schedule, &number, &run)) {
    ock_schedule_take(schedule, number);
    run.id = ++*n_tasks;
    OCK_TRY(put_task(schedule->study, &run, trainer, *n_tasks, tasks, err));
  }
  return OCKHAM_OK;
}

static ockham_status write_script(const char *path, const ock_line *head, const ock_line *tasks, ockham_error *err) {
  ock_output output = {0};
  if (head->failed || tasks->failed) return ock_fail_memory(err, "the script", tasks->size);
  OCK_TRY(ock_output_open(&output, path, err));
  ock_output_write(&output, head->bytes, head->size);
  if (tasks->size) ock_output_write(&output, tasks->bytes, tasks->size);
  ock_output_write(&output, tail_text, sizeof tail_text - 1);
  ockham_status status = ock_output_commit(&output, err);
  ock_output_abandon(&output);
  return status;
}

ockham_status ockham_study_slurm(const ockham_study *study, const ockham_plan *plan, ockham_journal *journal,
                                 const ockham_trainer *trainer, const char *path, size_t *n_tasks, size_t *n_later,
                                 ockham_error *err) {
  static const ockham_run_options usual = {0};
  ock_schedule schedule;
  ock_line head = {0}, tasks = {0};
  size_t n = 0;
  OCK_TRY(ock_schedule_make(&schedule, study, plan, journal, &usual, err));
  ockham_status status = put_tasks(&schedule, trainer, &tasks, &n, err);
  size_t later = schedule.n_wanted - schedule.n_done - n;
  ock_schedule_clear(&schedule);
  put_head(study, path, n, &head);
  if (!status && n > 0) status = write_script(path, &head, &tasks, err);
  ock_free(head.bytes);
  ock_free(tasks.bytes);
  if (status) return status;
  *n_tasks = n;
  *n_later = later;
  return OCKHAM_OK;
}

/* ---- reading what tasks leave ---- */

/* The value of "name=" in a line that ends at `end`, copied; false: there is none, or it is too long. */
static bool find_value(const char *line, const char *end, const char *name, char *value, size_t size) {
  size_t n = strlen(name);
  for (const char *word = line; word < end; word++) {
    if (word > line && word[-1] != ' ') continue;
    if ((size_t)(end - word) <= n || strncmp(word, name, n) != 0 || word[n] != '=') continue;
    size_t length = 0;
    while (word + n + 1 + length < end && word[n + 1 + length] != ' ') length++;
    if (length >= size) return false;
    memcpy(value, word + n + 1, length);
    value[length] = '\0';
    return true;
  }
  return false;
}

static ockham_status refuse_task(const ock_import *import, const char *what, ockham_error *err) {
  return ock_fail(err, OCKHAM_BAD_DATA, "%.160s: expected the output of a task of this study, found %s", import->path,
                  what);
}

static ockham_status read_about(const ock_import *import, const char *line, const char *end, ockham_run *run,
                                uint8_t *levels, ockham_error *err) {
  const ockham_study *study = import->study;
  char purpose[32], scale[64], seed[32], rate[40], level[256];
  if (!find_value(line, end, "purpose", purpose, sizeof purpose) ||
      !find_value(line, end, "scale", scale, sizeof scale) || !find_value(line, end, "seed", seed, sizeof seed) ||
      !find_value(line, end, "rate", rate, sizeof rate))
    return refuse_task(import, "no line that says which run it is", err);
  size_t p = ock_word_find(ock_purpose_words, purpose);
  run->purpose = (ockham_purpose)p;
  run->scale = ock_scale_find(study, scale);
  run->seed = strtoull(seed, NULL, 10);
  if (p == OCKHAM_N_PURPOSES || run->scale == SIZE_MAX || !ock_parse_number(rate, &run->rate))
    return refuse_task(import, "one of another", err);
  const char *begin = strstr(line, " levels ");
  for (size_t f = 0; f < study->n_factors; f++) {
    bool found = begin && begin < end && find_value(begin + 1, end, study->factors[f].name, level, sizeof level);
    size_t l = found ? ock_level_find(&study->factors[f], level, strlen(level)) : SIZE_MAX;
    if (l == SIZE_MAX) return refuse_task(import, "other levels", err);
    levels[f] = (uint8_t)l;
  }
  return OCKHAM_OK;
}

/* The last line "OCKHAM end ..."; NULL: the task did not come to its end. */
static const char *find_end(const char *text, size_t size) {
  static const char start[] = "OCKHAM end ";
  const char *found = NULL;
  for (const char *line = text; line < text + size;) {
    const char *end = memchr(line, '\n', (size_t)(text + size - line));
    if ((size_t)(text + size - line) >= sizeof start - 1 && strncmp(line, start, sizeof start - 1) == 0) found = line;
    line = end ? end + 1 : text + size;
  }
  return found;
}

static ockham_status put_task_run(ock_import *import, ockham_run *run, const ock_metrics *metrics, const char *why,
                                  double seconds, ockham_error *err) {
  ock_result result = ock_metrics_result(metrics, import->study, why);
  ock_line key = {0};
  if (isnan(result.seconds)) result.seconds = seconds;
  ock_run_key(import->study, run, &key);
  if (key.failed || metrics->failed) {
    ock_free(key.bytes);
    return ock_fail_memory(err, "a run", 0);
  }
  const ockham_run *before = ock_journal_find(import->journal, key.bytes);
  bool failed = before && !ock_has_ended(before->outcome);
  ockham_status status = OCKHAM_OK;
  if (!before || (failed && result.outcome != OCKHAM_OUTCOME_FAILED)) {
    run->id = before ? before->id : ock_journal_next_id(import->journal);
    ock_row row = {.run = run,
                   .key = key.bytes,
                   .result = &result,
                   .metrics = metrics,
                   .log = import->path,
                   .cpu_seconds = NAN,
                   .ended_ns = ock_wall_ns()};
    status = ock_journal_put(import->journal, &row, err);
    import->n_imported += !status;
  }
  ock_free(key.bytes);
  return status;
}

ockham_status ock_import_task(ock_import *import, const char *text, size_t size, ockham_error *err) {
  uint8_t levels[OCK_MOST_FACTORS];
  ockham_run run = {.levels = levels};
  ock_metrics metrics = {0};
  char status_text[16] = "1", seconds_text[32] = "", why[64];
  double seconds;
  const char *line_end = memchr(text, '\n', size), *end = find_end(text, size);
  if (!line_end || strncmp(text, "OCKHAM run=", 11) != 0)
    return refuse_task(import, "no line that says which run it is", err);
  OCK_TRY(read_about(import, text, line_end, &run, levels, err));
  if (!end || end < line_end) return OCKHAM_OK; /* it did not come to its end: to be run again */
  size_t length = strcspn(end, "\n");
  find_value(end, end + length, "status", status_text, sizeof status_text);
  find_value(end, end + length, "seconds", seconds_text, sizeof seconds_text);
  if (!ock_parse_number(seconds_text, &seconds)) seconds = NAN;
  ock_metrics_feed(&metrics, line_end + 1, (size_t)(end - line_end - 1));
  ock_metrics_end(&metrics);
  snprintf(why, sizeof why, "exit status %s", status_text);
  ockham_status status = put_task_run(import, &run, &metrics, strcmp(status_text, "0") == 0 ? NULL : why, seconds, err);
  ock_metrics_clear(&metrics);
  return status;
}
