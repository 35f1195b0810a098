/* SPDX-License-Identifier: Apache-2.0 */
/* The life of what watches a version, and its thread: thresholds, the queue, and a budget that follows the traffic. */
#include <math.h>
#include <string.h>

#include "serve/drift_watch.h"

enum { LOOK_MS = 200, FOLLOW_SECONDS = 10 };
static const char USUAL_BUDGET[] = "1 per 30d";

static double now_s(void) {
  return (double)ock_wall_ns() / 1e9;
}

/* ---- the budget ---- */

double ock_drift_share(const ock_drift *d, ockham_signal_group group) {
  static const double usual[OCKHAM_N_SIGNAL_GROUPS] = {[OCKHAM_GROUP_INPUTS] = 0.5,
                                                       [OCKHAM_GROUP_OUTPUTS] = 0.15,
                                                       [OCKHAM_GROUP_MISSING] = 0.15,
                                                       [OCKHAM_GROUP_LATENCY] = 0.1,
                                                       [OCKHAM_GROUP_ERRORS] = 0.1};
  double all = 0;
  const double *given = d->settings.shares;
  for (size_t i = 0; i < OCKHAM_N_SIGNAL_GROUPS; i++) all += fmax(given[i], 0);
  return all > 0 ? fmax(given[group], 0) / all : usual[group];
}

static double of_profile(const ock_drift *d) {
  return ock_drift_share(d, OCKHAM_GROUP_INPUTS) + ock_drift_share(d, OCKHAM_GROUP_OUTPUTS) +
         ock_drift_share(d, OCKHAM_GROUP_MISSING);
}

/* One in so many rows, where a part has this share of the alarms; without a share it never alarms. */
static double part_of(double rows, double share) {
  const double never = 1e300;
  return share > 0 ? rows / share : never;
}

/* Values of a series in a second: its own rate, once that is known. */
static double rate_of_series(const ock_drift *d, ock_series series, double now) {
  const ock_rate *rate = series == OCK_SERIES_OUTCOMES ? &d->series[series].rate : &d->requests;
  bool known = rate->since > 0 && now - rate->since >= OCK_RATE_SECONDS;
  return known ? ock_rate_look(rate, now) : OCK_RATE_ASSUMED;
}

/* Values of a series for one false alarm of it; failures and wrong answers have half of "errors" each. */
double ock_drift_series_budget(const ock_drift *d, ock_series series) {
  double share = series == OCK_SERIES_LATENCY ? ock_drift_share(d, OCKHAM_GROUP_LATENCY)
                                              : ock_drift_share(d, OCKHAM_GROUP_ERRORS) / 2;
  double now = now_s(), rate = rate_of_series(d, series, now);
  double rows = d->rate_assumed ? OCK_RATE_ASSUMED : ock_rate_look(&d->rows, now);
  if (d->budget.seconds > 0) return part_of(ock_alarm_budget_rows(&d->budget, rate), share);
  return part_of(fmax(d->budget.rows * (rows > 0 ? rate / rows : 1), 100), share);
}

static void set_series_budget(ock_drift *d, size_t i) {
  d->series[i].budget_used = ock_drift_series_budget(d, (ock_series)i);
  if (d->series[i].stream) ockham_stream_set_budget(d->series[i].stream, d->series[i].budget_used);
}

void ock_drift_convert_budget(ock_drift *d) {
  double rows = part_of(ock_alarm_budget_rows(&d->budget, d->rate_used), of_profile(d));
  d->options.rows_per_false_alarm = rows;
  if (d->monitor) ockham_drift_monitor_set_budget(d->monitor, rows);
  for (size_t i = 0; i < OCK_SERIES_COUNT; i++) set_series_budget(d, i);
}

/* Outcomes may come in another rhythm than rows. */
static void follow_series(ock_drift *d) {
  for (size_t i = 0; i < OCK_SERIES_COUNT; i++)
    if (ock_rate_changed(d->series[i].budget_used, ock_drift_series_budget(d, (ock_series)i))) set_series_budget(d, i);
}

/* A budget in time is worth what comes in that time: what was assumed gives way to what was seen in the first minute,
 * and that to what the last day had, once it is twice or half as much. */
static void follow_rate(ock_drift *d) {
  follow_series(d);
  double now = now_s(), rate = ock_rate_look(&d->rows, now);
  bool known = d->rows.since > 0 && now - d->rows.since >= OCK_RATE_SECONDS && rate > 0;
  if (!known || (!d->rate_assumed && !ock_rate_changed(d->rate_used, rate))) return;
  char text[160];
  d->rate_used = rate;
  d->rate_assumed = false;
  ock_drift_convert_budget(d);
  if (d->budget.rows > 0) return;
  ock_alarm_budget_say(&d->budget, d->settings.false_alarms, rate, false, text, sizeof text);
  ock_server_log(d->server, "%s:%s false alarms: %s", d->name, d->version, text);
}

