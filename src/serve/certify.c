/* SPDX-License-Identifier: Apache-2.0 */
/* A model is started, asked for, and told of. */
#include "serve/certify.h"

#include <math.h>
#include <string.h>

#define FINDING_WORD(name, word) word,
static const char *const finding_words[] = {OCKHAM_FINDING_LIST(FINDING_WORD)};
#define FIT_WORD(name, word) word,
static const char *const fit_words[] = {OCKHAM_FIT_LIST(FIT_WORD)};

const char *ockham_fit_text(ockham_fit fit) {
  return (unsigned)fit < OCKHAM_FIT_COUNT ? fit_words[fit] : "unknown";
}

void ock_trial_find(ock_trial *trial, ockham_finding_kind kind, ockham_fit fit, const char *format, ...) {
  ockham_finding *finding = &trial->certificate->findings[kind];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(finding->text, sizeof finding->text, format, arguments);
  va_end(arguments);
  finding->fit = fit;
}

ockham_status ock_trial_step(ock_trial *trial, const char *stage, ockham_error *err) {
  trial->done++;
  if (trial->done > trial->total) trial->total = trial->done;
  if (!ock_progress_stopped(trial->options->progress, stage, trial->done, trial->total)) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_INTERRUPTED, "stopped after %llu of some %llu requests", (unsigned long long)trial->done,
                  (unsigned long long)trial->total);
}

static void begin_certificate(ockham_certificate *certificate) {
  const ockham_interval unknown = {(double)NAN, (double)NAN, (double)NAN};
  *certificate = (ockham_certificate){.budget = {.startup_seconds = (double)NAN,
                                                 .cpu_seconds_per_row = unknown,
                                                 .cpu_seconds_per_request = unknown,
                                                 .growth_bytes_per_request = unknown}};
  for (size_t i = 0; i < OCKHAM_FINDING_COUNT; i++) {
    certificate->findings[i].name = finding_words[i];
    snprintf(certificate->findings[i].text, sizeof certificate->findings[i].text, "not looked at");
  }
}

static ockham_status try_all(ock_trial *trial, ockham_error *err) {
  const ockham_certify_options *o = trial->options;
  OCK_TRY(ock_sample_read(o->sample, o->read, trial->subject.schema, &trial->sample, err));
  trial->certificate->n_sample_rows = trial->sample.n_rows;
  trial->total = (o->requests ? o->requests : 10000) + 200 + trial->sample.n_rows / 64;
  OCK_TRY(ock_trial_load(trial, err));
  OCK_TRY(ock_trial_determinism(trial, err));
  OCK_TRY(ock_trial_batches(trial, err));
  OCK_TRY(ock_trial_numbers(trial, err));
  return ock_trial_odd_inputs(trial, err);
}

static ockham_status check_options(const ockham_certify_options *o, ockham_error *err) {
  const ockham_serve_model *m = o->model;
  int n = (m->file != NULL) + (m->command != NULL) + (m->upstream != NULL);
  if (n != 1)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected exactly one of file, command and upstream, found %s",
                    n ? "several" : "none");
  return o->sample ? OCKHAM_OK : ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected a sample of rows, found none");
}

ockham_status ockham_certify(const ockham_certify_options *options, ockham_certificate *certificate,
                             ockham_error *err) {
  ock_trial trial = {.options = options, .certificate = certificate, .rng = ock_rng_make(options->seed, 0)};
  begin_certificate(certificate);
  OCK_TRY(check_options(options, err));
  OCK_TRY(ock_subject_start(&trial.subject, options->model, err));
  ockham_status status = try_all(&trial, err);
  ock_subject_stop(&trial.subject);
  ock_sample_clear(&trial.sample);
  return status;
}
