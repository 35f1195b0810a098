/* SPDX-License-Identifier: Apache-2.0 */
/* The history against a list of every request that was counted, slice by slice, as JSON that jansson reads. */
#include <jansson.h>

#include "../test.h"
#include "serve/history.h"

enum { SECOND_NS = 1000000000, MOST = 4000 };

typedef struct told { /* of one slice */
  size_t n_success, n_fault, n_refused, n_rejected, n_rows;
  uint64_t times[MOST];
} told;

typedef struct fixture {
  ock_meter meter;
  ock_past past;
  ock_crew_figures crew;
  uint64_t begin_ns, second;
  ock_rng rng;
} fixture;

static void begin(fixture *f) {
  *f = (fixture){.rng = ock_rng_make(5, 0)};
  ock_meter_init(&f->meter);
  ock_past_init(&f->past);
  f->begin_ns = f->past.current.time_ns;
}

static void end(fixture *f) {
  ock_meter_clear(&f->meter);
  ock_past_clear(&f->past);
}

static void look(fixture *f, bool ready) {
  f->second++;
  ock_sight sight = {.meter = &f->meter,
                     .crew = &f->crew,
                     .ready = ready,
                     .clock_ns = f->begin_ns + f->second * SECOND_NS,
                     .wall_ns = 1000 * (uint64_t)SECOND_NS + f->second * SECOND_NS,
                     .number = (f->second - 1) / OCK_SLICE_SECONDS + 1};
  ock_past_add(&f->past, &sight);
}

/* status 0: it succeeds. */
static void ask(fixture *f, uint32_t status, told *t) {
  uint64_t ns = (uint64_t)(exp(ock_rng_uniform(&f->rng) * 10) * 1000);
  ockham_request request = {.total_ns = ns, .n_rows = 3, .status = status ? status : 200};
  for (size_t i = 0; i < OCKHAM_PHASE_COUNT; i++) request.phase_ns[i] = ns / (i + 2);
  ock_meter_add(&f->meter, &request, !status ? NULL : status == 503 || status == 422 ? "REJECTED" : "BACKEND");
  if (!t) return;
  t->n_fault += status >= 500;
  t->n_rejected += status == 503;
  t->n_refused += status && status < 500;
  if (status) return;
  t->times[t->n_success++] = ns;
  t->n_rows += 3;
}

static void ask_some(fixture *f, told *t) {
  static const uint32_t statuses[] = {400, 422, 499, 500, 502, 503, 504};
  uint64_t n = ock_rng_below(&f->rng, 60);
  for (uint64_t i = 0; i < n; i++) ask(f, ock_rng_below(&f->rng, 4) ? 0 : statuses[ock_rng_below(&f->rng, 7)], t);
}

static json_t *parse(const ock_buffer *out) {
  json_error_t error;
  json_t *value = json_loadb(out->bytes, out->size, 0, &error);
  if (!value) fail_msg("%s: %.*s", error.text, (int)out->size, out->bytes);
  return value;
}

static json_t *all_slices(fixture *f) {
  ock_buffer out = {0};
  ock_past_write_all(&f->past, &out);
  json_t *slices = parse(&out);
  ock_buffer_clear(&out);
  return slices;
}

static json_t *latest(fixture *f) {
  ock_buffer out = {0};
  ock_buffer_text(&out, "{\"x\":0");
  ock_past_write(&f->past, &out);
  ock_buffer_text(&out, "}");
  json_t *object = parse(&out);
  ock_buffer_clear(&out);
  return object;
}

static double number(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  if (!json_is_number(value)) fail_msg("%s is no number", key);
  return json_number_value(value);
}

static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static void assert_near(double found, double expected, const char *what) {
  if (!(fabs(found - expected) <= 0.002 * fabs(expected) + 1e-6)) fail_msg("%s: %g, not %g", what, found, expected);
}

/* A bucket is an eighth of a doubling wide, and a rank may be that of a neighbour. */
static void assert_quantile(const json_t *span, const char *key, const told *t, double q) {
  if (!t->n_success) {
    assert_true(json_is_null(json_object_get(span, key)));
    return;
  }
  size_t rank = (size_t)ceil(q * (double)t->n_success) - 1;
  double exact = (double)t->times[rank] / 1e6, found = number(span, key);
  if (found < exact * 0.999 || found > exact * 1.13 + 0.0011) fail_msg("%s: %g, not %g", key, found, exact);
}

