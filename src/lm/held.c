/* SPDX-License-Identifier: Apache-2.0 */
/* Held-out text: the same bytes for every config of a corpus and context. Where specials leave too little of the
 * context, what is given loses its first tokens; what is asked never does. */
#include <assert.h>
#include <string.h>

#include "lm/feed.h"

/* Pieces lie within documents, unless these are so short that more than half of the text would be lost. */
ockham_status ock_lm_held_init(ock_lm_feed *feed, const ock_corpus_part *held, ockham_error *err) {
  uint64_t context = feed->shape.context, n = 0, begin = 0;
  for (uint64_t d = 0; d < held->n_documents; begin = held->ends[d++]) n += (held->ends[d] - begin) / context;
  bool across = 2 * n * context < held->n_bytes;
  if (across) n = held->n_bytes / context;
  feed->held = *held;
  feed->held_at = ock_alloc_array((size_t)n, sizeof *feed->held_at);
  if (!feed->held_at) return ock_fail_memory(err, "the places held out", (size_t)n * sizeof *feed->held_at);
  begin = 0;
  for (uint64_t d = 0; d < held->n_documents && !across; begin = held->ends[d++])
    for (uint64_t at = begin; held->ends[d] - at >= context; at += context) feed->held_at[feed->n_held++] = at;
  for (; feed->n_held < n; feed->n_held++) feed->held_at[feed->n_held] = feed->n_held * context;
  return OCKHAM_OK;
}

uint64_t ock_lm_feed_n_held(const ock_lm_feed *feed) {
  return feed->n_held;
}

/* How an objective continues text: a mode before what is given, a sentinel behind it, a start. */
typedef struct manner {
  int mode;
  bool sentinel, start;
} manner;

static manner manner_of(const ock_lm_feed *feed) {
  switch (feed->config->objective) {
    case OCKHAM_LM_OBJECTIVE_MLM:
      return (manner){-1, true, true};
    case OCKHAM_LM_OBJECTIVE_UL2:
      return (manner){OCK_LM_MODE_S, true, true};
    case OCKHAM_LM_OBJECTIVE_DENOISING_CLM:
      return (manner){OCK_LM_MODE_CLM, false, true};
    case OCKHAM_LM_OBJECTIVE_FLM:
      return (manner){-1, false, false};
    default:
      return (manner){-1, false, feed->shape.encoder};
  }
}

/* Whether whole pieces are something that the objective was trained to give a chance to. */
static bool knows_whole(const ock_lm_feed *feed) {
  ockham_lm_objective objective = feed->config->objective;
  return objective == OCKHAM_LM_OBJECTIVE_FLM || objective == OCKHAM_LM_OBJECTIVE_PLM ||
         objective == OCKHAM_LM_OBJECTIVE_FIM;
}

static void make_example(ock_lm_feed *feed, const int32_t *head, size_t n_head, const int32_t *tail, size_t n_tail) {
  ock_lm_example *e = &feed->example;
  manner how = manner_of(feed);
  int32_t special = feed->shape.special, sentinel = special + OCK_LM_SENTINEL;
  *e = (ock_lm_example){.given = e->given, .asked = e->asked, .start = -1};
  if (how.start) e->start = special + OCK_LM_SEPARATOR;
  if (how.sentinel) e->asked[e->n_asked++] = sentinel;
  e->n_free = e->n_asked;
  memcpy(e->asked + e->n_asked, tail, n_tail * sizeof *tail);
  e->n_counted = e->n_asked += n_tail;

  size_t room = feed->shape.context; /* for what is given */
  if (!feed->shape.encoder || !how.start) room -= e->n_asked - 1 + how.start;
  if (how.mode >= 0 && room > how.sentinel) e->given[e->n_given++] = special + how.mode;
  size_t left = room - e->n_given - how.sentinel, skipped = n_head > left ? n_head - left : 0;
  memcpy(e->given + e->n_given, head + skipped, (n_head - skipped) * sizeof *head);
  e->n_given += n_head - skipped;
  if (how.sentinel) e->given[e->n_given++] = sentinel;
}

static void put_piece(ock_lm_feed *feed, const unsigned char *bytes, size_t n_given) {
  size_t context = feed->shape.context, n_asked = context - n_given;
  bool reverse = feed->config->order == OCKHAM_LM_ORDER_REVERSE;
  int32_t *head = feed->raw;
  size_t n_head = 1;
  if (n_given == 0)
    head[0] = feed->shape.special + OCK_LM_BEGIN;
  else
    n_head = ock_lm_encode_ordered(feed, reverse ? bytes + n_asked : bytes, n_given, head);
  int32_t *tail = head + n_head;
  size_t n_tail = ock_lm_encode_ordered(feed, reverse ? bytes : bytes + n_given, n_asked, tail);
  make_example(feed, head, n_head, tail, n_tail);
  ock_lm_batch_put(feed, &feed->example);
}

void ock_lm_feed_held(ock_lm_feed *feed, uint64_t first, int cut, const ock_lm_batch **batch, uint64_t *n_pieces,
                      uint64_t *n_bytes) {
  assert(feed->has_corpus && cut >= 0 && cut <= 3);
  size_t context = feed->shape.context, n_given = context * (size_t)cut / 4;
  uint64_t left = first < feed->n_held ? feed->n_held - first : 0, n = left < feed->n_rows ? left : feed->n_rows;
  *batch = NULL;
  *n_pieces = n;
  *n_bytes = 0;
  if (n == 0 || (cut == 0 && !knows_whole(feed))) return;
  ock_lm_batch_begin(feed);
  for (uint64_t p = first; p < first + n; p++) put_piece(feed, feed->held.text + feed->held_at[p], n_given);
  ock_lm_batch_end(feed);
  *batch = &feed->batch;
  *n_bytes = n * (context - n_given);
}

void ock_lm_feed_continue(ock_lm_feed *feed, const int32_t *head, size_t n_head, const int32_t *tail, size_t n_tail,
                          const ock_lm_batch **batch) {
  ock_lm_batch_begin(feed);
  make_example(feed, head, n_head, tail, n_tail);
  ock_lm_batch_put(feed, &feed->example);
  ock_lm_batch_end(feed);
  *batch = &feed->batch;
}
