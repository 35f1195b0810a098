/* SPDX-License-Identifier: Apache-2.0 */
/* First weights. */
#include <math.h>
#include <string.h>

#include "lm/net.h"

/* A tensor's stream is its name's, so that two configs share the weights of the tensors that they share. */
static uint64_t stream_of(const char *name) {
  return ock_fnv1a(OCK_FNV1A_START, name, strlen(name));
}

static bool ends_sublayer(ock_lm_part part) {
  return part == OCK_LM_ATTENDED || part == OCK_LM_OUT;
}

/* The inputs of a matrix: a table's are the width, as one row is looked up and, where it is tied, the rows are inputs
 * of the head. */
static double inputs_of(const ock_lm_tensor *t) {
  return (double)(t->role == OCK_LM_EMBEDDING ? t->columns : t->rows);
}

static double t5_deviation(const ockham_lm_config *c, const ock_lm_tensor *t) {
  double d = (double)c->width;
  switch (t->part) {
    case OCK_LM_TOKENS:
    case OCK_LM_PLACES:
      return 1;
    case OCK_LM_QUERY:
      return 1 / sqrt(d * (d / (double)c->heads));
    default:
      return 1 / sqrt(inputs_of(t));
  }
}

static double deviation(const ockham_lm_config *c, const ock_lm_tensor *t) {
  double by_depth = ends_sublayer(t->part) ? sqrt(2 * (double)ock_lm_layers_of_stack(c)) : 1;
  switch (c->init) {
    case OCKHAM_LM_INIT_GPT2:
      return .02 / by_depth;
    case OCKHAM_LM_INIT_T5:
      return t5_deviation(c, t);
    case OCKHAM_LM_INIT_FAN_IN_UNSCALED:
      return 1 / sqrt(inputs_of(t));
    case OCKHAM_LM_INIT_ZERO_OUTPUT:
      return ends_sublayer(t->part) ? 0 : 1 / sqrt(inputs_of(t));
    case OCKHAM_LM_INIT_MUP: /* what is looked up is as large at every width: that of fan-in at the base width */
      return t->role == OCK_LM_EMBEDDING ? 1 / sqrt((double)OCK_LM_MUP_WIDTH) : 1 / sqrt(inputs_of(t)) / by_depth;
    default:
      return 1 / sqrt(inputs_of(t)) / by_depth;
  }
}

static void fill(ock_lm_tensor *t, const ockham_lm_config *c) {
  size_t n = t->rows * t->columns;
  ock_rng rng = ock_rng_make(c->seed, stream_of(t->name));
  if (t->part == OCK_LM_GAIN || t->part == OCK_LM_OFFSET) {
    for (size_t i = 0; i < n; i++) t->weight[i] = t->part == OCK_LM_GAIN;
  } else if (c->init == OCKHAM_LM_INIT_XAVIER) {
    double most = sqrt(6 / (double)(t->rows + t->columns));
    for (size_t i = 0; i < n; i++) t->weight[i] = (real)(most * (2 * ock_rng_uniform(&rng) - 1));
  } else {
    double sd = deviation(c, t);
    for (size_t i = 0; i < n; i++) t->weight[i] = (real)(sd * ock_rng_normal(&rng));
  }
}

void ock_lm_net_init(ock_lm_net *net) {
  for (size_t i = 0; i < net->n_tensors; i++) fill(&net->tensors[i], &net->config);
}
