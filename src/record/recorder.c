/* SPDX-License-Identifier: Apache-2.0 */
#include "record/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WAIT_NS 5000000u /* that a putter waits for a segment that is late */
#define PAUSE_NS 50000u
enum { MOST_EVENTS = 4096, MOST_EVENT_BYTES = 16 << 20, MOST_DETAILS = 1 << 20 };

/* ---- putting ---- */

/* The place for an entry, or 0 when the segment is full. */
static uint64_t reserve(const ock_recorder *r, ock_slot *slot, uint64_t size) {
  uint64_t units = size / 8;
  /* Nothing is added to a segment that is known to be full: a sum must not run over. */
  if (atomic_load_explicit(&slot->place, memory_order_relaxed) >> 32 > r->limit) return 0;
  uint64_t place = atomic_fetch_add_explicit(&slot->place, units << 32 | 1, memory_order_acq_rel), at = place >> 32;
  if (at + units <= r->limit) return place;
  if (at <= r->limit) atomic_store_explicit(&slot->ended, place, memory_order_release); /* the first that did not fit */
  return 0;
}

void ock_slot_force_end(const ock_recorder *r, ock_slot *slot) {
  uint64_t place = atomic_fetch_add_explicit(&slot->place, (r->limit + 1) << 32, memory_order_acq_rel);
  if (place >> 32 <= r->limit) atomic_store_explicit(&slot->ended, place, memory_order_release);
}

void ock_slot_open(ock_slot *slot, uint64_t first_number) {
  atomic_store_explicit(&slot->first_number, first_number, memory_order_relaxed);
  ock_segment_begin((ock_segment_header *)(void *)slot->bytes, slot->marker, first_number, slot->made_ns);
  atomic_store_explicit(&slot->place, (uint64_t)OCK_SEGMENT_HEADER / 8 << 32, memory_order_release);
}

static bool open_next(ock_recorder *r, ock_slot *full) {
  uint64_t ended = atomic_load_explicit(&full->ended, memory_order_acquire);
  ock_slot *next = atomic_load_explicit(&r->next, memory_order_acquire);
  if (!ended || !next) return false;
  uint64_t first = atomic_load_explicit(&full->first_number, memory_order_relaxed) + (uint32_t)ended;
  ock_segment_end((ock_segment_header *)(void *)full->bytes, ock_place_bytes(ended));
  ock_slot_open(next, first);
  atomic_store_explicit(&r->next, NULL, memory_order_relaxed);
  atomic_store_explicit(&r->current, next, memory_order_release);
  return true;
}

bool ock_recorder_rotate(ock_recorder *r, ock_slot *full) {
  if (atomic_exchange_explicit(&r->rotating, true, memory_order_acquire)) return false;
  bool another_did = atomic_load_explicit(&r->current, memory_order_acquire) != full;
  bool opened = !another_did && full && open_next(r, full);
  atomic_store_explicit(&r->rotating, false, memory_order_release);
  if (opened) ock_recorder_wake(r);
  return opened || another_did;
}

/* The segment is full (NULL: there was none): until there is another, or it takes too long. */
static bool next_segment(ock_recorder *r, ock_slot *full) {
  for (uint64_t start = 0;;) {
    if (ock_recorder_rotate(r, full)) return true;
    if (atomic_load_explicit(&r->stalled, memory_order_relaxed)) return false;
    uint64_t now = ock_clock_ns();
    if (!start) start = now;
    if (now - start > WAIT_NS) {
      atomic_store_explicit(&r->stalled, true, memory_order_relaxed);
      return false;
    }
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
  }
}

uint64_t ock_recorder_put(ock_recorder *r, const ockham_request *request) {
  ock_plan plan;
  bool fits = ock_entry_plan(request, r->most_entry, &plan);
  while (fits) {
    ock_slot *slot = atomic_load_explicit(&r->current, memory_order_acquire);
    uint64_t place = slot ? reserve(r, slot, plan.size) : 0;
    if (place) { /* the slot is this segment's until the entry is whole */
      uint64_t number = atomic_load_explicit(&slot->first_number, memory_order_relaxed) + (uint32_t)place;
      ock_entry_write(slot->bytes + ock_place_bytes(place), &plan, request, number, slot->marker);
      return number;
    }
    if (!next_segment(r, slot)) break;
  }
  atomic_fetch_add_explicit(&r->n_lost, 1, memory_order_relaxed);
  return 0;
}

/* ---- events ---- */

static char *put_text(char *at, const char *text, const char **copy) {
  size_t size = strlen(text) + 1;
  *copy = memcpy(at, text, size);
  return at + size;
}

