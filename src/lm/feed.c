/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "lm/feed.h"

/* What a random number is for; kinds follow the last. */
enum { FOR_TURNS, FOR_LENGTHS, FOR_OWN, FOR_OFFSETS, FOR_WINDOWS = FOR_OFFSETS + OCK_LM_MOST_KINDS, N_USES = 32 };

static ock_rng rng_for(const ock_lm_feed *feed, size_t use, uint64_t number) {
  return ock_rng_make(feed->config->seed, number * N_USES + use);
}

static uint64_t key_for(const ock_lm_feed *feed, size_t use, uint64_t number) {
  ock_rng rng = rng_for(feed, use, number);
  return ock_rng_next(&rng);
}

/* ---- laying out ---- */

void ock_lm_batch_begin(ock_lm_feed *feed) {
  feed->batch = (ock_lm_batch){.tokens = feed->tokens, .targets = feed->targets};
  if (feed->shape.prefix) feed->batch.prefix = feed->prefix;
  if (feed->shape.encoder) feed->batch.source = feed->source;
}

static void put_token(ock_lm_feed *feed, size_t at, int32_t token, int32_t target) {
  feed->tokens[at] = token;
  feed->targets[at] = target;
  feed->batch.n_targets += target >= 0;
}

/* What is given, but for the last when that asks for the first. */
static size_t put_given(ock_lm_feed *feed, size_t at, const ock_lm_example *e) {
  for (size_t i = 0; i < e->n_given; i++)
    put_token(feed, at + i, e->given[i], e->loss_on_given && i + 1 < e->n_given ? e->given[i + 1] : -1);
  return at + e->n_given;
}

static void put_source(ock_lm_feed *feed, size_t row, const ock_lm_example *e) {
  int32_t *source = feed->source + row * feed->shape.context, none = feed->shape.special + OCK_LM_BEGIN;
  size_t n = e->start >= 0 ? e->n_given : 1;
  memcpy(source, e->start >= 0 ? e->given : &none, n * sizeof *source);
  feed->source_used[row] = (int32_t)n;
  for (size_t i = n; i < feed->shape.context; i++) source[i] = feed->shape.special + OCK_LM_PAD;
  if (feed->batch.source_length < n) feed->batch.source_length = n;
}

/* The token that asks is the one before: the start, the last one given, or the last one asked. */
void ock_lm_batch_put(ock_lm_feed *feed, const ock_lm_example *e) {
  size_t context = feed->shape.context, row = feed->batch.n_sequences++, first = row * context, at = first;
  bool apart = feed->shape.encoder && e->start >= 0;
  if (feed->shape.encoder) put_source(feed, row, e);
  if (!apart) at = put_given(feed, at, e);
  if (e->start >= 0) put_token(feed, at++, e->start, -1);
  feed->prefix[row] = (int32_t)(at - first);
  for (size_t i = 0; i < e->n_asked; i++) {
    bool counts = i >= e->n_free && i < e->n_counted;
    feed->targets[at - 1] = counts ? e->asked[i] : -1;
    feed->batch.n_targets += counts;
    if (i + 1 < e->n_asked) put_token(feed, at++, e->asked[i], -1);
  }
  assert(at - first <= context);
  if (feed->batch.length < at - first) feed->batch.length = at - first;
  for (; at < first + context; at++) put_token(feed, at, feed->shape.special + OCK_LM_PAD, -1);
}

static void close_up(int32_t *rows, size_t n_rows, size_t stride, size_t length) {
  for (size_t r = 1; r < n_rows && length < stride; r++)
    memmove(rows + r * length, rows + r * stride, length * sizeof *rows);
}

void ock_lm_batch_end(ock_lm_feed *feed) {
  ock_lm_batch *batch = &feed->batch;
  close_up(feed->tokens, batch->n_sequences, feed->shape.context, batch->length);
  close_up(feed->targets, batch->n_sequences, feed->shape.context, batch->length);
  if (!feed->shape.encoder) return;
  close_up(feed->source, batch->n_sequences, feed->shape.context, batch->source_length);
  for (size_t r = 0; r < batch->n_sequences; r++)
    if ((size_t)feed->source_used[r] < batch->source_length) batch->source_used = feed->source_used;
}

/* ---- batches to train on ---- */

