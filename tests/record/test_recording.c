/* SPDX-License-Identifier: Apache-2.0 */
/* What is put is what is read: forwards and backwards, through filters, over restarts and rotations. */
#include "folder.h"

static const ock_recorder_options small = {
    .segment_bytes = 64 << 10, .keep_bytes = 64 << 20, .keep_seconds = FOR_EVER, .flush_ms = 5};

static void put_range(ock_recorder *recorder, uint64_t from, uint64_t to) {
  for (uint64_t i = from; i < to; i++) assert_int_equal(put_made(recorder, i), i);
}

static void check_range(ockham_recording *recording, bool newest_first, uint64_t from, uint64_t to) {
  ockham_request request;
  ockham_recording_rewind(recording, newest_first);
  for (uint64_t i = from; i < to; i++) {
    assert_true(next_request(recording, NULL, &request));
    assert_int_equal(request.number, newest_first ? to - 1 - (i - from) : i);
    assert_int_equal(number_of_id(request.id), request.number);
    assert_true(is_as_made(&request));
  }
  assert_false(next_request(recording, NULL, &request));
}

static void test_reads_what_was_put(void **state) {
  (void)state;
  char folder[64];
  struct stat info;
  make_folder(folder);
  ock_recorder *recorder = open_recorder(folder, &small);
  ockham_recording *recording = open_recording(folder);
  put_range(recorder, 1, 1000);
  check_range(recording, false, 1, 1000);
  check_range(recording, true, 1, 1000);
  ock_recorder_close(recorder);
  check_range(recording, false, 1, 1000);
  recorder = open_recorder(folder, &small);
  put_range(recorder, 1000, 1500);
  check_range(recording, true, 1, 1500);
  ock_recorder_close(recorder);
  check_range(recording, false, 1, 1500);
  assert_int_equal(ockham_recording_damaged(recording), 0);
  ockham_recording_close(recording);
  char path[128];
  snprintf(path, sizeof path, "%s/ockham.db", folder);
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0600);
  remove_folder(folder);
}

/* A reader that never starts anew sees all that is put later, once, in its order. */
static void test_follows(void **state) {
  (void)state;
  char folder[64];
  ockham_request request;
  make_folder(folder);
  ock_recorder *recorder = open_recorder(folder, &small);
  ockham_recording *recording = open_recording(folder);
  for (uint64_t i = 1, read = 0; i < 2000; i++) {
    assert_int_equal(put_made(recorder, i), i);
    if (mix(i) % 3) continue;
    while (next_request(recording, NULL, &request)) {
      assert_int_equal(request.number, ++read);
      assert_true(is_as_made(&request));
    }
    assert_int_equal(read, i);
  }
  ock_recorder_close(recorder);
  ockham_recording_close(recording);
  remove_folder(folder);
}

static bool passes(const ockham_request *r, const ockham_request_filter *f) {
  if (f->model && strcmp(f->model, r->model)) return false;
  if (f->version && strcmp(f->version, r->version)) return false;
  if (f->id && strcmp(f->id, r->id)) return false;
  if (f->key && strcmp(f->key, r->key)) return false;
  if (f->least_status && r->status < f->least_status) return false;
  if (f->most_status && r->status > f->most_status) return false;
  if (f->marks && !(f->marks & r->marks)) return false;
  if (f->since_ns && r->time_ns < f->since_ns) return false;
  if (f->until_ns && r->time_ns > f->until_ns) return false;
  if (f->hash && f->hash != r->hash) return false;
  if (f->with_body && !r->body) return false;
  return r->total_ns >= f->least_total_ns && r->number > f->after_number;
}

static ockham_request_filter make_filter(uint64_t seed, uint64_t most) {
  static const char *const models[] = {"price", "churn", "a.b-c_d", "pric", "unknown"};
  static const char *const keys[] = {"unit-1", "unit-9", "unit-"};
  static char id[32];
  ockham_request_filter f = {0};
  uint64_t r = mix(seed);
  made_request made;
  snprintf(id, sizeof id, "r-%llu", (unsigned long long)(r >> 32) % most);
  make_request(r % most, &made);
  if (r & 1) f.model = models[r >> 1 & 3];
  if (r & 0x10) f.version = r & 0x20 ? "1" : "2";
  if ((r & 0x3c0) == 0x40) f.id = id;
  if (r & 0x400) f.key = keys[r % 3];
  if (r & 0x800) f.least_status = r & 0x1000 ? 400 : 500;
  if (r & 0x2000) f.most_status = r & 0x4000 ? 599 : 404;
  if (r & 0x8000) f.marks = (uint32_t)(r >> 40 & 0xff);
  if (r & 0x10000) f.since_ns = FIRST_TIME_NS + mix(r) % most * 1000000000u;
  if (r & 0x20000) f.until_ns = FIRST_TIME_NS + mix(r + 1) % most * 1000000000u;
  if (r & 0x40000) f.after_number = mix(r + 2) % most;
  if ((r & 0x780000) == 0x80000) f.hash = made.request.hash;
  if (r & 0x800000) f.least_total_ns = mix(r + 3) % 1000000000u;
  f.with_body = r & 0x1000000;
  return f;
}