static ock_event_node *copy_event(const ockham_event *event, size_t *size) {
  const char *kind = event->kind ? event->kind : "", *model = event->model ? event->model : "";
  const char *version = event->version ? event->version : "", *text = event->text ? event->text : "";
  const char *details = event->details && strlen(event->details) <= MOST_DETAILS ? event->details : "{}";
  *size = sizeof(ock_event_node) + strlen(kind) + strlen(model) + strlen(version) + strlen(text) + strlen(details) + 5;
  ock_event_node *node = ock_alloc(*size);
  if (!node) return NULL;
  char *at = (char *)(node + 1);
  node->next = NULL;
  node->event = (ockham_event){.time_ns = event->time_ns ? event->time_ns : ock_wall_ns()};
  at = put_text(at, kind, &node->event.kind);
  at = put_text(at, model, &node->event.model);
  at = put_text(at, version, &node->event.version);
  at = put_text(at, text, &node->event.text);
  put_text(at, details, &node->event.details);
  return node;
}

void ock_recorder_event(ock_recorder *r, const ockham_event *event) {
  size_t size;
  ock_event_node *node = copy_event(event, &size);
  pthread_mutex_lock(&r->lock);
  if (node && r->n_events < MOST_EVENTS && r->events_bytes + size <= MOST_EVENT_BYTES) {
    *r->events_end = node;
    r->events_end = &node->next;
    r->n_events++;
    r->events_bytes += size;
    node = NULL;
  } else {
    atomic_fetch_add_explicit(&r->n_events_lost, 1, memory_order_relaxed);
  }
  r->wanted = true;
  pthread_cond_broadcast(&r->changed);
  pthread_mutex_unlock(&r->lock);
  ock_free(node);
}

/* ---- looking ---- */

void ock_recorder_wake(ock_recorder *r) {
  pthread_mutex_lock(&r->lock);
  r->wanted = true;
  pthread_cond_broadcast(&r->changed);
  pthread_mutex_unlock(&r->lock);
}

void ock_recorder_trouble(ock_recorder *r, ock_trouble kind, const char *text) {
  pthread_mutex_lock(&r->lock);
  const char *kept = NULL;
  for (int i = 0; text && i < OCK_PROBLEMS && !kept; i++) { /* texts stay, as somebody may be reading them */
    char *known = r->problem_texts[i];
    bool last = i == OCK_PROBLEMS - 1; /* never changed once set */
    if (!known[0]) snprintf(known, OCK_PROBLEM_TEXT, "%s", last ? "several problems, one after the other" : text);
    if (last || strncmp(known, text, OCK_PROBLEM_TEXT - 1) == 0) kept = known;
  }
  r->problems[kind] = kept;
  pthread_mutex_unlock(&r->lock);
}

/* Requests in segments that are still mapped. */
static uint64_t count_unsealed(ock_recorder *r, uint64_t first) {
  for (;;) {
    ock_slot *slot = atomic_load_explicit(&r->current, memory_order_acquire);
    if (!slot) return 0;
    uint64_t place = atomic_load_explicit(&slot->place, memory_order_acquire);
    uint64_t ended = atomic_load_explicit(&slot->ended, memory_order_acquire);
    uint64_t next = atomic_load_explicit(&slot->first_number, memory_order_relaxed) + (uint32_t)(ended ? ended : place);
    if (slot == atomic_load_explicit(&r->current, memory_order_acquire)) return next > first ? next - first : 0;
  }
}

void ock_recorder_look(ock_recorder *r, ock_recorder_figures *figures) {
  *figures = (ock_recorder_figures){.n_lost = atomic_load_explicit(&r->n_lost, memory_order_relaxed),
                                    .n_events_lost = atomic_load_explicit(&r->n_events_lost, memory_order_relaxed)};
  pthread_mutex_lock(&r->lock);
  figures->n_requests = r->n_sealed_requests + count_unsealed(r, r->unsealed_first);
  figures->n_put = count_unsealed(r, r->next_number);
  figures->n_segments = r->n_sealed;
  figures->bytes = r->sealed_bytes;
  for (int i = 0; i < OCK_TROUBLES && !figures->problem; i++) figures->problem = r->problems[i];
  pthread_mutex_unlock(&r->lock);
}

/* ---- opening and closing ---- */