static void assert_span(const json_t *span, told *t) {
  qsort(t->times, t->n_success, sizeof t->times[0], compare);
  assert_int_equal(number(span, "success"), t->n_success);
  assert_int_equal(number(span, "fault"), t->n_fault);
  assert_int_equal(number(span, "refused"), t->n_refused);
  assert_int_equal(number(span, "rejected"), t->n_rejected);
  assert_int_equal(number(span, "rows"), t->n_rows);
  assert_quantile(span, "p50_ms", t, 0.5);
  assert_quantile(span, "p99_ms", t, 0.99);
  double sum = 0;
  for (size_t i = 0; i < t->n_success; i++) sum += (double)t->times[i] / 1e6;
  double mean = t->n_success ? sum / (double)t->n_success : 0;
  assert_near(number(span, "mean_ms"), mean, "mean");
  for (size_t i = 0; i < OCKHAM_PHASE_COUNT; i++) {
    double phase = json_number_value(json_array_get(json_object_get(span, "phase_ms"), i));
    assert_near(phase, mean / (double)(i + 2), "phase");
  }
}

static void slices_hold_what_was_counted(void **unused) {
  (void)unused;
  enum { N = 150, SECONDS = N * OCK_SLICE_SECONDS };
  fixture f;
  begin(&f);
  told *all = calloc(N, sizeof *all), *minute = calloc(1, sizeof *minute);
  for (size_t s = 0; s < SECONDS; s++) {
    ask_some(&f, &all[s / OCK_SLICE_SECONDS]);
    look(&f, true);
  }
  json_t *slices = all_slices(&f), *now = latest(&f);
  assert_int_equal(json_array_size(slices), OCK_SLICES);
  for (size_t i = 0; i < OCK_SLICES; i++) {
    const json_t *slice = json_array_get(slices, i);
    assert_int_equal(number(slice, "number"), N - OCK_SLICES + i + 1);
    assert_near(number(slice, "seconds"), OCK_SLICE_SECONDS, "seconds");
    assert_span(slice, &all[N - OCK_SLICES + i]);
  }
  for (size_t i = N - OCK_SLICES_A_MINUTE - 1; i < N; i++) { /* the slice that is not over, and a minute */
    memcpy(minute->times + minute->n_success, all[i].times, all[i].n_success * sizeof all[i].times[0]);
    minute->n_success += all[i].n_success;
    minute->n_fault += all[i].n_fault;
    minute->n_refused += all[i].n_refused;
    minute->n_rejected += all[i].n_rejected;
    minute->n_rows += all[i].n_rows;
  }
  assert_near(number(json_object_get(now, "minute"), "seconds"), 65, "seconds of the minute");
  assert_span(json_object_get(now, "minute"), minute);
  json_t *two = json_object_get(now, "slices");
  assert_int_equal(json_array_size(two), 2);
  assert_true(json_equal(json_array_get(two, 1), json_array_get(slices, OCK_SLICES - 1)));
  assert_true(json_equal(json_array_get(two, 0), json_array_get(slices, OCK_SLICES - 2)));
  json_decref(slices);
  json_decref(now);
  free(all);
  free(minute);
  end(&f);
}

/* Before anything was looked at, and within the first slice. */
static void it_begins_with_nothing(void **unused) {
  (void)unused;
  fixture f;
  begin(&f);
  json_t *slices = all_slices(&f), *now = latest(&f);
  assert_int_equal(json_array_size(slices), 0);
  assert_int_equal(json_array_size(json_object_get(now, "slices")), 0);
  assert_int_equal(number(json_object_get(now, "minute"), "seconds"), 0);
  json_decref(slices);
  json_decref(now);
  ask(&f, 0, NULL);
  look(&f, true);
  now = latest(&f);
  assert_int_equal(number(json_object_get(now, "minute"), "success"), 1);
  assert_near(number(json_object_get(now, "minute"), "seconds"), 1, "seconds");
  json_decref(now);
  end(&f);
}

/* A version that came late, and a machine that slept: no slice is there that was not looked at, and no old one. */
static void gaps_are_empty(void **unused) {
  (void)unused;
  fixture f;
  begin(&f);
  f.second = 5000;
  ask(&f, 0, NULL);
  look(&f, true);
  json_t *slices = all_slices(&f);
  assert_int_equal(json_array_size(slices), 1);
  json_decref(slices);
  for (size_t step = 3; step < 3000; step *= 10) {
    f.second += step * OCK_SLICE_SECONDS;
    ask(&f, 0, NULL);
    look(&f, true);
  }
  slices = all_slices(&f);
  assert_int_equal(json_array_size(slices), OCK_SLICES);
  for (size_t i = 0; i < OCK_SLICES; i++)
    assert_int_equal(number(json_array_get(slices, i), "success"), i == OCK_SLICES - 1);
  json_decref(slices);
  end(&f);
}