static void check_filter(ockham_recording *recording, const ockham_request_filter *filter, bool newest_first,
                         uint64_t most) {
  ockham_request request;
  ockham_recording_rewind(recording, newest_first);
  for (uint64_t k = 1; k < most; k++) {
    static made_request made;
    uint64_t i = newest_first ? most - k : k;
    make_request(i, &made);
    made.request.number = i;
    if (!passes(&made.request, filter)) continue;
    assert_true(next_request(recording, filter, &request));
    assert_int_equal(request.number, i);
  }
  assert_false(next_request(recording, filter, &request));
}

/* Against the plain rule, with the segments that the metadata let a reader skip. */
static void test_filters(void **state) {
  (void)state;
  enum { MOST = 600 };
  char folder[64];
  make_folder(folder);
  const ock_recorder_options tiny = {.segment_bytes = 32 << 10, .keep_bytes = 64 << 20, .keep_seconds = FOR_EVER};
  ock_recorder *recorder = open_recorder(folder, &tiny);
  put_range(recorder, 1, MOST);
  ock_recorder_close(recorder);
  ockham_recording *recording = open_recording(folder);
  for (uint64_t seed = 0; seed < 150; seed++) {
    ockham_request_filter filter = make_filter(seed, MOST);
    check_filter(recording, &filter, seed % 2, MOST);
  }
  ockham_recording_close(recording);
  remove_folder(folder);
}

static void test_second_writer_is_refused(void **state) {
  (void)state;
  char folder[64], wanted[128];
  make_folder(folder);
  ock_recorder *recorder = open_recorder(folder, NULL), *second;
  ockham_error err = {0};
  assert_int_equal(ock_recorder_open(folder, NULL, &second, &err), OCKHAM_IO);
  assert_null(second);
  snprintf(wanted, sizeof wanted, "%s: another server is recording into this folder", folder);
  assert_string_equal(err.message, wanted);
  assert_int_equal(put_made(recorder, 1), 1);
  ock_recorder_close(recorder);
  recorder = open_recorder(folder, NULL);
  assert_int_equal(put_made(recorder, 2), 2);
  ock_recorder_close(recorder);
  remove_folder(folder);
}

/* Bodies that do not fit are left out, and the request says so; texts are cut at 65,535 bytes. */
static void test_what_is_too_long(void **state) {
  (void)state;
  char folder[64];
  ockham_request request = {.status = 200, .id = "long"}, read;
  char *text = malloc(200000);
  assert_non_null(text);
  memset(text, 'x', 200000);
  text[199999] = '\0';
  make_folder(folder);
  const ock_recorder_options options = {.segment_bytes = 256 << 10, .keep_bytes = 2 << 20, .keep_seconds = FOR_EVER};
  ock_recorder *recorder = open_recorder(folder, &options);
  request.body = text;
  request.body_size = request.bytes_in = 199999;
  assert_int_equal(ock_recorder_put(recorder, &request), 1);
  request.body = NULL;
  request.error = text;
  assert_int_equal(ock_recorder_put(recorder, &request), 2);
  request.model = request.key = text;
  assert_int_equal(ock_recorder_put(recorder, &request), 0);
  ock_recorder_figures figures;
  ock_recorder_look(recorder, &figures);
  assert_int_equal(figures.n_lost, 1);
  assert_int_equal(figures.n_requests, 2);
  ock_recorder_close(recorder);
  ockham_recording *recording = open_recording(folder);
  assert_true(next_request(recording, NULL, &read));
  assert_null(read.body);
  assert_int_equal(read.bytes_in, 199999);
  assert_int_equal(read.marks, OCKHAM_MARK_CUT);
  assert_string_equal(read.model, "");
  assert_true(next_request(recording, NULL, &read));
  assert_int_equal(strlen(read.error), 65535);
  assert_int_equal(read.marks, 0);
  ockham_recording_close(recording);
  remove_folder(folder);
  free(text);
}

