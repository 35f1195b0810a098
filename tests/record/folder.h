/* SPDX-License-Identifier: Apache-2.0 */
/* A folder for a recording, and requests to put into it: all of a request follows from one number. */
#ifndef OCK_TEST_FOLDER_H
#define OCK_TEST_FOLDER_H

#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "record/segment.h"

#define FIRST_TIME_NS 1700000000000000000u
#define FOR_EVER 2000000000u /* seconds */

typedef struct made_request {
  ockham_request request;
  char id[32], key[32], error[64];
  unsigned char body[5000], answer[3000];
} made_request;

static uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

static inline void make_request(uint64_t i, made_request *made) {
  static const char *const models[] = {"price", "churn", "a.b-c_d"};
  static const uint32_t statuses[] = {200, 200, 200, 404, 503};
  ockham_request *r = &made->request;
  uint64_t random = mix(i);
  *r = (ockham_request){.time_ns = FIRST_TIME_NS + i * 1000000000u,
                        .total_ns = random % 1000000000u,
                        .cpu_ns = random % 1000u,
                        .hash = random,
                        .n_rows = random % 257,
                        .status = statuses[random % 5],
                        .marks = (uint32_t)(random >> 8 & 0xff),
                        .id = made->id,
                        .model = models[random % 3],
                        .version = random % 7 ? "1" : "2",
                        .route = "POST /v2/models/{m}/infer",
                        .key = made->key,
                        .client = "127.0.0.1",
                        .error = made->error,
                        .content_type = "application/json",
                        .answer_type = "application/octet-stream"};
  for (int k = 0; k < OCKHAM_PHASE_COUNT; k++) r->phase_ns[k] = mix(random + (uint64_t)k) % 100000;
  snprintf(made->id, sizeof made->id, "r-%llu", (unsigned long long)i);
  snprintf(made->key, sizeof made->key, "unit-%llu", (unsigned long long)(i % 10));
  snprintf(made->error, sizeof made->error, "%s", r->status == 200 ? "" : "the model failed on the request");
  r->bytes_in = random % sizeof made->body;
  r->bytes_out = random % sizeof made->answer;
  if (random >> 20 & 1) {
    r->body = made->body;
    r->body_size = r->bytes_in;
    r->json_size = r->bytes_in / 2;
    for (size_t k = 0; k < r->body_size; k++) made->body[k] = (unsigned char)mix(random ^ k);
  }
  if (random >> 21 & 1) {
    r->answer = made->answer;
    r->answer_size = r->bytes_out;
    r->answer_json_size = r->bytes_out / 3;
    for (size_t k = 0; k < r->answer_size; k++) made->answer[k] = (unsigned char)mix(random + k);
  }
}

static inline uint64_t number_of_id(const char *id) {
  return strtoull(id + 2, NULL, 10);
}

/* What was read is what was made of the number in its id. */
static inline bool is_as_made(const ockham_request *r) {
  static made_request made; /* one thread reads */
  make_request(number_of_id(r->id), &made);
  const ockham_request *m = &made.request;
#define SAME_TEXT(name) \
  if (strcmp(r->name, m->name) != 0) return false;
  OCK_TEXT_LIST(SAME_TEXT)
#undef SAME_TEXT
  bool same = r->time_ns == m->time_ns && r->total_ns == m->total_ns && r->cpu_ns == m->cpu_ns && r->hash == m->hash &&
              r->n_rows == m->n_rows && r->bytes_in == m->bytes_in && r->bytes_out == m->bytes_out &&
              r->status == m->status && r->marks == m->marks && r->body_size == m->body_size &&
              r->json_size == m->json_size && r->answer_size == m->answer_size &&
              r->answer_json_size == m->answer_json_size && !r->body == !m->body && !r->answer == !m->answer;
  return same && memcmp(r->phase_ns, m->phase_ns, sizeof r->phase_ns) == 0 &&
         (!r->body || memcmp(r->body, m->body, r->body_size) == 0) &&
         (!r->answer || memcmp(r->answer, m->answer, r->answer_size) == 0);
}

static inline void make_folder(char path[64]) {
  strcpy(path, "/tmp/ockham-test-XXXXXX");
  assert_non_null(mkdtemp(path));
}

static inline void remove_folder(const char *path) {
  DIR *folder = opendir(path);
  assert_non_null(folder);
  for (const struct dirent *entry; (entry = readdir(folder));) {
    if (entry->d_name[0] != '.') assert_int_equal(unlinkat(dirfd(folder), entry->d_name, 0), 0);
  }
  closedir(folder);
  assert_int_equal(rmdir(path), 0);
}

/* Tests fill small segments faster than a disk can make them: again until there is room. */
static inline uint64_t put_made(ock_recorder *recorder, uint64_t i) {
  made_request made;
  uint64_t number = 0;
  make_request(i, &made);
  for (int attempt = 0; attempt < 5000; attempt++) {
    if ((number = ock_recorder_put(recorder, &made.request))) break;
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
  return number;
}

static inline ock_recorder *open_recorder(const char *folder, const ock_recorder_options *options) {
  ock_recorder *recorder = NULL;
  assert_ok(ock_recorder_open(folder, options, &recorder, err));
  return recorder;
}

static inline ockham_recording *open_recording(const char *folder) {
  ockham_recording *recording = NULL;
  assert_ok(ockham_recording_open(folder, &recording, err));
  return recording;
}

static inline bool next_request(ockham_recording *recording, const ockham_request_filter *filter,
                                ockham_request *request) {
  bool found = false;
  assert_ok(ockham_recording_next(recording, filter, request, &found, err));
  return found;
}

#endif