static double since(fixture *f, const char *key) {
  json_t *now = latest(f);
  double ns = number(json_object_get(now, "since"), key);
  json_decref(now);
  return ns ? ns / 1e9 - 1000 : 0; /* the second */
}

static void it_tells_since_when(void **unused) {
  (void)unused;
  fixture f;
  begin(&f);
  look(&f, false);
  look(&f, false);
  assert_near(since(&f, "unready_ns"), 1, "unready");
  f.crew.breaker_open = true;
  look(&f, true);
  look(&f, true);
  assert_near(since(&f, "unready_ns"), 0, "ready");
  assert_near(since(&f, "breaker_ns"), 3, "breaker");
  f.crew.breaker_open = false;
  f.crew.n_deaths = 2;
  look(&f, true);
  look(&f, true);
  assert_near(since(&f, "breaker_ns"), 0, "breaker closed");
  assert_near(since(&f, "death_ns"), 5, "death");
  assert_near(since(&f, "faults_ns"), 0, "no faults yet");
  ask(&f, 422, NULL); /* the client's own */
  look(&f, true);
  assert_near(since(&f, "faults_ns"), 0, "no fault of the model");
  for (size_t i = 0; i < 3; i++) { /* less than a minute apart: one story */
    ask(&f, 502, NULL);
    for (size_t s = 0; s < 50; s++) look(&f, true);
  }
  assert_near(since(&f, "faults_ns"), 8, "faults");
  for (size_t s = 0; s < 20; s++) look(&f, true);
  assert_near(since(&f, "faults_ns"), 0, "faults that are over");
  end(&f);
}

static void the_most_of_a_slice_is_kept(void **unused) {
  (void)unused;
  fixture f;
  begin(&f);
  static const size_t waiting[] = {0, 7, 3, 1, 0, 2};
  for (size_t i = 0; i < 6; i++) {
    f.crew.n_waiting = waiting[i];
    f.crew.n_busy = 6 - i;
    f.crew.memory_bytes = 100 + i;
    f.crew.cpu_seconds += 0.5;
    look(&f, true);
  }
  json_t *slices = all_slices(&f);
  const json_t *first = json_array_get(slices, 0), *second = json_array_get(slices, 1);
  assert_int_equal(number(first, "waiting"), 7);
  assert_int_equal(number(first, "busy"), 6);
  assert_int_equal(number(first, "memory"), 104);
  assert_near(number(first, "cpu_seconds"), 2.5, "CPU");
  assert_int_equal(number(second, "waiting"), 2);
  assert_near(number(second, "cpu_seconds"), 0.5, "CPU");
  json_decref(slices);
  end(&f);
}

/* One looks, one counts, one reads. */
static atomic_bool over;
static void *count(void *arg) {
  while (!over) ask(arg, 0, NULL);
  return NULL;
}
static void *read_all(void *arg) {
  while (!over) {
    json_t *now = latest(arg), *slices = all_slices(arg);
    assert_true(json_array_size(slices) <= OCK_SLICES);
    json_decref(now);
    json_decref(slices);
  }
  return NULL;
}

static void threads_do_not_meet(void **unused) {
  (void)unused;
  fixture f;
  begin(&f);
  over = false;
  pthread_t threads[2];
  assert_int_equal(pthread_create(&threads[0], NULL, count, &f), 0);
  assert_int_equal(pthread_create(&threads[1], NULL, read_all, &f), 0);
  for (size_t s = 0; s < 2000; s++) look(&f, true);
  over = true;
  for (size_t i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  look(&f, true);
  json_t *slices = all_slices(&f);
  assert_int_equal(json_array_size(slices), OCK_SLICES);
  json_decref(slices);
  end(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(slices_hold_what_was_counted),
      cmocka_unit_test(it_begins_with_nothing),
      cmocka_unit_test(gaps_are_empty),
      cmocka_unit_test(it_tells_since_when),
      cmocka_unit_test(the_most_of_a_slice_is_kept),
      cmocka_unit_test(threads_do_not_meet),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