static void test_events(void **state) {
  (void)state;
  char folder[64];
  make_folder(folder);
  ock_recorder *recorder = open_recorder(folder, &small);
  ockham_recording *recording = open_recording(folder);
  for (uint64_t i = 1; i <= 300; i++) {
    char text[32];
    snprintf(text, sizeof text, "event %llu", (unsigned long long)i);
    ock_recorder_event(recorder, &(ockham_event){.time_ns = i % 2 ? 0 : ock_wall_ns() + i,
                                                 .kind = i % 3 ? "load" : "death",
                                                 .model = "price",
                                                 .text = text,
                                                 .details = i % 5 ? NULL : "{\"signal\":9}"});
  }
  ock_recorder_close(recorder);
  ockham_event event;
  uint64_t after = 0;
  bool found = true;
  for (uint64_t i = 1; i <= 300; i++) {
    assert_ok(ockham_recording_event(recording, after, NULL, &event, &found, err));
    assert_true(found);
    after = event.number;
    assert_int_equal(strtoull(event.text + 6, NULL, 10), i);
    assert_string_equal(event.kind, i % 3 ? "load" : "death");
    assert_string_equal(event.version, "");
    assert_string_equal(event.details, i % 5 ? "{}" : "{\"signal\":9}");
    assert_true(event.time_ns > FIRST_TIME_NS);
  }
  assert_ok(ockham_recording_event(recording, after, NULL, &event, &found, err));
  assert_false(found);
  uint64_t n = 0;
  for (after = 0, found = true; found; after = event.number, n += found)
    assert_ok(ockham_recording_event(recording, after, "death", &event, &found, err));
  assert_int_equal(n, 100);
  ockham_recording_close(recording);
  remove_folder(folder);
}

static void test_capture(void **state) {
  (void)state;
  char folder[64], path[128];
  struct stat info;
  make_folder(folder);
  snprintf(path, sizeof path, "%s/some.requests", folder);
  ockham_capture *capture;
  assert_ok(ockham_capture_create(path, &capture, err));
  for (uint64_t i = 5; i < 400; i += 3) {
    made_request made;
    make_request(i, &made);
    made.request.number = i;
    assert_ok(ockham_capture_put(capture, &made.request, err));
  }
  assert_int_equal(access(path, F_OK), -1);
  assert_ok(ockham_capture_commit(capture, err));
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0600);
  ockham_recording *recording = open_recording(path);
  for (int newest_first = 0; newest_first < 2; newest_first++) {
    ockham_request request;
    ockham_recording_rewind(recording, newest_first);
    for (uint64_t i = 5; i < 400; i += 3) {
      assert_true(next_request(recording, NULL, &request));
      assert_int_equal(request.number, newest_first ? 398 + 5 - i : i);
      assert_true(is_as_made(&request));
    }
    assert_false(next_request(recording, NULL, &request));
  }
  ockham_recording_close(recording);
  remove_folder(folder);
}

static void test_what_is_no_recording(void **state) {
  (void)state;
  char folder[64], path[128], wanted[256];
  ockham_recording *recording;
  ockham_error err = {0};
  make_folder(folder);
  assert_int_equal(ockham_recording_open(folder, &recording, &err), OCKHAM_BAD_FILE);
  assert_null(recording);
  snprintf(path, sizeof path, "%s/notes.txt", folder);
  assert_int_equal(ockham_recording_open(path, &recording, &err), OCKHAM_IO);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  for (int i = 0; i < 100; i++) fputs("no recording\n", file);
  fclose(file);
  assert_int_equal(ockham_recording_open(path, &recording, &err), OCKHAM_BAD_FILE);
  snprintf(wanted, sizeof wanted, "%s: expected a recording of requests, found something else", path);
  assert_string_equal(err.message, wanted);
  remove_folder(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_reads_what_was_put),
      cmocka_unit_test(test_follows),
      cmocka_unit_test(test_filters),
      cmocka_unit_test(test_second_writer_is_refused),
      cmocka_unit_test(test_what_is_too_long),
      cmocka_unit_test(test_events),
      cmocka_unit_test(test_capture),
      cmocka_unit_test(test_what_is_no_recording),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