/* The kind whose turn a unit is (a sequence, or a step of an encoder-decoder), and how many it had before. */
static size_t kind_of_unit(const ock_lm_feed *feed, uint64_t unit, uint64_t *before) {
  const ock_lm_mixture *mixture = &feed->mixture;
  uint64_t block = unit / mixture->n_turns;
  uint64_t turn = ock_lm_shuffled(key_for(feed, FOR_TURNS, block), mixture->n_turns, unit % mixture->n_turns);
  size_t k = 0;
  for (; turn >= mixture->kinds[k].turns; k++) turn -= mixture->kinds[k].turns;
  *before = block * mixture->kinds[k].turns + turn;
  return k;
}

/* The number-th window of a kind: where it begins in the stream, and how many tokens of it this epoch has not had. */
static uint64_t window_at(const ock_lm_feed *feed, size_t k, uint64_t number, size_t *fresh) {
  const ock_lm_kind *kind = &feed->mixture.kinds[k];
  uint64_t length = feed->stream.length, n_windows = (length + kind->window - 1) / kind->window;
  uint64_t epoch = number / n_windows;
  uint64_t w = ock_lm_shuffled(key_for(feed, FOR_WINDOWS + k, epoch), n_windows, number % n_windows);
  uint64_t left = length - w * kind->window;
  *fresh = left < kind->window ? (size_t)left : kind->window;
  return (key_for(feed, FOR_OFFSETS + k, epoch) % length + w * kind->window) % length;
}

static void put_sequence(ock_lm_feed *feed, uint64_t step, size_t row) {
  uint64_t sequence = step * feed->n_rows + row, unit = feed->shape.encoder ? step : sequence, number;
  size_t k = kind_of_unit(feed, unit, &number), fresh;
  const ock_lm_kind *kind = &feed->mixture.kinds[k];
  if (feed->shape.encoder) number = number * feed->n_rows + row;
  uint64_t at = window_at(feed, k, number, &fresh);
  ock_lm_stream_copy(&feed->stream, at + feed->stream.length - kind->lead, kind->lead + kind->window, feed->raw);
  ock_rng lengths = rng_for(feed, FOR_LENGTHS, unit), own = rng_for(feed, FOR_OWN, sequence);
  ock_lm_make_example(&feed->shape, kind, feed->raw, &lengths, &own, &feed->example);
  if (feed->config->objective == OCKHAM_LM_OBJECTIVE_FLM) feed->example.n_counted = fresh;
  ock_lm_batch_put(feed, &feed->example);
}

void ock_lm_feed_batch(ock_lm_feed *feed, uint64_t step, const ock_lm_batch **batch) {
  assert(feed->has_corpus);
  ock_lm_batch_begin(feed);
  for (size_t row = 0; row < feed->n_rows; row++) put_sequence(feed, step, row);
  ock_lm_batch_end(feed);
  *batch = &feed->batch;
}

/* ---- text ---- */

/* Bytes as tokens, in the order of the config. */
size_t ock_lm_encode_ordered(ock_lm_feed *feed, const unsigned char *bytes, size_t size, int32_t *tokens) {
  if (feed->config->order == OCKHAM_LM_ORDER_FORWARD) return ock_lm_text_encode(&feed->text, bytes, size, tokens);
  if (feed->config->tokens == OCKHAM_LM_TOKENS_BYTE) {
    ock_lm_reverse_letters(bytes, size, feed->letters);
    return ock_lm_text_encode(&feed->text, feed->letters, size, tokens);
  }
  size_t n = ock_lm_text_encode(&feed->text, bytes, size, tokens);
  for (size_t i = 0; i < n / 2; i++) {
    int32_t kept = tokens[i];
    tokens[i] = tokens[n - 1 - i];
    tokens[n - 1 - i] = kept;
  }
  return n;
}

static bool widen_text(ock_lm_feed *feed, size_t size) {
  if (size <= feed->text_room && feed->encoded) return true;
  int32_t *encoded = ock_realloc_array(feed->encoded, size, sizeof *encoded);
  if (encoded) feed->encoded = encoded;
  unsigned char *letters = ock_realloc_array(feed->letters, size > feed->shape.context ? size : feed->shape.context, 1);
  if (letters) feed->letters = letters;
  if (!encoded || !letters) return false;
  feed->text_room = size;
  return true;
}

size_t ock_lm_feed_encode(ock_lm_feed *feed, const void *text, size_t size, const int32_t **tokens) {
  if (!widen_text(feed, size)) return SIZE_MAX;
  *tokens = feed->encoded;
  return ock_lm_encode_ordered(feed, text, size, feed->encoded);
}

size_t ock_lm_feed_decode(const ock_lm_feed *feed, int32_t token, const char **bytes) {
  const ock_lm_text *text = &feed->text;
  *bytes = (const char *)text->bytes;
  if (token < 0 || (size_t)token >= 256 + text->n_merges) return 0;
  *bytes += text->starts[token];
  return text->starts[token + 1] - text->starts[token];
}

