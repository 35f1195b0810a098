/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a network: tensors by their place, and activations of the batch at hand. Files, each a pair of passes
 * forward and backward: norm.c, attention.c (with position.c and mask.c), ffn.c, experts.c; block.c puts sublayers
 * together, head.c embeds tokens and takes the loss, net.c runs it all.
 *
 * Shapes: a stack has B sequences of T places, N = B T rows of d numbers, in the batch's order. Attention has H heads
 * and G heads of keys and values of D numbers, and M = B S rows that are attended to (M = N but in cross-attention). */
#ifndef OCK_LM_NET_H
#define OCK_LM_NET_H

#include "lm/bf16.h"
#include "lm/internal.h"
#include "lm/loops.h"

/* ---- tensors ---- */

typedef struct dense {
  ock_lm_tensor *w, *b; /* inputs x outputs, 1 x outputs; b NULL: no bias */
} dense;

typedef struct norm {
  ock_lm_tensor *gain, *bias; /* 1 x d; gain NULL: there is no norm; bias NULL: RMS */
} norm;

typedef struct attention_weights {
  dense q, k, v, o;               /* d x H D, d x G D twice, H D x d */
  ock_lm_tensor *q_gain, *k_gain; /* 1 x D; NULL without qk_norm */
} attention_weights;

typedef struct ffn_weights {
  dense in, gate, out; /* d x hidden twice, hidden x d; gate.w NULL where it is not gated */
} ffn_weights;

enum { OCK_LM_MUP_WIDTH = 64 }; /* at which muP's rates, logits and embeddings are those of fan-in */
enum { MOST_EXPERTS = 64, OCK_LM_BAND = 32 /* rows of a head that are weighed at once */ };

/* ---- activations of a norm and of sublayers, kept from the forward pass for the backward one ---- */

typedef struct norm_state {
  real *scale, *mean; /* N each */
} norm_state;

typedef struct attention_state {
  real *q, *k, *v;         /* N x H D, M x G D twice; q and k as the products take them */
  real *q_plain, *k_plain; /* before qk_norm; else q and k */
  norm_state q_norm, k_norm;
  real *p;       /* B x H x T x S: the weights */
  real *context; /* N x H D: sums of values */
} attention_state;

typedef struct ffn_state {
  real *u, *w,
      *h; /* rows x hidden: before f, what is multiplied with it (gated), after; 1 row a pair of token and expert */
} ffn_state;

typedef struct experts_state {
  real *p;                            /* N x E: the router's */
  uint32_t *chosen;                   /* N x active: experts */
  uint32_t *order;                    /* N active: which pair (token active + place) is in which row, by expert */
  size_t first_row[MOST_EXPERTS + 1]; /* of each expert */
  real *x, *y;                        /* N active x d: gathered inputs, outputs */
  real share[MOST_EXPERTS];           /* of pairs */
} experts_state;

typedef enum sublayer_kind { SELF_ATTENTION, CROSS_ATTENTION, FEED_FORWARD } sublayer_kind;

typedef struct sublayer {
  sublayer_kind kind;
  uint32_t number; /* over the whole network: dropout's */
  bool local;      /* the mask's window holds in this layer */
  attention_weights attention;
  ffn_weights ffn, *experts; /* experts NULL: ffn */
  dense router;              /* d x E */
  norm after;                /* of its output */
  ock_lm_tensor *scale;      /* 1 x 1: ReZero's; or NULL */
  attention_state attention_state;
  ffn_state ffn_state;
  experts_state experts_state;
  norm_state after_state;
  real *y; /* N x d: its output, before `after` */
} sublayer;

/* Sublayers that read the same input x: their outputs are added to it. */
typedef struct block {
  size_t n_sublayers;
  sublayer sublayers[3];
  norm before, post;
  norm_state before_state, post_state;
  real *x, *normed, *sum, *out; /* N x d: x is what the block before put out; normed may be x, sum may be out */
} block;

