/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the recorder: putters (recorder.c), who only touch memory, and the keeper (keeper.c), one thread that does all
 * that waits for the disk: it makes the next segment before it is needed, writes memory to disk every flush_ms, ends
 * segments that are full, removes old ones, and keeps the metadata.
 *
 * A putter takes its place in the open segment by one atomic addition to slot->place, which counts bytes and entries at
 * once. The first whose entry does not fit ends the segment (slot->ended), and whoever comes first then opens the next
 * (one short critical section, which nobody waits in: `rotating`). When there is no next one yet, a putter waits for at
 * most WAIT_NS, once; after that entries are lost, and counted, until there is one. */
#ifndef OCK_RECORD_RECORDER_H
#define OCK_RECORD_RECORDER_H

#include <pthread.h>
#include <stdatomic.h>

#include "record/store.h"

enum { OCK_SLOTS = 8, OCK_LINE_BYTES = 64, OCK_PROBLEMS = 16, OCK_PROBLEM_TEXT = 160 };

/* A segment that is mapped. Slots are used again, but never freed before the recorder is: a putter may come late. */
typedef struct ock_slot {
  _Atomic uint64_t place; /* next entry: units of 8 bytes << 32 | entries so far; OCK_CLOSED or more: not open */
  char apart[OCK_LINE_BYTES - sizeof(uint64_t)];
  _Atomic uint64_t ended; /* the place where it was full; 0 before */
  _Atomic uint64_t first_number;
  unsigned char *bytes;
  uint64_t marker;
  /* the keeper's */
  bool in_use, named;
  int fd;
  uint64_t seen, flushed, warmed, dropped; /* bytes up to which: entries are whole; on disk; touched; unmapped */
  uint64_t made_ns;
  ock_facts facts;
} ock_slot;
#define OCK_CLOSED ((uint64_t)1 << 63)

/* A segment that is full, on disk. */
typedef struct ock_kept {
  ock_facts facts;
  bool told; /* to the store */
} ock_kept;

typedef struct ock_event_node {
  struct ock_event_node *next;
  ockham_event event;
} ock_event_node;

typedef enum ock_trouble { OCK_TROUBLE_SEGMENT, OCK_TROUBLE_STORE, OCK_TROUBLE_FLUSH, OCK_TROUBLES } ock_trouble;

struct ock_recorder {
  ock_slot *_Atomic current;
  ock_slot *_Atomic next;
  uint64_t limit; /* of a segment, in units of 8 bytes */
  uint64_t most_entry;
  char apart[OCK_LINE_BYTES];
  atomic_bool rotating, stalled, stopping;
  _Atomic uint64_t n_lost, n_events_lost;

  char *folder;
  int folder_fd, lock_fd;
  ock_recorder_options options;
  pthread_t keeper;
  bool keeper_runs;

  pthread_mutex_t lock; /* of what follows, and nobody waits for the disk holding it */
  pthread_cond_t changed;
  bool wanted, started; /* the keeper is wanted at once; it has begun, or failed to: */
  ockham_status begun;
  ockham_error error;
  ock_event_node *events, **events_end;
  size_t n_events, events_bytes;
  const char *problems[OCK_TROUBLES];
  char problem_texts[OCK_PROBLEMS][OCK_PROBLEM_TEXT];
  uint64_t n_sealed_requests, sealed_bytes, n_sealed, unsealed_first;

  /* the keeper's */
  ock_slot slots[OCK_SLOTS];
  ock_slot *line[OCK_SLOTS]; /* those in use, the oldest first */
  size_t n_line;
  ock_kept *kept;
  size_t n_kept, kept_capacity;
  uint64_t next_number; /* of the first segment that is opened */
  ock_store *store;
  uint64_t page_bytes, retry_ns, trim_ns;
};

/* Open `next` behind a segment that has ended; false when this cannot be done now. */
bool ock_recorder_rotate(ock_recorder *recorder, ock_slot *full);
void ock_slot_open(ock_slot *slot, uint64_t first_number);
/* End a segment that is not full. */
void ock_slot_force_end(const ock_recorder *recorder, ock_slot *slot);
static inline uint64_t ock_place_bytes(uint64_t place) {
  return (place >> 32) * 8;
}

void *ock_keeper_main(void *recorder);
void ock_recorder_wake(ock_recorder *recorder);
/* NULL: there is none any more. */
void ock_recorder_trouble(ock_recorder *recorder, ock_trouble kind, const char *text);

/* First numbers of the segments in a folder, in their order; *firsts from ock_alloc. */
ockham_status ock_segments_list(int folder_fd, uint64_t **firsts, size_t *n, ockham_error *err);
/* What the last run left: segments are ended, kept and next_number set. */
ockham_status ock_recover(ock_recorder *recorder, ockham_error *err);
ockham_status ock_keep(ock_recorder *recorder, const ock_facts *facts, bool told, ockham_error *err);

#endif