size_t ock_lm_feed_merges(const ock_lm_feed *feed, const int32_t **merges) {
  *merges = feed->text.merges;
  return feed->text.n_merges;
}

/* ---- making one ---- */

static ockham_status allocate(ock_lm_feed *feed, ockham_error *err) {
  size_t context = feed->shape.context, n = ock_size_product(feed->n_rows, context), size = sizeof(int32_t);
  feed->tokens = ock_alloc_array(n, size);
  feed->targets = ock_alloc_array(n, size);
  feed->prefix = ock_alloc_array(feed->n_rows, size);
  feed->source = ock_alloc_array(feed->shape.encoder ? n : 0, size);
  feed->source_used = ock_alloc_array(feed->n_rows, size);
  feed->raw = ock_alloc_array(context + 1, size);
  feed->example.given = ock_alloc_array(context + 4, size);
  feed->example.asked = ock_alloc_array(context + 4, size);
  feed->letters = ock_alloc(context);
  if (feed->tokens && feed->targets && feed->prefix && feed->source && feed->source_used && feed->raw &&
      feed->example.given && feed->example.asked && feed->letters)
    return OCKHAM_OK;
  return ock_fail_memory(err, "a batch", ock_size_product(n, 2 * size));
}

/* Learn the pieces (or read what was learnt before), encode the text, find the pieces to hold out. */
static ockham_status read_corpus(ock_lm_feed *feed, const ockham_corpus *corpus, ockham_error *err) {
  int32_t *merges = NULL;
  size_t n_merges = 0;
  if (feed->config->tokens == OCKHAM_LM_TOKENS_BPE)
    OCK_TRY(ock_lm_merges_of(corpus, ock_lm_n_pieces(feed->config) - 256, &merges, &n_merges, err));
  ockham_status status = ock_lm_text_init(&feed->text, merges, n_merges, err);
  ock_free(merges);
  if (!status) status = ock_lm_stream_init(&feed->stream, feed->config, &corpus->train, &feed->text, err);
  if (!status) status = ock_lm_held_init(feed, &corpus->held, err);
  feed->has_corpus = !status;
  return status;
}

static ock_lm_feed *new_feed(const ockham_lm_config *config) {
  ock_lm_feed *feed = ock_alloc_zeroed(1, sizeof *feed);
  if (!feed) return NULL;
  feed->config = config;
  feed->shape = ock_lm_shape_of(config);
  feed->mixture = ock_lm_mixture_of(config);
  feed->n_rows = config->batch / config->context;
  return feed;
}

ockham_status ock_lm_feed_new(const ockham_lm_config *config, const ockham_corpus *corpus, ock_lm_feed **feed,
                              ockham_error *err) {
  *feed = NULL;
  ock_lm_feed *made = new_feed(config);
  if (!made) return ock_fail_memory(err, "a feed", sizeof *made);
  ockham_status status = allocate(made, err);
  if (!status) status = read_corpus(made, corpus, err);
  if (status)
    ock_lm_feed_free(made);
  else
    *feed = made;
  return status;
}

ockham_status ock_lm_feed_of_merges(const ockham_lm_config *config, const int32_t *merges, size_t n_merges,
                                    ock_lm_feed **feed, ockham_error *err) {
  *feed = NULL;
  if (n_merges > ock_lm_n_pieces(config) - 256)
    return ock_fail(err, OCKHAM_BAD_FILE, "expected at most %zu merges, found %zu", ock_lm_n_pieces(config) - 256,
                    n_merges);
  ock_lm_feed *made = new_feed(config);
  if (!made) return ock_fail_memory(err, "a feed", sizeof *made);
  ockham_status status = allocate(made, err); /* for what sampling goes on from */
  if (!status) status = ock_lm_text_init(&made->text, merges, n_merges, err);
  if (status)
    ock_lm_feed_free(made);
  else
    *feed = made;
  return status;
}

void ock_lm_feed_free(ock_lm_feed *feed) {
  if (!feed) return;
  ock_lm_stream_clear(&feed->stream);
  ock_lm_text_clear(&feed->text);
  void *blocks[] = {feed->tokens,      feed->targets, feed->prefix,        feed->source,
                    feed->source_used, feed->raw,     feed->example.given, feed->example.asked,
                    feed->letters,     feed->held_at, feed->encoded,       feed};
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) ock_free(blocks[i]);
}