/* ---- settings ---- */

static ockham_status take_settings(ock_drift *d, const ockham_serve_drift *settings, ockham_error *err) {
  ockham_serve_drift copy;
  ock_arena arena = {0};
  ock_alarm_budget budget;
  bool failed = false;
  ock_copy_drift(&arena, &copy, settings, &failed);
  if (!copy.false_alarms) copy.false_alarms = USUAL_BUDGET;
  ockham_status status = failed ? ock_fail_memory(err, "a model's settings", sizeof copy)
                                : ock_alarm_budget_parse(copy.false_alarms, &budget, err);
  if (status) {
    ock_arena_clear(&arena);
    return status;
  }
  ock_arena_clear(&d->settings_arena);
  d->settings_arena = arena;
  d->settings = copy;
  d->budget = budget;
  return OCKHAM_OK;
}

static bool same_text(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

/* All but the budget and who is told. */
static bool needs_other_thresholds(const ockham_serve_drift *a, const ockham_serve_drift *b) {
  return memcmp(a->shares, b->shares, sizeof a->shares) != 0 || a->min_effect != b->min_effect ||
         a->any_hour != b->any_hour || !same_text(a->detector, b->detector);
}

ockham_status ock_drift_configure(ock_drift *d, const ockham_serve_drift *settings, ockham_error *err) {
  pthread_mutex_lock(&d->lock);
  bool stale = needs_other_thresholds(&d->settings, settings);
  ockham_status status = take_settings(d, settings, err);
  if (!status && stale) d->stale = true;
  if (!status) ock_drift_convert_budget(d);
  pthread_mutex_unlock(&d->lock);
  return status;
}

/* ---- thresholds ---- */

static ockham_drift_options options_of(const ock_drift *d) {
  ockham_drift_options o = {.min_effect = d->settings.min_effect, .by_hour = !d->settings.any_hour};
  if (d->settings.detector) (void)ockham_detector_find(d->settings.detector, &o.detector); /* it was checked */
  for (size_t i = OCKHAM_GROUP_INPUTS; i <= OCKHAM_GROUP_MISSING; i++)
    o.shares[i] = ock_drift_share(d, (ockham_signal_group)i);
  o.rows_per_false_alarm = part_of(ock_alarm_budget_rows(&d->budget, d->rate_used), of_profile(d));
  return o;
}

static void forget_monitor(ock_drift *d) {
  ockham_drift_monitor_free(d->monitor);
  d->monitor = NULL;
  d->n_rows = d->n_begun = d->n_ended = 0;
  atomic_store(&d->capture_left, 0);
}

/* The server may be gone when nobody waits for this. */
static void tell_of_problem(ock_drift *d, const char *problem) {
  pthread_mutex_lock(&d->queue_lock);
  if (!d->left) ock_server_log(d->server, "%s:%s is not watched for drift: %s", d->name, d->version, problem);
  pthread_mutex_unlock(&d->queue_lock);
}

/* Found without the lock: it takes up to a second. */
static void make_monitor(ock_drift *d) {
  ockham_error err = {0};
  ockham_drift_monitor *made = NULL;
  pthread_mutex_lock(&d->lock);
  d->stale = false;
  ockham_drift_options options = options_of(d);
  pthread_mutex_unlock(&d->lock);
  ockham_status status = ockham_drift_monitor_new(d->profile, &options, &made, &err);
  pthread_mutex_lock(&d->lock);
  forget_monitor(d);
  d->monitor = made;
  d->options = options;
  d->since_ns = ock_wall_ns();
  snprintf(d->problem, sizeof d->problem, "%s", status ? err.message : "");
  if (!status) ock_drift_convert_budget(d); /* which may have changed meanwhile */
  pthread_mutex_unlock(&d->lock);
  if (status) tell_of_problem(d, err.message);
}

/* ---- series ---- */

#define WORD(name, word, unit, meaning) word,
#define UNIT(name, word, unit, meaning) unit,
#define MEANING(name, word, unit, meaning) meaning,
const char *const ock_series_words[OCK_SERIES_COUNT] = {OCK_SERIES_LIST(WORD)};
const char *const ock_series_units[OCK_SERIES_COUNT] = {OCK_SERIES_LIST(UNIT)};
const char *const ock_series_meanings[OCK_SERIES_COUNT] = {OCK_SERIES_LIST(MEANING)};

static void begin_series(ock_drift *d, ock_series series, bool events) {
  ock_drift_series *s = &d->series[series];
  ockham_stream_options options = {.events = events,
                                   .rows_per_false_alarm = ock_drift_series_budget(d, series),
                                   .min_effect = d->settings.min_effect,
                                   .n_learn = OCK_SERIES_LEARN};
  s->events = events;
  if (ockham_stream_new(&options, &s->stream, NULL)) s->stream = NULL;
}

void ock_drift_put_value(ock_drift *d, ock_series series, double value, double now) {
  ock_drift_series *s = &d->series[series];
  if (!s->n_values) begin_series(d, series, series == OCK_SERIES_FAILURES);
  s->n_values++;
  ock_rate_add(&s->rate, 1, now);
  if (s->stream) (void)ockham_stream_put(s->stream, value);
}

/* ---- outcomes ---- */

static bool is_event(double value) {
  return value == 0 || value == 1;
}

/* What errors are is seen by the first ones. */
static void begin_outcomes(ock_drift *d) {
  ock_drift_series *s = &d->series[OCK_SERIES_OUTCOMES];
  bool events = true;
  for (size_t i = 0; i < OCK_SERIES_LEARN; i++) events = events && is_event(s->early[i]);
  begin_series(d, OCK_SERIES_OUTCOMES, events);
  for (size_t i = 0; i < OCK_SERIES_LEARN && s->stream; i++) (void)ockham_stream_put(s->stream, s->early[i]);
  ock_free(s->early);
  s->early = NULL;
}

static void put_outcome(ock_drift *d, double error, double now) {
  ock_drift_series *s = &d->series[OCK_SERIES_OUTCOMES];
  ock_rate_add(&s->rate, 1, now);
  if (s->n_values >= OCK_SERIES_LEARN) {
    s->n_values++;
    if (s->stream) (void)ockham_stream_put(s->stream, error);
    return;
  }
  if (!s->early) s->early = ock_alloc_array(OCK_SERIES_LEARN, sizeof *s->early);
  if (!s->early) return;
  s->early[s->n_values++] = error;
  if (s->n_values == OCK_SERIES_LEARN) begin_outcomes(d);
}

/* What came before the server started: a model that is told of a few outcomes a day shall not forget them. Nobody is
 * told of an alarm again. */
static void remember_outcomes(ock_drift *d) {
  enum { MOST = 20000 };
  double *errors = NULL, now = now_s();
  size_t n = 0;
  if (!d->server->recorder) return;
  if (ock_outcomes_get(d->server->options.folder, d->name, d->version, MOST, &errors, &n, NULL)) return;
  for (size_t i = 0; i < n; i++) put_outcome(d, errors[i], now);
  const ock_drift_series *s = &d->series[OCK_SERIES_OUTCOMES];
  d->series[OCK_SERIES_OUTCOMES].told = d->drifted = s->stream && ockham_stream_look(s->stream).drifted;
  d->series[OCK_SERIES_OUTCOMES].rate = (ock_rate){0};
  ock_free(errors);
}

int ock_drift_outcomes_are_events(ock_drift *d) {
  const ock_drift_series *s = &d->series[OCK_SERIES_OUTCOMES];
  pthread_mutex_lock(&d->lock);
  int known = s->stream ? s->events : -1;
  pthread_mutex_unlock(&d->lock);
  return known;
}

void ock_drift_put_outcomes(ock_drift *d, const double *errors, size_t n) {
  double now = now_s();
  pthread_mutex_lock(&d->lock);
  for (size_t i = 0; i < n; i++) put_outcome(d, errors[i], now);
  follow_series(d);
  ock_drift_tell(d);
  pthread_mutex_unlock(&d->lock);
}

/* ---- the thread ---- */

/* Until there is half a queue, or it is time. False: it ends. */
static bool wait_for_rows(ock_drift *d) {
  uint64_t until = ock_clock_ns() + LOOK_MS * (uint64_t)1000000;
  pthread_mutex_lock(&d->queue_lock);
  while (!d->wanted && !d->ending && ock_condition_wait(&d->changed, &d->queue_lock, until)) continue;
  bool goes_on = !d->ending;
  pthread_mutex_unlock(&d->queue_lock);
  return goes_on;
}

static void clear(ock_drift *d);

/* Nobody waits for thresholds that are not wanted any more: then all is freed here, once they are found. False: it was.
 */
static bool find_thresholds(ock_drift *d) {
  pthread_mutex_lock(&d->queue_lock);
  d->calibrates = !d->ending;
  pthread_mutex_unlock(&d->queue_lock);
  if (!d->calibrates) return true;
  make_monitor(d);
  pthread_mutex_lock(&d->queue_lock);
  d->calibrates = false;
  bool left = d->left;
  pthread_mutex_unlock(&d->queue_lock);
  if (left) clear(d);
  return !left;
}

static void *run(void *arg) {
  ock_drift *d = arg;
  uint64_t follow_ns = 0;
  if (!find_thresholds(d)) return NULL;
  while (wait_for_rows(d)) {
    pthread_mutex_lock(&d->lock);
    ock_drift_drain(d);
    if (ock_clock_ns() >= follow_ns) {
      follow_rate(d);
      follow_ns = ock_clock_ns() + FOLLOW_SECONDS * (uint64_t)1000000000;
    }
    bool stale = d->stale;
    pthread_mutex_unlock(&d->lock);
    if (stale && !find_thresholds(d)) return NULL;
  }
  return NULL;
}

/* ---- life ---- */

static void clear(ock_drift *d) {
  ockham_drift_monitor_free(d->monitor);
  for (size_t i = 0; i < OCK_SERIES_COUNT; i++) {
    ockham_stream_free(d->series[i].stream);
    ock_free(d->series[i].early);
  }
  ockham_profile_free(d->profile);
  ock_drift_queue_clear(d);
  pthread_cond_destroy(&d->changed);
  pthread_mutex_destroy(&d->queue_lock);
  pthread_mutex_destroy(&d->lock);
  ock_arena_clear(&d->settings_arena);
  ock_arena_clear(&d->arena);
  ock_free(d);
}

/* A thread that finds thresholds may go on for a second: it is left alone, and has no more to do with the server. */
static void free_drift(ock_drift *d) {
  pthread_mutex_lock(&d->queue_lock);
  d->ending = true;
  d->left = d->calibrates;
  bool left = d->left;
  pthread_t thread = d->thread;
  pthread_cond_broadcast(&d->changed);
  pthread_mutex_unlock(&d->queue_lock);
  if (left) {
    pthread_detach(thread);
    return;
  }
  if (d->runs) pthread_join(thread, NULL);
  clear(d);
}

void ock_drift_hold(ock_drift *d) {
  atomic_fetch_add(&d->n_holders, 1);
}

void ock_drift_release(ock_drift *d) {
  if (d && atomic_fetch_sub(&d->n_holders, 1) == 1) free_drift(d);
}

bool ock_drift_fits(const ock_drift *d, const ockham_serve_model *settings) {
  uint64_t identity = ock_model_identity(settings);
  return identity && identity == d->identity;
}

static ockham_status open_profile(ock_drift *d, const ock_version *version, ockham_error *err) {
  const ockham_serve_model *s = &version->settings;
  const char *path = s->profile ? s->profile : s->file;
  if (path) OCK_TRY(ock_profile_open(path, &d->profile, err));
  if (!d->profile) return OCKHAM_OK;
  bool failed = false;
  d->from = ock_copy_text(&d->arena, path, &failed);
  d->parts = ockham_profile_look(d->profile);
  d->n_columns = d->parts->n_columns;
  return ock_drift_queue_make(d) && !failed ? OCKHAM_OK : ock_fail_memory(err, "a queue of rows", OCK_DRIFT_VALUES);
}

static ockham_status begin(ock_drift *d, const ock_version *version, ockham_error *err) {
  OCK_TRY(take_settings(d, &version->settings.drift, err));
  OCK_TRY(open_profile(d, version, err));
  remember_outcomes(d);
  if (!d->profile) return OCKHAM_OK;
  int why = pthread_create(&d->thread, NULL, run, d);
  if (why) return ock_fail(err, OCKHAM_IO, "cannot start watching for drift: %s", strerror(why));
  d->runs = true;
  return OCKHAM_OK;
}

ockham_status ock_drift_start(ock_version *version, ock_drift **drift, ockham_error *err) {
  ock_drift *d = ock_alloc_zeroed(1, sizeof *d);
  *drift = NULL;
  if (!d) return ock_fail_memory(err, "what watches for drift", sizeof *d);
  d->n_holders = 1;
  d->server = version->server;
  snprintf(d->name, sizeof d->name, "%s", version->settings.name);
  snprintf(d->version, sizeof d->version, "%s", version->settings.version);
  d->identity = ock_model_identity(&version->settings);
  d->rate_assumed = true;
  d->rate_used = OCK_RATE_ASSUMED;
  d->since_ns = ock_wall_ns();
  pthread_mutex_init(&d->lock, NULL);
  pthread_mutex_init(&d->queue_lock, NULL);
  ock_condition_init(&d->changed);
  ockham_status status = begin(d, version, err);
  if (status)
    ock_drift_release(d);
  else
    *drift = d;
  return status;
}