typedef struct stack {
  bool encoder;
  size_t n_blocks;
  block *blocks;
  ock_lm_tensor *places;  /* context x d: learned ones; or NULL */
  ock_lm_tensor *buckets; /* 32 x H: T5's; or NULL */
  norm last;
  norm_state last_state;
  size_t n_sequences, length; /* B, T */
  real *embedded, *out;       /* N x d: the first block's input, what `last` puts out */
  real *bias;                 /* H x (2 T - 1): of i - j = T - 1 ... 1 - T, read backwards; or NULL */
} stack;

/* Room for activations: numbers handed out one after another, and taken back down to a mark. */
typedef struct pile {
  real *base;              /* NULL: only counted */
  size_t used, size, most; /* numbers */
} pile;

/* What the backward pass works with; rows are the most of any stack. */
typedef struct scratch {
  real *out, *normed, *y;    /* rows x d: gradients of a block's output, of its normed input, of a sublayer's output */
  real *memory;              /* M x d: of the encoder's output */
  real *q, *k, *v, *context; /* as in attention_state */
  real *p, *kept;            /* bands of rows of a head's weights */
  real *bias;                /* H x (2 T - 1): of stack.bias */
  real *u, *w;               /* as in ffn_state; u holds h's at first */
  real *expert_x, *expert_y; /* as in experts_state */
  real *router;              /* N x E */
  real *row;                 /* V: a row of logits */
  real *rounded[3];          /* the inputs of a product in bfloat16, and what comes out */
} scratch;

typedef struct ock_lm_layout {
  const ock_lm_loops *loops;
  ock_lm_bf16 *bf16;        /* NULL: not of this config, or not here */
  ock_lm_tensor *embedding; /* V x d */
  dense head;               /* d x V; w NULL: the embedding's */
  stack encoder, decoder;
  block *blocks;        /* of both stacks */
  ffn_weights *experts; /* of all sublayers */
  /* of the batch at hand */
  ock_lm_batch batch;
  bool training;
  uint64_t step;
  double penalty; /* z-loss and balance of the last forward pass: what backward differentiates besides the mean nll */
  pile pile;
  void *block;           /* the pile's memory */
  size_t n_angles;       /* places that there are angles of */
  real *cosines, *sines; /* n_angles x D / 2: rope's; or NULL */
  void *weights;         /* the net's weights' and gradients' */
  size_t n_rows;         /* that have a target */
  uint32_t *rows;        /* n_rows of them */
  real *selected;        /* n_rows x d: the decoder's outputs there; the decoder's out where all rows have a target */
  real *logits;          /* n_rows x V; after a forward pass for training: their gradient */
  real *last_hidden, *last_logits; /* B x d, B x V */
  scratch scratch;
} ock_lm_layout;

/* ---- tensors.c ---- */

/* Of net->config, without memory for weights; and parts of the blocks of weights to each. */
ockham_status ock_lm_tensors_make(ock_lm_net *net, ockham_error *err);
void ock_lm_tensors_place(ock_lm_net *net);
void ock_lm_tensors_free(ock_lm_net *net); /* what ock_lm_tensors_make() made, wholly or not */

/* ---- product.c: products with weights, rounded as the config's precision says ---- */

void ock_lm_multiply(ock_lm_net *net, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, real alpha,
                     const real *a, size_t lda, const real *b, size_t ldb, real beta, real *c, size_t ldc);
void ock_lm_dense(ock_lm_net *net, size_t rows, const dense *d, const real *x, real *y);
/* Weights' gradients, and dx (or, with add, dx +); dx NULL: not wanted. */
void ock_lm_dense_backward(ock_lm_net *net, size_t rows, const dense *d, const real *x, const real *dy, bool add,
                           real *dx);

/* ---- norm.c ---- */

void ock_lm_norm_place(pile *p, const norm *n, size_t rows, norm_state *state);
void ock_lm_norm(ock_lm_net *net, const norm *n, norm_state *state, size_t rows, const real *x, real *y);
void ock_lm_norm_backward(ock_lm_net *net, const norm *n, const norm_state *state, size_t rows, const real *x,
                          const real *dy, bool add, real *dx);

