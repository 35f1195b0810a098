/* SPDX-License-Identifier: Apache-2.0 */
/* Sources: Loshchilov & Hutter, 2017 (arXiv:1711.05101); Jordan et al., "Muon", 2024; Sutskever et al., 2013. */
#include <math.h>

#include "lm/optimizer.h"

/* In Muon's steps, and in SGD's, a rate is of another kind than AdamW's. This is how many of AdamW's one is worth, by
 * the defaults of the three: what Muon leaves to AdamW goes at that, and so does decay, or a change of the optimiser
 * would be one of the decay as well. */
static const double adam_rates[OCKHAM_LM_N_OPTIMIZERS] = {
    [OCKHAM_LM_OPTIMIZER_ADAMW] = 1,
    [OCKHAM_LM_OPTIMIZER_MUON] = .003 / .02,
    [OCKHAM_LM_OPTIMIZER_SGD] = .003 / .3,
};
static const double adam_beta1 = .9, adam_beta2 = .95, adam_epsilon = 1e-8;
static const float muon_momentum = .95F, sgd_momentum = .9F;

struct ock_lm_optimizer {
  ock_lm_net *net;
  float *state; /* n_parameters of first moments (or velocities), then as many second moments, but not for SGD */
  size_t n_state;
  float *update, *work; /* Muon's, as large as its largest matrix needs */
};

static size_t tensor_size(const ock_lm_tensor *tensor) {
  return tensor->rows * tensor->columns;
}

static bool is_orthogonalised(const ock_lm_optimizer *optimizer, const ock_lm_tensor *tensor) {
  return optimizer->net->config.optimizer == OCKHAM_LM_OPTIMIZER_MUON && tensor->role == OCK_LM_HIDDEN;
}

static ockham_status make_room(ock_lm_optimizer *optimizer, ockham_error *err) {
  const ock_lm_net *net = optimizer->net;
  size_t most = 0, room = 0;
  optimizer->n_state = (net->config.optimizer == OCKHAM_LM_OPTIMIZER_SGD ? 1 : 2) * net->n_parameters;
  for (size_t t = 0; t < net->n_tensors; t++) {
    const ock_lm_tensor *tensor = &net->tensors[t];
    if (!is_orthogonalised(optimizer, tensor)) continue;
    size_t size = tensor_size(tensor), needed = ock_lm_orthogonal_room(tensor->rows, tensor->columns);
    if (size > most) most = size;
    if (needed > room) room = needed;
  }
  optimizer->state = ock_alloc_zeroed(optimizer->n_state, sizeof(float));
  optimizer->update = ock_alloc_array(most, sizeof(float));
  optimizer->work = ock_alloc_array(room, sizeof(float));
  if (optimizer->state && optimizer->update && optimizer->work) return OCKHAM_OK;
  return ock_fail_memory(err, "the optimiser's state",
                         ock_size_product(optimizer->n_state + most + room, sizeof(float)));
}

ockham_status ock_lm_optimizer_new(ock_lm_net *net, ock_lm_optimizer **optimizer, ockham_error *err) {
  *optimizer = NULL;
  ock_lm_optimizer *made = ock_alloc_zeroed(1, sizeof *made);
  if (!made) return ock_fail_memory(err, "the optimiser", sizeof *made);
  made->net = net;
  ockham_status status = make_room(made, err);
  if (status)
    ock_lm_optimizer_free(made);
  else
    *optimizer = made;
  return status;
}

void ock_lm_optimizer_free(ock_lm_optimizer *optimizer) {
  if (!optimizer) return;
  ock_free(optimizer->state);
  ock_free(optimizer->update);
  ock_free(optimizer->work);
  ock_free(optimizer);
}

float *ock_lm_optimizer_state(ock_lm_optimizer *optimizer, size_t *n) {
  *n = optimizer->n_state;
  return optimizer->state;
}

/* ---- a step ---- */

/* What a step does alike to every tensor. */
typedef struct step_facts {
  uint64_t step;
  double rate;  /* of the schedule */
  float scale;  /* of gradients */
  double decay; /* of weights, at tensors' rate 1 */
} step_facts;

static float kept(const step_facts *facts, const ock_lm_tensor *tensor) {
  return tensor->role == OCK_LM_VECTOR ? 1 : (float)(1 - facts->decay * (double)tensor->rate);
}

static void step_adam(ock_lm_optimizer *o, const step_facts *facts, double rate, const ock_lm_tensor *tensor) {
  double t = (double)facts->step + 1;
  float *first = o->state + (tensor->weight - o->net->weights);
  ock_lm_adam adam = {.scale = facts->scale,
                      .keep = kept(facts, tensor),
                      .beta1 = (float)adam_beta1,
                      .beta2 = (float)adam_beta2,
                      .epsilon = (float)adam_epsilon,
                      .step = (float)(rate * (double)tensor->rate / (1 - pow(adam_beta1, t))),
                      .inverse_root = (float)(1 / sqrt(1 - pow(adam_beta2, t)))};
  ock_lm_adam_step(&adam, tensor_size(tensor), tensor->weight, tensor->gradient, first, first + o->net->n_parameters);
}

static void step_muon(ock_lm_optimizer *o, const step_facts *facts, const ock_lm_tensor *tensor) {
  size_t n = tensor_size(tensor);
  double inputs = (double)tensor->rows, outputs = (double)tensor->columns;
  double rate = facts->rate * (double)tensor->rate * sqrt(fmax(1, outputs / inputs));
  float *velocity = o->state + (tensor->weight - o->net->weights);
  ock_lm_nesterov(facts->scale, muon_momentum, n, tensor->gradient, velocity, o->update);
  ock_lm_orthogonalize(tensor->rows, tensor->columns, o->update, o->work);
  ock_lm_move(kept(facts, tensor), (float)rate, n, tensor->weight, o->update);
}

static void step_sgd(ock_lm_optimizer *o, const step_facts *facts, const ock_lm_tensor *tensor) {
  float *velocity = o->state + (tensor->weight - o->net->weights);
  ock_lm_sgd_step(facts->scale, kept(facts, tensor), sgd_momentum, (float)(facts->rate * (double)tensor->rate),
                  tensor_size(tensor), tensor->weight, tensor->gradient, velocity);
}

static double gradient_norm(const ock_lm_net *net) {
  double sum = 0;
  for (size_t t = 0; t < net->n_tensors; t++)
    sum += ock_lm_sum_of_squares(tensor_size(&net->tensors[t]), net->tensors[t].gradient);
  return sqrt(sum);
}

double ock_lm_optimizer_step(ock_lm_optimizer *optimizer, uint64_t step, uint64_t n_steps) {
  const ockham_lm_config *config = &optimizer->net->config;
  double norm = gradient_norm(optimizer->net), adam_rate = adam_rates[config->optimizer];
  step_facts facts = {.step = step, .rate = ock_lm_rate_at(config, step, n_steps), .scale = 1};
  if (config->clip > 0 && norm > config->clip) facts.scale = (float)(config->clip / norm);
  if (config->decay > 0) facts.decay = config->decay * adam_rate * facts.rate;
  for (size_t t = 0; t < optimizer->net->n_tensors; t++) {
    const ock_lm_tensor *tensor = &optimizer->net->tensors[t];
    if (config->optimizer == OCKHAM_LM_OPTIMIZER_SGD)
      step_sgd(optimizer, &facts, tensor);
    else if (is_orthogonalised(optimizer, tensor))
      step_muon(optimizer, &facts, tensor);
    else
      step_adam(optimizer, &facts, adam_rate * facts.rate, tensor);
  }
  return norm;
}
