/* SPDX-License-Identifier: Apache-2.0 */
/* Whether answers are what they should be: the same again, the same in company, numbers, and refused when they must be.
 */
#include <math.h>
#include <string.h>

#include "serve/certify.h"

enum { REPEATS = 20, REPEAT_ROWS = 16, BATCH_ROWS = 128, NUMBER_ROWS = 64, FRESH = 2 };

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

/* The rows `first` on of the sample, asked of a subject. */
static ockham_status ask_rows(ock_trial *trial, ock_subject *subject, const char *stage, size_t first, size_t n,
                              const size_t *order, ock_answer *answer, ockham_error *err) {
  ock_message request;
  *answer = (ock_answer){0};
  OCK_TRY(ock_trial_step(trial, stage, err));
  OCK_TRY(ock_sample_request(&trial->sample, subject->schema, first, n, order, &request, err));
  return ock_subject_ask(subject, &request, answer, err);
}

static void find_failure(ock_trial *trial, ockham_finding_kind kind, const ock_answer *answer) {
  ock_trial_find(trial, kind, OCKHAM_FIT_BAD, "a request failed: %s: %.140s", ock_outcome_text(answer->outcome),
                 answer->error.message);
}

static unsigned long long source_row(const ock_trial *trial, size_t row) {
  return (unsigned long long)trial->sample.source_rows[row % trial->sample.n_rows];
}

/* ---- determinism, and start-up ---- */

typedef struct repeats {
  ock_answer first;
  ock_deviation again, shuffled, fresh;
  double startups[1 + FRESH];
  bool failed; /* and was found */
} repeats;

static ockham_status repeat(ock_trial *trial, repeats *r, size_t n, ockham_error *err) {
  OCK_TRY(ask_rows(trial, &trial->subject, "repeating", 0, n, NULL, &r->first, err));
  for (int i = 1; i < REPEATS && !r->failed && r->first.outcome == OCK_DONE; i++) {
    ock_answer answer;
    OCK_TRY(ask_rows(trial, &trial->subject, "repeating", 0, n, NULL, &answer, err));
    if (answer.outcome == OCK_DONE)
      ock_compare_whole(&r->first, &answer, &r->again);
    else
      find_failure(trial, OCKHAM_FINDING_DETERMINISM, &answer);
    r->failed = answer.outcome != OCK_DONE;
    ock_answer_clear(&answer);
  }
  if (r->first.outcome != OCK_DONE) find_failure(trial, OCKHAM_FINDING_DETERMINISM, &r->first);
  r->failed = r->failed || r->first.outcome != OCK_DONE;
  return OCKHAM_OK;
}

static ockham_status shuffle(ock_trial *trial, repeats *r, size_t n, ockham_error *err) {
  size_t order[REPEAT_ROWS];
  ock_answer answer;
  for (size_t i = 0; i < n; i++) order[i] = i;
  for (size_t i = n; i > 1; i--) {
    size_t j = (size_t)ock_rng_below(&trial->rng, i), kept = order[j];
    order[j] = order[i - 1];
    order[i - 1] = kept;
  }
  OCK_TRY(ask_rows(trial, &trial->subject, "shuffling", 0, n, order, &answer, err));
  if (answer.outcome == OCK_DONE)
    for (size_t i = 0; i < n; i++) ock_compare_row(&r->first, order[i], &answer, i, &r->shuffled);
  ock_answer_clear(&answer);
  return OCKHAM_OK;
}

/* A process that has seen nothing else. */
static ockham_status ask_fresh(ock_trial *trial, repeats *r, size_t n, double *startup_seconds, ockham_error *err) {
  ock_subject subject;
  ock_answer answer;
  OCK_TRY(ock_subject_start(&subject, trial->options->model, err));
  *startup_seconds = subject.startup_seconds;
  ockham_status status = ask_rows(trial, &subject, "starting anew", 0, n, NULL, &answer, err);
  if (!status && answer.outcome == OCK_DONE && r->first.outcome == OCK_DONE)
    ock_compare_whole(&r->first, &answer, &r->fresh);
  if (!status) ock_answer_clear(&answer);
  ock_subject_stop(&subject);
  return status;
}

static void find_startup(ock_trial *trial, repeats *r) {
  const ockham_serve_model *m = trial->options->model;
  double seconds = ock_quantile(r->startups, 1 + FRESH, 0.5), most = (m->startup_ms ? m->startup_ms : 30000) / 1000.0;
  trial->certificate->budget.startup_seconds = seconds;
  if (seconds > most / 2)
    ock_trial_find(trial, OCKHAM_FINDING_STARTUP, OCKHAM_FIT_NOTE, "%.3g s, near the %g s that it is given", seconds,
                   most);
  else
    ock_trial_find(trial, OCKHAM_FINDING_STARTUP, OCKHAM_FIT_OK, "%.3g s, the median of %d starts", seconds, 1 + FRESH);
}

