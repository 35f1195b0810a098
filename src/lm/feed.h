/* SPDX-License-Identifier: Apache-2.0 */
/* The feed inside. Text is one stream of tokens, BEGIN before each document (stream.c). An objective is a mixture of
 * kinds of examples (kinds.c); each kind walks the whole stream in windows of its own, shuffled anew every epoch. A
 * kind makes of a window what is given and what is asked (examples.c), and these are laid out for the architecture
 * (feed.c). All draws are keyed by the seed and a number: no state passes from step to step. Held-out text takes the
 * same way from what is given and asked on (held.c). */
#ifndef OCK_LM_FEED_H
#define OCK_LM_FEED_H

#include "lm/text.h"

/* ---- the stream ---- */

typedef struct ock_lm_stream {
  const unsigned char *bytes; /* tokens are bytes, or */
  const uint16_t *pieces;
  const uint64_t *ends;         /* of documents, in pieces */
  uint64_t n_documents, length; /* with a BEGIN before each document */
  int32_t begin;
  void *owned[2];
} ock_lm_stream;
/* In the order that the config asks for. */
ockham_status ock_lm_stream_init(ock_lm_stream *stream, const ockham_lm_config *config, const ock_corpus_part *part,
                                 ock_lm_text *text, ockham_error *err);
void ock_lm_stream_clear(ock_lm_stream *stream);
/* n tokens from `at` on; the end is followed by the beginning. */
void ock_lm_stream_copy(const ock_lm_stream *stream, uint64_t at, size_t n, int32_t *tokens);

/* Where i of 0 ... n - 1 comes in the order that the key shuffles them into. */
uint64_t ock_lm_shuffled(uint64_t key, uint64_t n, uint64_t i);

/* ---- examples ---- */

/* What is given, then what is asked: each asked token but the last is given in its turn. */
typedef struct ock_lm_example {
  int32_t *given, *asked; /* room for the context and one more */
  size_t n_given, n_asked;
  int32_t start;      /* stands between them; negative: the last one given asks for the first */
  size_t n_free;      /* of those asked, the first so many have no loss, */
  size_t n_counted;   /* nor those from here on */
  bool loss_on_given; /* from the second on */
} ock_lm_example;

typedef enum ock_lm_kind_name {
  OCK_LM_PLAIN,    /* each from those before */
  OCK_LM_PREFIX,   /* a prefix, the rest */
  OCK_LM_SPANS,    /* spans become sentinels */
  OCK_LM_DROP,     /* spans vanish, all is asked */
  OCK_LM_CONTINUE, /* CLM token and 20 to 80 %, the rest */
  OCK_LM_MIDDLE    /* fill in the middle */
} ock_lm_kind_name;

typedef struct ock_lm_kind {
  ock_lm_kind_name name;
  int mode;           /* the first token given, as OCK_LM_MODE_R; negative: none */
  double mean, share; /* of spans; mean 0: one span, at the end */
  size_t turns;       /* of a block of the mixture */
  /* By the context and the architecture: tokens before the window that are needed, its size, what is hidden of it. */
  size_t lead, window, n_noise, n_spans;
} ock_lm_kind;

enum { OCK_LM_MOST_KINDS = 7 };
typedef struct ock_lm_mixture {
  ock_lm_kind kinds[OCK_LM_MOST_KINDS];
  size_t n_kinds, n_turns; /* of a block: the sum */
} ock_lm_mixture;
ock_lm_mixture ock_lm_mixture_of(const ockham_lm_config *config);

/* Specials of a config, and how it lays out. */
typedef struct ock_lm_shape {
  size_t context;
  int32_t special; /* token of OCK_LM_BEGIN */
  bool encoder;    /* what is given goes to it, if there is a start */
  bool prefix;     /* what is given is seen by all of it, and has no loss */
} ock_lm_shape;
ock_lm_shape ock_lm_shape_of(const ockham_lm_config *config);

/* Of lead + window tokens. `lengths` draws what sequences of one step share where they must have equal lengths, `own`
 * the rest. */
void ock_lm_make_example(const ock_lm_shape *shape, const ock_lm_kind *kind, const int32_t *raw, ock_rng *lengths,
                         ock_rng *own, ock_lm_example *example);

/* Lengths of n parts, each at least 1, that sum to total: all such are equally likely. */
void ock_lm_compose(size_t total, size_t n, ock_rng *rng, size_t *lengths);

/* ---- the feed ---- */

struct ock_lm_feed {
  const ockham_lm_config *config;
  ock_lm_shape shape;
  ock_lm_mixture mixture;
  ock_lm_text text;
  bool has_corpus;
  ock_lm_stream stream;
  ock_corpus_part held;
  uint64_t *held_at; /* where each piece begins */
  uint64_t n_held;
  size_t n_rows; /* sequences of a step */
  ock_lm_example example;
  int32_t *raw;           /* context + 1 */
  unsigned char *letters; /* context or text_room, for reversing */
  ock_lm_batch batch;
  int32_t *tokens, *targets, *prefix, *source, *source_used; /* n_rows x context, or n_rows */
  int32_t *encoded;                                          /* text_room */
  size_t text_room;
};

/* Forget the sequences of the batch before; then put row after row. Rows may differ in length: what is missing is PAD.
 */
void ock_lm_batch_begin(ock_lm_feed *feed);
void ock_lm_batch_put(ock_lm_feed *feed, const ock_lm_example *example);
void ock_lm_batch_end(ock_lm_feed *feed);

/* Bytes as tokens, in the order of the config; of up to context bytes. */
size_t ock_lm_encode_ordered(ock_lm_feed *feed, const unsigned char *bytes, size_t size, int32_t *tokens);
/* For sampling: one sequence that asks for the tail (at least one token and at most half a context; the last is not
 * seen) after the head, as held-out text does. */
void ock_lm_feed_continue(ock_lm_feed *feed, const int32_t *head, size_t n_head, const int32_t *tail, size_t n_tail,
                          const ock_lm_batch **batch);
/* Where the pieces held out begin. */
ockham_status ock_lm_held_init(ock_lm_feed *feed, const ock_corpus_part *held, ockham_error *err);

#endif
