/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/recorder.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define RETRY_NS 250000000u /* after a problem */
#define TRIM_NS 60000000000u
#define LEAST_WARM ((uint64_t)256 << 10)
#define MOST_WARM ((uint64_t)4 << 20)
#define DROP_BYTES ((uint64_t)1 << 20)

static void trouble(ock_recorder *r, ock_trouble kind, const char *what, int error) {
  char text[OCK_PROBLEM_TEXT];
  snprintf(text, sizeof text, "%s: %s", what, strerror(error));
  ock_recorder_trouble(r, kind, text);
}

static bool is_open(ock_slot *slot) {
  return atomic_load_explicit(&slot->place, memory_order_acquire) < OCK_CLOSED;
}

/* ---- what is kept ---- */

static void tell_totals(ock_recorder *r) {
  uint64_t n_requests = 0, bytes = r->n_line * r->options.segment_bytes;
  for (size_t i = 0; i < r->n_kept; i++) {
    n_requests += r->kept[i].facts.n_requests;
    bytes += r->kept[i].facts.bytes;
  }
  uint64_t first = r->next_number;
  if (r->n_line && is_open(r->line[0])) first = atomic_load_explicit(&r->line[0]->first_number, memory_order_relaxed);
  pthread_mutex_lock(&r->lock);
  r->n_sealed_requests = n_requests;
  r->sealed_bytes = bytes;
  r->n_sealed = r->n_kept + r->n_line;
  r->unsealed_first = first;
  pthread_mutex_unlock(&r->lock);
}

ockham_status ock_keep(ock_recorder *r, const ock_facts *facts, bool told, ockham_error *err) {
  if (r->n_kept == r->kept_capacity) {
    size_t capacity = r->kept_capacity ? 2 * r->kept_capacity : 16;
    ock_kept *kept = ock_realloc_array(r->kept, capacity, sizeof *kept);
    if (!kept) return ock_fail_memory(err, "the list of segments", capacity * sizeof *kept);
    r->kept = kept;
    r->kept_capacity = capacity;
  }
  r->kept[r->n_kept++] = (ock_kept){.facts = *facts, .told = told};
  return OCKHAM_OK;
}

static void remove_oldest(ock_recorder *r) {
  char name[OCK_SEGMENT_NAME];
  uint64_t first = r->kept[0].facts.first_number;
  ock_segment_name(first, name);
  if (unlinkat(r->folder_fd, name, 0) && errno != ENOENT)
    trouble(r, OCK_TROUBLE_FLUSH, "an old segment cannot be removed", errno);
  if (r->store) (void)!ock_store_remove_segment(r->store, first, NULL); /* left over, it does no harm */
  memmove(r->kept, r->kept + 1, --r->n_kept * sizeof *r->kept);
}

/* Remove what is too old, and what there is no room for beside `more` bytes. */
static void remove_old(ock_recorder *r, uint64_t more) {
  uint64_t bytes = r->n_line * r->options.segment_bytes + more, age_ns = r->options.keep_seconds * 1000000000u;
  uint64_t now = ock_wall_ns(), before = now > age_ns ? now - age_ns : 0;
  for (size_t i = 0; i < r->n_kept; i++) bytes += r->kept[i].facts.bytes;
  while (r->n_kept && (bytes > r->options.keep_bytes || r->kept[0].facts.last_ns < before)) {
    bytes -= r->kept[0].facts.bytes;
    remove_oldest(r);
  }
}

/* ---- the next segment ---- */

static ock_slot *free_slot(ock_recorder *r) {
  for (size_t i = 0; i < OCK_SLOTS; i++)
    if (!r->slots[i].in_use) return &r->slots[i];
  return NULL;
}

static int map_file(const ock_recorder *r, ock_slot *slot) {
  uint64_t size = r->options.segment_bytes;
  int failed = posix_fallocate(slot->fd, 0, (off_t)size);
  if (failed) return failed;
  void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, slot->fd, 0);
  if (bytes == MAP_FAILED) return errno;
  slot->bytes = bytes;
  return 0;
}