/* Differences up to rounding are worth a note, larger ones are bad. */
static void find_difference(ock_trial *trial, ockham_finding_kind kind, const ock_deviation *d, double rounding,
                            const char *what) {
  char size[48] = "altogether";
  if (isfinite(d->relative)) snprintf(size, sizeof size, "by %.2g of its value", d->relative);
  ock_trial_find(trial, kind, d->relative > rounding ? OCKHAM_FIT_BAD : OCKHAM_FIT_NOTE,
                 "%s: output '%s' of row %llu differs %s", what, d->output, source_row(trial, d->row), size);
}

static void find_determinism(ock_trial *trial, repeats *r) {
  double rounding = ock_rounding(&r->first);
  if (r->failed) return;
  if (r->again.differs)
    find_difference(trial, OCKHAM_FINDING_DETERMINISM, &r->again, 0, "the same request is answered differently");
  else if (r->fresh.differs)
    find_difference(trial, OCKHAM_FINDING_DETERMINISM, &r->fresh, rounding, "another process answers differently");
  else if (r->shuffled.differs)
    find_difference(trial, OCKHAM_FINDING_DETERMINISM, &r->shuffled, rounding, "the order of rows matters");
  else
    ock_trial_find(trial, OCKHAM_FINDING_DETERMINISM, OCKHAM_FIT_OK,
                   "the same bits %d times, with rows in another order, and in %d fresh %s", REPEATS, FRESH,
                   trial->options->model->command ? "processes" : "starts");
}

static ockham_status try_determinism(ock_trial *trial, repeats *r, ockham_error *err) {
  size_t n = least(REPEAT_ROWS, trial->sample.n_rows);
  r->startups[0] = trial->subject.startup_seconds;
  OCK_TRY(repeat(trial, r, n, err));
  if (!r->failed) OCK_TRY(shuffle(trial, r, n, err));
  for (size_t i = 0; i < FRESH; i++) OCK_TRY(ask_fresh(trial, r, n, &r->startups[1 + i], err));
  find_startup(trial, r);
  find_determinism(trial, r);
  return OCKHAM_OK;
}

ockham_status ock_trial_determinism(ock_trial *trial, ockham_error *err) {
  repeats r = {0};
  ockham_status status = try_determinism(trial, &r, err);
  ock_answer_clear(&r.first);
  return status;
}

/* ---- numbers ---- */

void ock_trial_look_at(ock_trial *trial, size_t first, const ock_answer *answer) {
  size_t row = 0;
  char output[64];
  trial->n_looked_at++;
  if (ock_count_bad_numbers(answer, &row, output) == 0 || trial->n_bad++) return;
  trial->bad_row = first + row;
  trial->bad_rows = answer->n_rows;
  memcpy(trial->bad_output, output, sizeof output);
}

static void find_numbers(ock_trial *trial) {
  char where[48] = "alone";
  if (trial->bad_rows > 1) snprintf(where, sizeof where, "in a batch of %zu", trial->bad_rows);
  if (trial->n_bad)
    ock_trial_find(trial, OCKHAM_FINDING_NUMBERS, OCKHAM_FIT_BAD,
                   "NaN or infinite in %llu of %llu answers; the first: output '%s' of row %llu, %s",
                   (unsigned long long)trial->n_bad, (unsigned long long)trial->n_looked_at, trial->bad_output,
                   source_row(trial, trial->bad_row), where);
  else
    ock_trial_find(trial, OCKHAM_FINDING_NUMBERS, OCKHAM_FIT_OK, "all finite in %llu answers, to each of %zu rows",
                   (unsigned long long)trial->n_looked_at, trial->sample.n_rows);
}

ockham_status ock_trial_numbers(ock_trial *trial, ockham_error *err) {
  size_t n = trial->sample.n_rows;
  for (size_t at = 0; at < n; at += NUMBER_ROWS) {
    ock_answer answer;
    OCK_TRY(ask_rows(trial, &trial->subject, "all rows", at, least(NUMBER_ROWS, n - at), NULL, &answer, err));
    bool failed = answer.outcome != OCK_DONE;
    if (failed)
      find_failure(trial, OCKHAM_FINDING_NUMBERS, &answer);
    else
      ock_trial_look_at(trial, at, &answer);
    ock_answer_clear(&answer);
    if (failed) return OCKHAM_OK;
  }
  find_numbers(trial);
  return OCKHAM_OK;
}

/* ---- batches ---- */