/* ---- position.c ---- */

/* Rope's angles of so many places, at least. */
ockham_status ock_lm_position_angles(ock_lm_net *net, size_t length, ockham_error *err);
void ock_lm_position_place(ock_lm_net *net, stack *s);
/* The biases of distances. */
void ock_lm_position_prepare(ock_lm_net *net, stack *s);
void ock_lm_position_add(ock_lm_net *net, const stack *s); /* to s->embedded */
void ock_lm_position_add_backward(ock_lm_net *net, const stack *s, const real *d_embedded);
/* scratch.bias into the gradient of T5's table. */
void ock_lm_position_bias_backward(ock_lm_net *net, const stack *s);

/* ---- mask.c ---- */

/* What place i of sequence b sees: those from low to high - 1 (of which some may be missing, where it is strided). low
 * and high never fall as i grows. */
typedef struct view {
  size_t low, high;
} view;
view ock_lm_mask_view(const ock_lm_net *net, const stack *s, const sublayer *u, size_t b, size_t i);
/* Sets logits[j - low] of those that i does not see to minus infinity. */
void ock_lm_mask_holes(const ock_lm_net *net, const sublayer *u, size_t i, view v, real *logits);

/* How many i sees. */
size_t ock_lm_mask_count(const ock_lm_net *net, const stack *s, const sublayer *u, size_t b, size_t i);

/* ---- sublayers: memory is NULL but in cross-attention ---- */

void ock_lm_attention_place(ock_lm_net *net, const stack *s, sublayer *u);
void ock_lm_attention(ock_lm_net *net, const stack *s, sublayer *u, const real *x, const real *memory);
/* dx (or, with add, dx +), and d_memory + of cross-attention. */
void ock_lm_attention_backward(ock_lm_net *net, const stack *s, sublayer *u, const real *x, const real *memory,
                               const real *dy, bool add, real *dx, real *d_memory);

void ock_lm_ffn_place(ock_lm_net *net, size_t rows, ffn_state *state);
void ock_lm_ffn(ock_lm_net *net, size_t rows, const ffn_weights *w, ffn_state *state, const real *x, real *y);
void ock_lm_ffn_backward(ock_lm_net *net, size_t rows, const ffn_weights *w, const ffn_state *state, const real *x,
                         const real *dy, bool add, real *dx);

void ock_lm_experts_place(ock_lm_net *net, size_t rows, sublayer *u);
void ock_lm_experts(ock_lm_net *net, size_t rows, sublayer *u, const real *x);
void ock_lm_experts_backward(ock_lm_net *net, size_t rows, sublayer *u, const real *x, const real *dy, bool add,
                             real *dx);

/* ---- block.c ---- */

void ock_lm_stack_place(ock_lm_net *net, stack *s);
/* tokens: B x T. */
void ock_lm_stack(ock_lm_net *net, stack *s, const int32_t *tokens, const real *memory);
/* d_out: of s->out; overwritten. d_memory: added to. */
void ock_lm_stack_backward(ock_lm_net *net, stack *s, const int32_t *tokens, const real *memory, real *d_out,
                           real *d_memory);
/* Dropout of x in a place of the network, where there is any now. */
typedef enum dropout_place { DROP_EMBEDDING, DROP_OUTPUT, DROP_ATTENTION, N_DROPOUT_PLACES } dropout_place;
bool ock_lm_drops(const ock_lm_net *net);
void ock_lm_dropout(const ock_lm_net *net, dropout_place place, uint32_t number, size_t n, uint64_t first, real *x);

/* ---- head.c ---- */

void ock_lm_head_place(ock_lm_net *net);
/* Mean loss of s->out; what is needed backward. */
double ock_lm_head(ock_lm_net *net, real *nll);
void ock_lm_head_backward(ock_lm_net *net, real *d_out);

/* ---- net.c ---- */

/* n numbers; NULL while the pile is only counted. */
real *ock_lm_pile_take(pile *p, size_t n);

static inline size_t ock_lm_rows_of(const stack *s) {
  return s->n_sequences * s->length;
}

#endif
