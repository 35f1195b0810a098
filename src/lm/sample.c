/* SPDX-License-Identifier: Apache-2.0 */
/* Text from a model, a token at a time: the window is computed anew for each, as small models allow. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lm/feed.h"
#include "lm/train.h"

struct ockham_lm {
  ockham_lm_config config;
  ockham_lm_config single; /* the same with batches of one sequence, whatever a file says */
  ock_lm_feed *feed;
  ock_lm_net *net;
};

/* ---- loading ---- */

/* Merges that cannot be are the file's fault. */
static ockham_status make_feed(ockham_lm *model, const ock_lm_checkpoint *c, const char *path, ockham_error *err) {
  ockham_error inner = {0};
  ockham_status status = ock_lm_feed_of_merges(&model->single, c->merges, c->n_merges, &model->feed, &inner);
  if (status == OCKHAM_BAD_FILE) return ock_fail(err, status, "%s: damaged: %.400s", path, inner.message);
  if (status && err) *err = inner;
  return status;
}

ockham_status ock_lm_of_checkpoint(const ock_lm_checkpoint *checkpoint, const char *path, ockham_lm **model,
                                   ockham_error *err) {
  *model = NULL;
  const char *problem = ock_lm_problem();
  if (problem) return ock_fail(err, OCKHAM_UNSUPPORTED, "models need matrix products, but %s", problem);
  ockham_lm *made = ock_alloc_zeroed(1, sizeof *made);
  if (!made) return ock_fail_memory(err, "a model", sizeof *made);
  made->config = made->single = checkpoint->config;
  made->single.batch = made->single.context;
  ockham_status status = make_feed(made, checkpoint, path, err);
  if (!status) status = ock_lm_net_new(&made->config, &made->net, err);
  size_t n = status ? 0 : made->net->n_parameters;
  if (!status && n != checkpoint->n_weights)
    status = ock_fail(err, OCKHAM_BAD_FILE, "%s: damaged: %zu weights, expected %zu", path, checkpoint->n_weights, n);
  if (status) {
    ockham_lm_free(made);
    return status;
  }
  memcpy(made->net->weights, checkpoint->weights, n * sizeof(float));
  *model = made;
  return OCKHAM_OK;
}

ockham_status ockham_lm_load(const char *path, ockham_lm **model, ockham_error *err) {
  ock_lm_checkpoint checkpoint;
  *model = NULL;
  OCK_TRY(ock_lm_checkpoint_open(path, &checkpoint, err));
  ockham_status status = ock_lm_of_checkpoint(&checkpoint, path, model, err);
  ock_lm_checkpoint_clear(&checkpoint);
  return status;
}

const ockham_lm_config *ockham_lm_config_of(const ockham_lm *model) {
  return &model->config;
}

void ockham_lm_free(ockham_lm *model) {
  if (!model) return;
  ock_lm_net_free(model->net);
  ock_lm_feed_free(model->feed);
  ock_free(model);
}

/* ---- choosing a token ---- */

static int by_falling_value(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x < y) - (x > y);
}

/* The top-th largest of n values; scratch has room for n. */
static float least_of_top(const float *logits, size_t n, size_t top, float *scratch) {
  memcpy(scratch, logits, n * sizeof *scratch);
  qsort(scratch, n, sizeof *scratch, by_falling_value);
  return scratch[top - 1];
}

static size_t likeliest(const float *logits, size_t n) {
  size_t best = 0;
  for (size_t i = 1; i < n; i++)
    if (logits[i] > logits[best]) best = i;
  return best;
}

size_t ock_lm_choose(const float *logits, size_t n, double temperature, size_t top, ock_rng *rng, float *scratch) {
  size_t best = likeliest(logits, n), last = best;
  if (temperature < 0) return best;
  float least = top && top < n ? least_of_top(logits, n, top, scratch) : -INFINITY;
  double total = 0;
  for (size_t i = 0; i < n; i++)
    if (logits[i] >= least) total += exp(((double)logits[i] - (double)logits[best]) / temperature);
  double left = ock_rng_uniform(rng) * total;
  for (size_t i = 0; i < n; i++) {
    if (logits[i] < least) continue;
    last = i;
    left -= exp(((double)logits[i] - (double)logits[best]) / temperature);
    if (left < 0) break;
  }
  return last;
}

/* ---- the window ---- */

typedef struct sampler {
  ockham_lm *model;
  const ockham_lm_sample_options *options;
  double temperature;
  size_t length;
  int32_t *tokens; /* the prompt's, then those that were chosen */
  size_t n_prompt, n;
  float *scratch;
  ock_rng rng;
} sampler;

/* Plain language models go on from all there is. Others are asked for up to half a context, which then becomes part of
 * what is given. The token behind the last is what is asked for. */