static void set_defaults(ock_recorder *r, const ock_recorder_options *options) {
  enum { LEAST_SEGMENT = 16 * 1024, MOST_SECONDS = 2000000000 };
  ock_recorder_options *o = &r->options;
  if (options) *o = *options;
  if (!o->keep_bytes) o->keep_bytes = (uint64_t)1 << 30;
  if (!o->segment_bytes) o->segment_bytes = o->keep_bytes / 8 < 64 << 20 ? o->keep_bytes / 8 : 64 << 20;
  if (!o->keep_seconds) o->keep_seconds = 14 * 86400;
  if (o->keep_seconds > MOST_SECONDS) o->keep_seconds = MOST_SECONDS;
  if (!o->flush_ms) o->flush_ms = 100;
  r->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
  if (o->segment_bytes > o->keep_bytes / 4) o->segment_bytes = o->keep_bytes / 4; /* one is open, and one the next */
  if (o->segment_bytes > OCK_SEGMENT_MOST) o->segment_bytes = OCK_SEGMENT_MOST;
  o->segment_bytes = o->segment_bytes / r->page_bytes * r->page_bytes;
  if (o->segment_bytes < LEAST_SEGMENT) o->segment_bytes = LEAST_SEGMENT;
  r->limit = o->segment_bytes / 8;
  r->most_entry = o->segment_bytes / 2 / 8 * 8 - OCK_SEGMENT_HEADER;
}

static ockham_status open_folder(ock_recorder *r, ockham_error *err) {
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (mkdir(r->folder, 0700) && errno != EEXIST)
    return ock_fail(err, OCKHAM_IO, "%s: cannot be made: %s", r->folder, strerror(errno));
  r->folder_fd = open(r->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (r->folder_fd < 0) return ock_fail(err, OCKHAM_IO, "%s: %s", r->folder, strerror(errno));
  r->lock_fd = openat(r->folder_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (r->lock_fd < 0) return ock_fail(err, OCKHAM_IO, "%s/lock: %s", r->folder, strerror(errno));
  if (fcntl(r->lock_fd, F_OFD_SETLK, &whole) == 0) return OCKHAM_OK;
  if (errno == EAGAIN || errno == EACCES)
    return ock_fail(err, OCKHAM_IO, "%s: another server is recording into this folder", r->folder);
  return ock_fail(err, OCKHAM_IO, "%s/lock: %s", r->folder, strerror(errno));
}

/* No signal is handled on the keeper's thread; a file that grows too long shall be an error, not SIGXFSZ. */
static int start_keeper(ock_recorder *r) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = pthread_create(&r->keeper, NULL, ock_keeper_main, r);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  r->keeper_runs = !failed;
  return failed;
}

static ockham_status begin(ock_recorder *r, ockham_error *err) {
  OCK_TRY(open_folder(r, err));
  int failed = start_keeper(r);
  if (failed) return ock_fail(err, OCKHAM_IO, "%s: a thread cannot be started: %s", r->folder, strerror(failed));
  pthread_mutex_lock(&r->lock);
  while (!r->started) pthread_cond_wait(&r->changed, &r->lock);
  pthread_mutex_unlock(&r->lock);
  if (r->begun && err) *err = r->error;
  return r->begun;
}

ockham_status ock_recorder_open(const char *folder, const ock_recorder_options *options, ock_recorder **recorder,
                                ockham_error *err) {
  ock_recorder *r = ock_alloc_zeroed(1, sizeof *r);
  *recorder = NULL;
  if (!r) return ock_fail_memory(err, "a recorder", sizeof *r);
  r->folder_fd = r->lock_fd = -1;
  r->events_end = &r->events;
  pthread_mutex_init(&r->lock, NULL);
  ock_condition_init(&r->changed);
  set_defaults(r, options);
  r->folder = ock_string_copy(folder);
  ockham_status status = r->folder ? begin(r, err) : ock_fail_memory(err, "the name of a folder", strlen(folder) + 1);
  if (status)
    ock_recorder_close(r);
  else
    *recorder = r;
  return status;
}

void ock_recorder_close(ock_recorder *r) {
  if (!r) return;
  if (r->keeper_runs) {
    atomic_store(&r->stopping, true);
    ock_recorder_wake(r);
    pthread_join(r->keeper, NULL);
  }
  while (r->events) {
    ock_event_node *node = r->events;
    r->events = node->next;
    ock_free(node);
  }
  if (r->lock_fd >= 0) close(r->lock_fd);
  if (r->folder_fd >= 0) close(r->folder_fd);
  pthread_cond_destroy(&r->changed);
  pthread_mutex_destroy(&r->lock);
  ock_free(r->kept);
  ock_free(r->folder);
  ock_free(r);
}
