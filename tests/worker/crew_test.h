/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of crews share: a crew of actors, jobs whose end can be waited for, and the events. */
#ifndef OCK_CREW_TEST_H
#define OCK_CREW_TEST_H

#include <dirent.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"
#include "test.h"
#include "worker/internal.h"

static pthread_mutex_t noted_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t noted = PTHREAD_COND_INITIALIZER;

/* ---- jobs ---- */

typedef struct waiter {
  int n_done;
} waiter;

static void note_done(ock_job *job) {
  waiter *w = job->user;
  pthread_mutex_lock(&noted_mutex);
  w->n_done++;
  pthread_cond_broadcast(&noted);
  pthread_mutex_unlock(&noted_mutex);
}

static inline void wait_done(ock_job *job) {
  waiter *w = job->user;
  pthread_mutex_lock(&noted_mutex);
  while (w->n_done == 0) pthread_cond_wait(&noted, &noted_mutex);
  pthread_mutex_unlock(&noted_mutex);
  assert_int_equal(w->n_done, 1);
}

/* A request of one row that begins with two numbers. */
static inline ock_job *make_job(waiter *w, double first, double second) {
  ock_job *job = ock_job_new();
  assert_non_null(job);
  *w = (waiter){0};
  ock_tensor *x = ock_message_add(&job->request, "x", OCK_FP64, (uint64_t[]){1, 4}, 2, 0);
  assert_non_null(x);
  memcpy(x->data, (double[]){first, second, 0.5, 0.25}, 32);
  job->request.n_rows = 1;
  job->done = note_done;
  job->user = w;
  return job;
}

static inline ock_job *submit(ock_crew *crew, waiter *w, double first, double second) {
  ock_job *job = make_job(w, first, second);
  if (!ock_crew_submit(crew, job, NULL)) fail_msg("refused: %s", job->error.message);
  return job;
}

static inline double answer_of(const ock_job *job, size_t i) {
  const ock_tensor *y = ock_message_find(&job->answer, "y");
  assert_non_null(y);
  assert_true(i < y->n_elements);
  return ock_tensor_number(y, i);
}

/* Ask, wait, expect an outcome; the answer's first number when DONE, else NAN. The message goes to `error`. */
static inline double ask(ock_crew *crew, double first, double second, ock_outcome outcome, ockham_error *error) {
  waiter w;
  ock_job *job = submit(crew, &w, first, second);
  wait_done(job);
  if (job->outcome != outcome)
    fail_msg("expected '%s', found '%s': %s", ock_outcome_text(outcome), ock_outcome_text(job->outcome),
             job->error.message);
  double answer = outcome == OCK_DONE ? answer_of(job, 0) : (double)NAN;
  if (outcome != OCK_DONE) assert_true(job->error.message[0]);
  if (error) *error = job->error;
  ock_job_release(job);
  return answer;
}

/* ---- events ---- */

typedef struct notes {
  int n[OCK_BREAKER_CLOSED + 1];
  char last[OCK_BREAKER_CLOSED + 1][512];
  char tail[256]; /* of the last death: its stderr's end */
  size_t tail_size;
  char request_id[64];
  int exit_code, signal;
  char watched[64]; /* lines with this are counted */
  int n_watched;
} notes;

static void take_note(void *user, const ock_worker_event *event) {
  notes *all = user;
  pthread_mutex_lock(&noted_mutex);
  all->n[event->kind]++;
  snprintf(all->last[event->kind], sizeof all->last[0], "%s", event->text);
  if (event->kind == OCK_WORKER_LOG && all->watched[0] && strstr(event->text, all->watched)) all->n_watched++;
  if (event->kind == OCK_WORKER_DIED) {
    size_t n = event->stderr_size < sizeof all->tail ? event->stderr_size : sizeof all->tail - 1;
    all->tail_size = event->stderr_size;
    memcpy(all->tail, event->stderr_tail + event->stderr_size - n, n);
    all->tail[n] = '\0';
    snprintf(all->request_id, sizeof all->request_id, "%s", event->request_id ? event->request_id : "");
    all->exit_code = event->exit_code;
    all->signal = event->signal;
  }
  pthread_cond_broadcast(&noted);
  pthread_mutex_unlock(&noted_mutex);
}

static inline void wait_for_event(notes *all, ock_worker_event_kind kind, int n) {
  pthread_mutex_lock(&noted_mutex);
  while (all->n[kind] < n) pthread_cond_wait(&noted, &noted_mutex);
  pthread_mutex_unlock(&noted_mutex);
}

/* ---- crews ---- */

static inline ock_crew_options actor_options(const char *const *command, notes *all) {
  return (ock_crew_options){.model = "m",
                            .command = command,
                            .timeout_ms = 20000,
                            .backoff_ms = 1,
                            .most_backoff_ms = 20,
                            .breaker_failures = 1000,
                            .told = all ? take_note : NULL,
                            .told_user = all};
}

static const char *const model_command[] = {OCK_TEST_ACTOR, "model", NULL};

static inline ock_crew *start_crew(const ock_crew_options *options) {
  ock_crew *crew;
  assert_ok(ock_crew_start(options, &crew, err));
  assert_ok(ock_crew_wait(crew, err));
  return crew;
}

static inline void sleep_ms(long ms) {
  struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
  nanosleep(&pause, NULL);
}

/* A process whose arguments have this text; 0: none. */
static inline long find_process(const char *mark) {
  char path[300], text[1024];
  long process = 0;
  DIR *folder = opendir("/proc");
  assert_non_null(folder);
  for (struct dirent *entry; !process && (entry = readdir(folder));) {
    snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
    FILE *file = entry->d_name[0] >= '0' && entry->d_name[0] <= '9' ? fopen(path, "r") : NULL;
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file) fclose(file);
    for (size_t i = 0; i < n; i++)
      if (!text[i]) text[i] = ' ';
    text[n] = '\0';
    if (strstr(text, mark)) process = strtol(entry->d_name, NULL, 10);
  }
  closedir(folder);
  return process;
}

/* How often tests look whether something has become so, and for how long. */
#define eventually(condition)                                         \
  do {                                                                \
    int eventually_n = 0;                                             \
    while (!(condition) && eventually_n++ < 5000) sleep_ms(2);        \
    if (!(condition)) fail_msg("it never became so: %s", #condition); \
  } while (0)

#endif