static void set_window(sampler *s, const ock_lm_batch **batch) {
  const ockham_lm_config *config = &s->model->config;
  bool plain = config->objective == OCKHAM_LM_OBJECTIVE_FLM || config->objective == OCKHAM_LM_OBJECTIVE_FIM;
  size_t half = config->context / 2, n_head = plain ? s->n : s->n_prompt + (s->n - s->n_prompt) / half * half;
  s->tokens[s->n] = 0;
  ock_lm_feed_continue(s->model->feed, s->tokens, n_head, s->tokens + n_head, s->n - n_head + 1, batch);
}

static ockham_status next_token(sampler *s, int32_t *token, ockham_error *err) {
  const ock_lm_batch *batch;
  double loss;
  size_t n_pieces = 256 + s->model->feed->text.n_merges; /* fewer than the vocabulary where text had no more */
  set_window(s, &batch);
  OCK_TRY(ock_lm_net_forward(s->model->net, batch, false, 0, &loss, NULL, err));
  const float *logits = ock_lm_net_last_logits(s->model->net);
  for (size_t i = 0; i < n_pieces; i++)
    if (!isfinite(logits[i]))
      return ock_fail(err, OCKHAM_BAD_DATA, "the model gives no finite numbers: its training diverged");
  *token = (int32_t)ock_lm_choose(logits, n_pieces, s->temperature, s->options->top, &s->rng, s->scratch);
  return OCKHAM_OK;
}

/* ---- the text ---- */

static ockham_status encode_prompt(sampler *s, size_t size, ockham_error *err) {
  const int32_t *tokens;
  size_t n = ock_lm_feed_encode(s->model->feed, s->options->prompt, size, &tokens);
  if (n == SIZE_MAX) return ock_fail_memory(err, "the prompt", size);
  memcpy(s->tokens + 1, tokens, n * sizeof *tokens);
  s->n_prompt = n;
  return OCKHAM_OK;
}

static ockham_status open_sampler(sampler *s, ockham_error *err) {
  size_t size = s->options->prompt ? s->options->prompt_size : 0;
  size_t n = s->length < SIZE_MAX - size ? size + 1 + s->length : SIZE_MAX;
  size_t room = ock_size_product(n, sizeof *s->tokens);
  s->tokens = ock_alloc(room);
  s->scratch = ock_alloc_array(ock_lm_n_pieces(&s->model->config), sizeof *s->scratch);
  if (!s->tokens || !s->scratch) return ock_fail_memory(err, "a text", room);
  s->tokens[0] = (int32_t)ock_lm_n_pieces(&s->model->config) + OCK_LM_BEGIN;
  if (size) OCK_TRY(encode_prompt(s, size, err));
  s->n = ++s->n_prompt;
  return OCKHAM_OK;
}

static bool put(sampler *s, const void *bytes, size_t size) {
  return size == 0 || s->options->put(s->options->arg, bytes, size);
}

/* Text that was written backwards, once all of it is there. */
static ockham_status put_reversed(sampler *s, ockham_error *err) {
  const ock_lm_feed *feed = s->model->feed;
  bool by_letters = s->model->config.tokens == OCKHAM_LM_TOKENS_BYTE;
  size_t size = 0, n = s->n - s->n_prompt, room = ock_size_product(n, OCK_LM_LONGEST_CHUNK);
  unsigned char *text = ock_alloc_array(room, 2);
  if (!text) return ock_fail_memory(err, "a text", ock_size_product(room, 2));
  for (size_t i = 0; i < n; i++) {
    const char *bytes;
    size_t length = ock_lm_feed_decode(feed, s->tokens[by_letters ? s->n_prompt + i : s->n - 1 - i], &bytes);
    memcpy(text + size, bytes, length);
    size += length;
  }
  if (by_letters) ock_lm_reverse_letters(text, size, text + room);
  put(s, by_letters ? text + room : text, size);
  ock_free(text);
  return OCKHAM_OK;
}

static ockham_status write_text(sampler *s, ockham_error *err) {
  bool reverse = s->model->config.order == OCKHAM_LM_ORDER_REVERSE, more = true;
  for (size_t i = 0; i < s->length && more; i++) {
    const char *bytes;
    OCK_TRY(next_token(s, &s->tokens[s->n], err));
    size_t size = ock_lm_feed_decode(s->model->feed, s->tokens[s->n++], &bytes);
    if (!reverse) more = put(s, bytes, size);
  }
  return reverse ? put_reversed(s, err) : OCKHAM_OK;
}

ockham_status ockham_lm_sample(ockham_lm *model, const ockham_lm_sample_options *options, ockham_error *err) {
  sampler s = {.model = model,
               .options = options,
               .temperature = options->temperature != 0 ? options->temperature : 1,
               .length = options->length ? options->length : 256,
               .rng = ock_rng_make(options->seed, 0)};
  ockham_status status = open_sampler(&s, err);
  if (!status) status = write_text(&s, err);
  ock_free(s.tokens);
  ock_free(s.scratch);
  return status;
}