static ockham_status try_batches(ock_trial *trial, const ock_answer *batch, ockham_error *err) {
  ock_deviation difference = {0};
  for (size_t i = 0; i < batch->n_rows; i++) {
    ock_answer single;
    OCK_TRY(ask_rows(trial, &trial->subject, "single rows", i, 1, NULL, &single, err));
    bool failed = single.outcome != OCK_DONE;
    if (failed) {
      find_failure(trial, OCKHAM_FINDING_BATCHES, &single);
    } else {
      ock_trial_look_at(trial, i, &single);
      ock_compare_row(batch, i, &single, 0, &difference);
    }
    ock_answer_clear(&single);
    if (failed) return OCKHAM_OK;
  }
  if (difference.differs)
    find_difference(trial, OCKHAM_FINDING_BATCHES, &difference, ock_rounding(batch), "in a batch and alone");
  else
    ock_trial_find(trial, OCKHAM_FINDING_BATCHES, OCKHAM_FIT_OK, "%zu rows have the same bits in a batch and alone",
                   batch->n_rows);
  return OCKHAM_OK;
}

ockham_status ock_trial_batches(ock_trial *trial, ockham_error *err) {
  ock_answer batch;
  OCK_TRY(ask_rows(trial, &trial->subject, "a batch", 0, least(BATCH_ROWS, trial->sample.n_rows), NULL, &batch, err));
  ockham_status status = OCKHAM_OK;
  if (batch.outcome == OCK_DONE)
    status = try_batches(trial, &batch, err);
  else
    find_failure(trial, OCKHAM_FINDING_BATCHES, &batch);
  ock_answer_clear(&batch);
  return status;
}

/* ---- odd inputs ---- */

#define ODD_TEXT(name, text, refused) text,
#define ODD_REFUSED(name, text, refused) refused,
static const char *const odd_texts[] = {OCK_ODD_LIST(ODD_TEXT)};
static const bool server_refuses[] = {OCK_ODD_LIST(ODD_REFUSED)};

typedef struct odd_result {
  ockham_fit fit;
  char text[240], refused[120];
} odd_result;

static void worse(odd_result *result, ockham_fit fit, const char *what, const char *how) {
  if (fit <= result->fit) return;
  result->fit = fit;
  snprintf(result->text, sizeof result->text, "%s: %s", what, how);
}

static void judge(odd_result *result, ock_odd odd, const ock_answer *answer) {
  const char *what = odd_texts[odd];
  char how[200];
  switch (answer->outcome) {
    case OCK_REFUSED:
    case OCK_DONE:
      break;
    case OCK_FAILED:
      snprintf(how, sizeof how, "it fails instead of refusing it: %.120s", answer->error.message);
      worse(result, server_refuses[odd] ? OCKHAM_FIT_OK : OCKHAM_FIT_NOTE, what, how);
      break;
    default:
      snprintf(how, sizeof how, "%s: %.120s", ock_outcome_text(answer->outcome), answer->error.message);
      worse(result, OCKHAM_FIT_BAD, what, how);
  }
  bool answered = answer->outcome == OCK_DONE && !server_refuses[odd];
  size_t used = strlen(result->refused);
  snprintf(result->refused + used, sizeof result->refused - used, "%s%s %s", used ? ", " : "", what,
           answered ? "answered" : "refused");
}

static ockham_status try_odd(ock_trial *trial, ock_odd odd, odd_result *result, ockham_error *err) {
  ock_message request;
  ock_answer answer, after;
  bool there;
  OCK_TRY(ock_trial_step(trial, "odd inputs", err));
  OCK_TRY(ock_odd_request(&trial->sample, trial->subject.schema, odd, &request, &there, err));
  if (!there) return OCKHAM_OK;
  OCK_TRY(ock_subject_ask(&trial->subject, &request, &answer, err));
  judge(result, odd, &answer);
  ock_answer_clear(&answer);
  OCK_TRY(ask_rows(trial, &trial->subject, "odd inputs", 0, 1, NULL, &after, err));
  if (after.outcome != OCK_DONE) worse(result, OCKHAM_FIT_BAD, odd_texts[odd], "it answers no other request after it");
  ock_answer_clear(&after);
  return OCKHAM_OK;
}

ockham_status ock_trial_odd_inputs(ock_trial *trial, ockham_error *err) {
  odd_result result = {.fit = OCKHAM_FIT_OK};
  for (int odd = 0; odd < OCK_ODD_COUNT; odd++) OCK_TRY(try_odd(trial, (ock_odd)odd, &result, err));
  ock_trial_find(trial, OCKHAM_FINDING_ODD_INPUTS, result.fit, "%s",
                 result.fit == OCKHAM_FIT_OK ? result.refused : result.text);
  return OCKHAM_OK;
}