static int make_file(const ock_recorder *r, ock_slot *slot) {
  unlinkat(r->folder_fd, OCK_SEGMENT_NEXT, 0);
  slot->fd = openat(r->folder_fd, OCK_SEGMENT_NEXT, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (slot->fd < 0) return errno;
  int failed = map_file(r, slot);
  if (!failed) return 0;
  close(slot->fd);
  unlinkat(r->folder_fd, OCK_SEGMENT_NEXT, 0);
  return failed;
}

/* Touch pages before putters do: a page's first touch costs as much as an entry. */
static void warm(const ock_recorder *r, ock_slot *slot, uint64_t ahead) {
  uint64_t page = r->page_bytes, end = slot->seen + ahead;
  if (end > r->options.segment_bytes) end = r->options.segment_bytes;
  end = end / page * page;
  if (slot->warmed < slot->seen) slot->warmed = slot->seen / page * page;
  if (end <= slot->warmed) return;
  madvise(slot->bytes + slot->warmed, end - slot->warmed, MADV_POPULATE_WRITE); /* else it is only slower */
  slot->warmed = end;
}

static uint64_t random_marker(void) {
  uint64_t marker = 0;
  if (getrandom(&marker, sizeof marker, 0) != (ssize_t)sizeof marker) marker = 0;
  return marker ? marker : ock_wall_ns() * 0x9e3779b97f4a7c15u | 1;
}

static void set_slot(ock_slot *slot) {
  slot->in_use = true;
  slot->named = false;
  slot->seen = OCK_SEGMENT_HEADER;
  slot->flushed = slot->warmed = slot->dropped = 0;
  slot->made_ns = ock_wall_ns();
  slot->marker = random_marker();
  slot->facts = (ock_facts){0};
  atomic_store_explicit(&slot->ended, 0, memory_order_relaxed);
  ock_segment_begin((ock_segment_header *)(void *)slot->bytes, slot->marker, 0, slot->made_ns);
}

static void use_slot(ock_recorder *r, ock_slot *slot) {
  r->line[r->n_line++] = slot;
  if (atomic_load_explicit(&r->current, memory_order_relaxed)) {
    atomic_store_explicit(&r->next, slot, memory_order_release);
  } else {
    ock_slot_open(slot, r->next_number);
    atomic_store_explicit(&r->current, slot, memory_order_release);
  }
  atomic_store_explicit(&r->stalled, false, memory_order_relaxed);
}

/* 0, or the errno that kept it from being made. */
static int prepare_next(ock_recorder *r) {
  ock_slot *slot = free_slot(r);
  if (!slot || atomic_load_explicit(&r->next, memory_order_acquire)) return 0;
  if (r->n_line && !r->line[r->n_line - 1]->named) return 0; /* opened just now: next.seg is still its name */
  remove_old(r, r->options.segment_bytes);
  int failed = make_file(r, slot);
  if (failed) {
    atomic_store_explicit(&r->stalled, true, memory_order_relaxed);
    trouble(r, OCK_TROUBLE_SEGMENT, "no room can be made for more requests", failed);
    return failed;
  }
  set_slot(slot);
  warm(r, slot, LEAST_WARM);
  use_slot(r, slot);
  ock_recorder_trouble(r, OCK_TROUBLE_SEGMENT, NULL);
  return 0;
}

/* A segment that was opened gets the name that its first number makes. */
static void name_segments(ock_recorder *r) {
  for (size_t i = 0; i < r->n_line; i++) {
    ock_slot *slot = r->line[i];
    char name[OCK_SEGMENT_NAME];
    if (slot->named || !is_open(slot)) continue;
    ock_segment_name(atomic_load_explicit(&slot->first_number, memory_order_relaxed), name);
    if (renameat(r->folder_fd, OCK_SEGMENT_NEXT, r->folder_fd, name)) {
      trouble(r, OCK_TROUBLE_FLUSH, "a segment cannot be renamed", errno);
      return;
    }
    slot->named = true;
    slot->facts.first_number = atomic_load_explicit(&slot->first_number, memory_order_relaxed);
  }
}

/* ---- entries that came ---- */

/* Look at those that are whole. They are this process's own: only the marker needs to be looked at. */
static void see_entries(ock_slot *slot, uint64_t limit) {
  while (slot->seen + OCK_ENTRY_FIXED <= limit) {
    const unsigned char *entry = slot->bytes + slot->seen;
    ockham_request request;
    if (__atomic_load_n((const uint64_t *)(const void *)entry, __ATOMIC_ACQUIRE) != slot->marker) return;
    ock_entry_view(entry, &request);
    ock_facts_add(&slot->facts, &request);
    slot->seen += ock_entry_size(entry, UINT64_MAX);
  }
}

static void flush(ock_recorder *r, ock_slot *slot) {
  uint64_t from = slot->flushed / r->page_bytes * r->page_bytes;
  if (slot->seen == slot->flushed) return;
  if (msync(slot->bytes + from, slot->seen - from, MS_SYNC)) {
    trouble(r, OCK_TROUBLE_FLUSH, "requests cannot be written to disk", errno);
    return;
  }
  ock_recorder_trouble(r, OCK_TROUBLE_FLUSH, NULL);
  slot->flushed = slot->seen;
  uint64_t done = slot->seen / r->page_bytes * r->page_bytes;
  if (done >= slot->dropped + DROP_BYTES) { /* what is on disk need not count as this process's memory */
    madvise(slot->bytes + slot->dropped, done - slot->dropped, MADV_DONTNEED);
    slot->dropped = done;
  }
}

static void look_after(ock_recorder *r, ock_slot *slot) {
  uint64_t before = slot->seen, ahead;
  see_entries(slot, r->options.segment_bytes);
  ahead = 2 * (slot->seen - before);
  flush(r, slot);
  if (ahead < LEAST_WARM) ahead = LEAST_WARM;
  warm(r, slot, ahead < MOST_WARM ? ahead : MOST_WARM);
}

/* ---- segments that are full ---- */

static bool is_complete(const ock_recorder *r, ock_slot *slot) {
  uint64_t ended = atomic_load_explicit(&slot->ended, memory_order_acquire);
  bool current = slot == atomic_load_explicit(&r->current, memory_order_acquire);
  return ended && !current && slot->named && slot->seen == ock_place_bytes(ended);
}

static void leave_line(ock_recorder *r, ock_slot *slot) {
  size_t i = 0;
  while (r->line[i] != slot) i++;
  memmove(r->line + i, r->line + i + 1, (--r->n_line - i) * sizeof *r->line);
  atomic_store_explicit(&slot->place, OCK_CLOSED, memory_order_release);
  slot->in_use = false;
}

static void seal(ock_recorder *r, ock_slot *slot) {
  char name[OCK_SEGMENT_NAME];
  ock_segment_name(slot->facts.first_number, name);
  slot->facts.bytes = slot->seen;
  munmap(slot->bytes, r->options.segment_bytes);
  if (ftruncate(slot->fd, (off_t)slot->seen) || fsync(slot->fd) || fsync(r->folder_fd))
    trouble(r, OCK_TROUBLE_FLUSH, "a segment cannot be ended", errno);
  close(slot->fd);
  if (!slot->facts.n_requests)
    unlinkat(r->folder_fd, name, 0);
  else if (ock_keep(r, &slot->facts, false, NULL)) /* no memory: the next start finds it again */
    trouble(r, OCK_TROUBLE_FLUSH, "a segment is not counted", ENOMEM);
  leave_line(r, slot);
}

/* Requests shall not stay longer than they may only because few come. */
static void end_by_age(ock_recorder *r) {
  ock_slot *slot = atomic_load_explicit(&r->current, memory_order_acquire);
  uint64_t most_ns = r->options.keep_seconds * 1000000000u / 8;
  if (!slot || !slot->facts.n_requests || !atomic_load_explicit(&r->next, memory_order_acquire)) return;
  if (ock_wall_ns() - slot->facts.first_ns < most_ns || ock_wall_ns() < slot->facts.first_ns) return;
  ock_slot_force_end(r, slot);
  ock_recorder_rotate(r, slot);
}

/* ---- metadata ---- */

/* A database that cannot be read is put aside: all that is needed to go on can be made anew. */
static ockham_status put_aside(ock_recorder *r, ockham_error *err) {
  static const char *const others[] = {"ockham.db-wal", "ockham.db-shm"};
  char name[64];
  bool found;
  snprintf(name, sizeof name, "ockham.db.damaged-%llu", (unsigned long long)ock_wall_ns());
  if (renameat(r->folder_fd, "ockham.db", r->folder_fd, name))
    return ock_fail(err, OCKHAM_IO, "%s/ockham.db: %s", r->folder, strerror(errno));
  for (int i = 0; i < 2; i++) unlinkat(r->folder_fd, others[i], 0);
  OCK_TRY(ock_store_open(r->folder, true, &r->store, &found, err));
  ock_recorder_event(r, &(ockham_event){.kind = "damage", .text = "the metadata were damaged, and were begun anew"});
  return OCKHAM_OK;
}

static ockham_status open_store(ock_recorder *r, ockham_error *err) {
  bool found;
  ockham_status status = ock_store_open(r->folder, true, &r->store, &found, err);
  if (status == OCKHAM_BAD_FILE) status = put_aside(r, err);
  if (status == OCKHAM_CANNOT_WRITE) { /* a full disk stops the recording, never the server */
    ock_recorder_trouble(r, OCK_TROUBLE_STORE, "the metadata cannot be written");
    return OCKHAM_OK;
  }
  return status;
}

static ockham_status tell_all(ock_recorder *r, ock_event_node *events, ockham_error *err) {
  ockham_status status = ock_store_begin(r->store, err);
  for (ock_event_node *e = events; e && !status; e = e->next) status = ock_store_put_event(r->store, &e->event, err);
  for (size_t i = 0; i < r->n_kept && !status; i++)
    if (!r->kept[i].told) status = ock_store_put_segment(r->store, &r->kept[i].facts, err);
  if (!status) status = ock_store_commit(r->store, err);
  if (status) ock_store_rollback(r->store);
  return status;
}

/* Those at the head, which stay in the queue until they are on disk. */
static ock_event_node *take_events(ock_recorder *r, size_t *n, size_t *bytes) {
  pthread_mutex_lock(&r->lock);
  ock_event_node *events = r->events;
  *n = r->n_events;
  *bytes = r->events_bytes;
  r->events = NULL;
  r->events_end = &r->events;
  pthread_mutex_unlock(&r->lock);
  return events;
}

static void give_back(ock_recorder *r, ock_event_node *events) {
  ock_event_node **end = &events;
  while (*end) end = &(*end)->next;
  pthread_mutex_lock(&r->lock);
  *end = r->events;
  if (!r->events) r->events_end = end;
  r->events = events;
  pthread_mutex_unlock(&r->lock);
}

static void forget_events(ock_recorder *r, ock_event_node *events, size_t n, size_t bytes) {
  while (events) {
    ock_event_node *next = events->next;
    ock_free(events);
    events = next;
  }
  pthread_mutex_lock(&r->lock);
  r->n_events -= n;
  r->events_bytes -= bytes;
  pthread_mutex_unlock(&r->lock);
}

static void tell_store(ock_recorder *r) {
  size_t n, bytes;
  bool news = false;
  if (!r->store) (void)!open_store(r, NULL);
  if (!r->store) return;
  for (size_t i = 0; i < r->n_kept; i++) news |= !r->kept[i].told;
  ock_event_node *events = take_events(r, &n, &bytes);
  if (!events && !news) return;
  if (tell_all(r, events, NULL)) {
    if (events) give_back(r, events);
    ock_recorder_trouble(r, OCK_TROUBLE_STORE, "the metadata cannot be written");
    return;
  }
  for (size_t i = 0; i < r->n_kept; i++) r->kept[i].told = true;
  forget_events(r, events, n, bytes);
  ock_recorder_trouble(r, OCK_TROUBLE_STORE, NULL);
}

static void trim(ock_recorder *r, uint64_t now) {
  enum { BYTES_OF_OUTCOME = 256 };
  uint64_t age_ns = r->options.keep_seconds * 1000000000u, time_ns = ock_wall_ns();
  if (!r->store || now < r->trim_ns) return;
  r->trim_ns = now + TRIM_NS;
  uint64_t before_ns = time_ns > age_ns ? time_ns - age_ns : 0, most_bytes = r->options.keep_bytes / 16;
  (void)!ock_store_trim_events(r->store, before_ns, most_bytes, NULL);
  (void)!ock_store_trim_outcomes(r->store, before_ns, most_bytes / BYTES_OF_OUTCOME, NULL);
}

/* ---- the thread ---- */

static bool in_trouble(ock_recorder *r) {
  pthread_mutex_lock(&r->lock);
  bool has = r->problems[OCK_TROUBLE_SEGMENT] || r->problems[OCK_TROUBLE_STORE];
  pthread_mutex_unlock(&r->lock);
  return has;
}

/* Between all that may wait for the disk: putters must not find that there is no next segment. */
static void be_ready(ock_recorder *r) {
  name_segments(r);
  if (ock_clock_ns() >= r->retry_ns) prepare_next(r);
}

static void do_round(ock_recorder *r) {
  uint64_t now = ock_clock_ns();
  bool may_try = now >= r->retry_ns;
  be_ready(r);
  if (may_try) tell_store(r);
  for (size_t i = 0; i < r->n_line; i++) {
    be_ready(r);
    if (is_open(r->line[i])) look_after(r, r->line[i]);
  }
  while (r->n_line && is_complete(r, r->line[0])) {
    seal(r, r->line[0]);
    be_ready(r);
  }
  end_by_age(r);
  remove_old(r, 0);
  trim(r, now);
  tell_totals(r);
  if (may_try && in_trouble(r)) r->retry_ns = ock_clock_ns() + RETRY_NS;
}

static void wait_for_work(ock_recorder *r) {
  uint64_t until = ock_clock_ns() + r->options.flush_ms * (uint64_t)1000000;
  pthread_mutex_lock(&r->lock);
  while (!r->wanted && ock_condition_wait(&r->changed, &r->lock, until)) continue;
  r->wanted = false;
  pthread_mutex_unlock(&r->lock);
}

static bool is_full_disk(int error) {
  return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

static ockham_status begin(ock_recorder *r, ockham_error *err) {
  for (size_t i = 0; i < OCK_SLOTS; i++) atomic_store(&r->slots[i].place, OCK_CLOSED);
  OCK_TRY(open_store(r, err));
  OCK_TRY(ock_recover(r, err));
  int failed = prepare_next(r);
  if (failed && !is_full_disk(failed))
    return ock_fail(err, OCKHAM_IO, "%s: a segment cannot be made: %s", r->folder, strerror(failed));
  name_segments(r);
  if (!failed) prepare_next(r);
  tell_totals(r);
  return OCKHAM_OK;
}

static void tell_begun(ock_recorder *r, ockham_status status) {
  pthread_mutex_lock(&r->lock);
  r->begun = status;
  r->started = true;
  pthread_cond_broadcast(&r->changed);
  pthread_mutex_unlock(&r->lock);
}

/* No more comes: end the open segment, and remove the one that was never begun. */
static void finish(ock_recorder *r) {
  ock_slot *open = atomic_load(&r->current), *next = atomic_load(&r->next);
  name_segments(r);
  atomic_store(&r->current, NULL);
  for (size_t i = 0; i < r->n_line; i++)
    if (is_open(r->line[i])) see_entries(r->line[i], r->options.segment_bytes);
  if (open) {
    ock_slot_force_end(r, open);
    ock_segment_end((ock_segment_header *)(void *)open->bytes, open->seen);
  }
  if (next) {
    munmap(next->bytes, r->options.segment_bytes);
    close(next->fd);
    unlinkat(r->folder_fd, OCK_SEGMENT_NEXT, 0);
    leave_line(r, next);
  }
  while (r->n_line) seal(r, r->line[0]);
  tell_store(r);
}

void *ock_keeper_main(void *recorder) {
  ock_recorder *r = recorder;
  ockham_status status = begin(r, &r->error);
  tell_begun(r, status);
  while (!status && !atomic_load(&r->stopping)) {
    wait_for_work(r);
    do_round(r);
  }
  if (!status) finish(r);
  ock_store_close(r->store);
  return NULL;
}
