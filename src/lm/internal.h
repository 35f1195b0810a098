/* SPDX-License-Identifier: Apache-2.0 */
/* lm: small language models on a processor: text into batches, a transformer forward and backward, optimisers,
 * training. Main types: ock_lm_batch (what an objective makes and a network takes), ock_lm_net (weights, gradients,
 * activations), ock_lm_feed (batches of a corpus, a pure function of config, seed and step). Invariants: all of a run
 * follows from its config, its corpus and the instruction set, to the bit; matrices are row-major, rows are tokens;
 * weights, gradients and optimiser's states are one block each, tensors are parts of it. Threads: none inside; a net, a
 * feed and a trainer belong to one thread. Source: Vaswani et al., 2017 (arXiv:1706.03762); the levels' own are in
 * ockham/lm.h. */
#ifndef OCK_LM_INTERNAL_H
#define OCK_LM_INTERNAL_H

#include <ockham/lm.h>

#include "core/internal.h"

/* What networks count in. The tests of gradients compile them a second time, with doubles. */
#ifdef OCK_LM_DOUBLE
typedef double ock_lm_real;
#else
typedef float ock_lm_real;
#endif

/* ---- vocabulary: bytes or pieces from 0, then specials, equally many for every objective; padded to a multiple of 16
 * ---- */

enum {
  OCK_LM_BEGIN,    /* of a document */
  OCK_LM_PAD,      /* is never a target; masked out where a source is too short */
  OCK_LM_MODE_R,   /* UL2's modes: spans, */
  OCK_LM_MODE_S,   /* a suffix, */
  OCK_LM_MODE_X,   /* extreme spans */
  OCK_LM_MODE_CLM, /* AlexaTM: continue */
  OCK_LM_PRE,      /* FIM */
  OCK_LM_SUF,
  OCK_LM_MID,
  OCK_LM_SEPARATOR, /* between inputs and targets in one stack */
  OCK_LM_SENTINEL,  /* the first of OCK_LM_N_SENTINELS */
  OCK_LM_N_SENTINELS = 38,
  OCK_LM_N_SPECIALS = OCK_LM_SENTINEL + OCK_LM_N_SENTINELS /* 48 */
};
/* Bytes or pieces of a complete config, and all rows of its table. */
size_t ock_lm_n_pieces(const ockham_lm_config *config);
size_t ock_lm_n_tokens(const ockham_lm_config *config);

/* ---- what a complete config implies ---- */

bool ock_lm_is_gated(ockham_lm_ffn ffn);
bool ock_lm_has_encoder(const ockham_lm_config *config);
size_t ock_lm_layers_of_stack(const ockham_lm_config *config);
size_t ock_lm_n_kv_heads(const ockham_lm_config *config); /* by the attention's level */

/* ---- batches ---- */

/* One stack: tokens are all there is, and prefix[b] says how many of them all see (prefix architecture).
 * Encoder-decoder: the encoder reads source, the decoder tokens. The loss is of tokens[b][t] predicting targets[b][t].
 * Views of the feed's. */
typedef struct ock_lm_batch {
  size_t n_sequences, length; /* B, T */
  const int32_t *tokens;      /* B x T */
  const int32_t *targets;     /* B x T; negative: no loss */
  const int32_t *prefix;      /* B, or NULL: none */
  size_t source_length;       /* S; 0: no encoder */
  const int32_t *source;      /* B x S */
  const int32_t *source_used; /* B: those from there on are padding, which nobody sees; NULL: none is */
  size_t n_targets;           /* with a loss */
} ock_lm_batch;

typedef struct ock_lm_feed ock_lm_feed;
/* config is complete; both are borrowed. BPE is learnt here, from the training part. */
ockham_status ock_lm_feed_new(const ockham_lm_config *config, const ockham_corpus *corpus, ock_lm_feed **feed,
                              ockham_error *err);
void ock_lm_feed_free(ock_lm_feed *feed);
/* The batch of a step, from 0: config.batch tokens, source and target together; nothing is padded, so that the
 * sequences of an encoder-decoder share their lengths in a step (prefix, denoiser, middle). Valid until the next call
 * on the feed.
 */
void ock_lm_feed_batch(ock_lm_feed *feed, uint64_t step, const ock_lm_batch **batch);

/* Held-out text, the same bytes for every config: piece p is config.context bytes of a held-out document (across
 * documents where these are mostly shorter). The batch asks for the suffix after cut / 4 (1, 2, 3) of each of up to
 * config.batch / config.context pieces from `first` on, given the rest, as the architecture and objective would have
 * it: flm from the prefix before; plm with it as the prefix; mlm and ul2 with a sentinel for the suffix; denoising-clm
 * after its CLM token; fim as plain text; encoder-decoder with it as the source. cut 0: the whole piece by the chain
 * rule (NULL batch where the objective does not define it). n_bytes: of the targets. Reverse: cut pieces of reversed
 * text; the bytes are then others, and only whole pieces compare. */
void ock_lm_feed_held(ock_lm_feed *feed, uint64_t first, int cut, const ock_lm_batch **batch, uint64_t *n_pieces,
                      uint64_t *n_bytes);
uint64_t ock_lm_feed_n_held(const ock_lm_feed *feed);
/* Text to tokens, for prompts, in the order of the config. Returns how many, SIZE_MAX without memory; *tokens is the
 * feed's until the next call. */
size_t ock_lm_feed_encode(ock_lm_feed *feed, const void *text, size_t size, const int32_t **tokens);
/* The bytes of a token: none of a special. */
size_t ock_lm_feed_decode(const ock_lm_feed *feed, int32_t token, const char **bytes);
/* BPE's merges, to be kept in a checkpoint: n x 2 tokens; and a feed without a corpus made of them (for sampling). */
size_t ock_lm_feed_merges(const ock_lm_feed *feed, const int32_t **merges);
ockham_status ock_lm_feed_of_merges(const ockham_lm_config *config, const int32_t *merges, size_t n_merges,
                                    ock_lm_feed **feed, ockham_error *err);

/* ---- networks ---- */

typedef enum ock_lm_role {
  OCK_LM_EMBEDDING, /* tokens, places */
  OCK_LM_HIDDEN,    /* a matrix between layers: Muon's */
  OCK_LM_HEAD,
  OCK_LM_VECTOR /* gains, biases, T5's table, ReZero's a: no decay */
} ock_lm_role;

/* What a tensor is to the sublayer that it belongs to: first weights depend on it. */
typedef enum ock_lm_part {
  OCK_LM_TOKENS,
  OCK_LM_PLACES,
  OCK_LM_LOGITS,
  OCK_LM_QUERY,
  OCK_LM_KEY,
  OCK_LM_VALUE,
  OCK_LM_ATTENDED, /* attention's output */
  OCK_LM_IN,
  OCK_LM_GATE,
  OCK_LM_OUT,
  OCK_LM_ROUTER,
  OCK_LM_GAIN,  /* 1 at first */
  OCK_LM_OFFSET /* 0 at first: biases, T5's table, ReZero's a */
} ock_lm_part;

typedef struct ock_lm_tensor {
  char name[48]; /* "decoder.3.attention.q" */
  ock_lm_role role;
  ock_lm_part part;
  size_t rows, columns; /* inputs x outputs: y = x W; a vector has one row */
  ock_lm_real *weight, *gradient;
  float rate; /* factor of the learning rate: muP's; else 1 */
} ock_lm_tensor;

typedef struct ock_lm_net {
  ockham_lm_config config; /* complete */
  size_t n_tensors;
  ock_lm_tensor *tensors;
  size_t n_parameters;
  ock_lm_real *weights, *gradients; /* n_parameters each, the tensors one after another, each at a multiple of 16 */
  struct ock_lm_layout *layout;     /* the network's own: tensors by place, activations */
} ock_lm_net;

ockham_status ock_lm_net_new(const ockham_lm_config *config, ock_lm_net **net, ockham_error *err);
void ock_lm_net_free(ock_lm_net *net);
/* First weights, from config.seed. */
void ock_lm_net_init(ock_lm_net *net);
/* Mean loss of the batch's targets, nats. training: dropout (by config.seed and step), and activations are kept for
 * ock_lm_net_backward(), which adds z-loss and an MoE's balance loss to what it differentiates. nll: of each target in
 * the batch's order (n_targets), or NULL. Fails with NO_MEMORY only: activations grow to the largest batch seen. */
ockham_status ock_lm_net_forward(ock_lm_net *net, const ock_lm_batch *batch, bool training, uint64_t step, double *loss,
                                 ock_lm_real *nll, ockham_error *err);
/* Gradients of the last forward pass, in place of those before. */
void ock_lm_net_backward(ock_lm_net *net);
/* Logits after the last token of each sequence of the last forward pass: B x n_tokens. For sampling. */
const ock_lm_real *ock_lm_net_last_logits(ock_lm_net *net);

/* ---- optimisers ---- */

typedef struct ock_lm_optimizer ock_lm_optimizer;
ockham_status ock_lm_optimizer_new(ock_lm_net *net, ock_lm_optimizer **optimizer, ockham_error *err);
void ock_lm_optimizer_free(ock_lm_optimizer *optimizer);
/* The steps in which the rate rises. */
uint64_t ock_lm_warmup_steps(const ockham_lm_config *config, uint64_t n_steps);
/* Of the step, from 0, by the schedule. */
double ock_lm_rate_at(const ockham_lm_config *config, uint64_t step, uint64_t n_steps);
/* Clip, and step. Returns the gradient's norm before. */
double ock_lm_optimizer_step(ock_lm_optimizer *optimizer, uint64_t step, uint64_t n_steps);
/* Its state as floats, for checkpoints. */
float *ock_lm_optimizer_state(ock_lm_optimizer *optimizer, size_t *n);

/* ---- matrix products, by BLAS: one thread ---- */

/* c (m x n) = alpha a b + beta c; a is m x k, or k x m and taken transposed; rows are lda, ldb, ldc apart. */
void ock_lm_product(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, ock_lm_real alpha,
                    const ock_lm_real *a, size_t lda, const ock_lm_real *b, size_t ldb, ock_lm_real beta,
                    ock_lm_real *c, size_t ldc);
/* NULL: there is BLAS; else what is missing. */
const char *ock_lm_problem(void);

#endif
