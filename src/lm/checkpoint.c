/* SPDX-License-Identifier: Apache-2.0 */
/* A checkpoint is a container with the chunks below. The weights' size follows from the config; nothing is allocated
 * before the file proves to hold that much. */
#include <math.h>
#include <string.h>

#include "lm/train.h"

enum {
  KIND = OCK_TAG('L', 'M', 'C', 'K'),
  VERSION = 1,
  TAG_CONFIG = OCK_TAG('C', 'O', 'N', 'F'), /* "name=value" lines */
  TAG_RUN = OCK_TAG('R', 'U', 'N', ' '),    /* ock_lm_run */
  TAG_WEIGHTS = OCK_TAG('W', 'G', 'H', 'T'),
  TAG_STATE = OCK_TAG('O', 'P', 'T', 'I'),
  TAG_MERGES = OCK_TAG('M', 'E', 'R', 'G'), /* pairs of int32 */
  TAG_CURVE = OCK_TAG('C', 'U', 'R', 'V')   /* ockham_lm_point */
};

/* ---- writing ---- */

ockham_status ock_lm_checkpoint_write(const ock_lm_trainer *trainer, const char *path, ockham_error *err) {
  char *text = ockham_lm_config_text(&trainer->config);
  if (!text) return ock_fail_memory(err, "the text of a config", 4096);
  const int32_t *merges;
  size_t n_state, n_merges = ock_lm_feed_merges(trainer->feed, &merges);
  const float *state = ock_lm_optimizer_state(trainer->optimizer, &n_state);
  ock_container_writer writer;
  ockham_status status = ock_container_create(&writer, path, KIND, VERSION, err);
  if (!status) {
    ock_container_put(&writer, TAG_CONFIG, text, strlen(text));
    ock_container_put(&writer, TAG_RUN, &trainer->run, sizeof trainer->run);
    ock_container_put(&writer, TAG_WEIGHTS, trainer->net->weights, trainer->net->n_parameters * sizeof(float));
    ock_container_put(&writer, TAG_STATE, state, n_state * sizeof(float));
    ock_container_put(&writer, TAG_MERGES, merges, n_merges * 2 * sizeof(int32_t));
    ock_container_put(&writer, TAG_CURVE, trainer->curve.points, trainer->curve.n * sizeof(ockham_lm_point));
    status = ock_container_commit(&writer, err);
  }
  ock_output_abandon(&writer.output);
  ock_free(text);
  return status;
}

/* ---- reading ---- */

static ockham_status get_chunk(const ock_lm_checkpoint *checkpoint, const char *path, uint32_t tag, const char *what,
                               size_t unit, const void **payload, size_t *count, ockham_error *err) {
  size_t size;
  if (!ock_container_get(&checkpoint->container, tag, payload, &size))
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: damaged: it lacks %s", path, what);
  if (size % unit)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: damaged: %s take %zu bytes, expected a multiple of %zu", path, what,
                    size, unit);
  *count = size / unit;
  return OCKHAM_OK;
}

static ockham_status set_line(const char *line, size_t size, const char *path, ockham_lm_config *config,
                              ockham_error *err) {
  char text[128];
  ockham_error inner = {0};
  if (size >= sizeof text || memchr(line, 0, size))
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: damaged: a line of its config has %zu bytes", path, size);
  memcpy(text, line, size);
  text[size] = '\0';
  if (!ockham_lm_config_set(config, text, &inner)) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_FILE, "%s: its config: %.400s", path, inner.message);
}

static ockham_status parse_config(const char *text, size_t size, const char *path, ockham_lm_config *config,
                                  ockham_error *err) {
  ockham_error inner = {0};
  *config = (ockham_lm_config){0};
  for (const char *line = text, *end = text + size; line < end;) {
    const char *stop = memchr(line, '\n', (size_t)(end - line));
    if (!stop) stop = end;
    OCK_TRY(set_line(line, (size_t)(stop - line), path, config, err));
    line = stop + 1;
  }
  if (!ockham_lm_config_complete(config, &inner)) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_FILE, "%s: its config: %.400s", path, inner.message);
}

static ockham_status read_run(ock_lm_checkpoint *c, const char *path, const ockham_lm_cost *cost, ockham_error *err) {
  const void *payload;
  size_t n = 0;
  OCK_TRY(get_chunk(c, path, TAG_RUN, "its state", sizeof c->run, &payload, &n, err));
  if (n != 1) return ock_fail(err, OCKHAM_BAD_FILE, "%s: damaged: it holds %zu states, expected 1", path, n);
  memcpy(&c->run, payload, sizeof c->run);
  if (c->run.n_done > cost->steps || c->run.diverged > 1)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: damaged: it says that %llu of %llu steps are done", path,
                    (unsigned long long)c->run.n_done, (unsigned long long)cost->steps);
  return OCKHAM_OK;
}

static ockham_status read_weights(ock_lm_checkpoint *c, const char *path, const ockham_lm_cost *cost,
                                  ockham_error *err) {
  const void *weights, *state;
  OCK_TRY(get_chunk(c, path, TAG_WEIGHTS, "its weights", sizeof(float), &weights, &c->n_weights, err));
  OCK_TRY(get_chunk(c, path, TAG_STATE, "its optimiser's state", sizeof(float), &state, &c->n_state, err));
  if (c->n_weights < cost->parameters)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: damaged: %zu weights, expected %llu", path, c->n_weights,
                    (unsigned long long)cost->parameters);
  c->weights = weights;
  c->state = state;
  return OCKHAM_OK;
}

static ockham_status read_rest(ock_lm_checkpoint *c, const char *path, ockham_error *err) {
  const void *merges, *points;
  OCK_TRY(get_chunk(c, path, TAG_MERGES, "its merges", 2 * sizeof(int32_t), &merges, &c->n_merges, err));
  OCK_TRY(get_chunk(c, path, TAG_CURVE, "its curve", sizeof(ockham_lm_point), &points, &c->n_points, err));
  c->merges = merges;
  c->points = points;
  return OCKHAM_OK;
}

static ockham_status read_chunks(ock_lm_checkpoint *c, const char *path, ockham_error *err) {
  const void *text;
  size_t size = 0;
  ockham_lm_cost cost;
  OCK_TRY(get_chunk(c, path, TAG_CONFIG, "its config", 1, &text, &size, err));
  OCK_TRY(parse_config(text, size, path, &c->config, err));
  OCK_TRY(ockham_lm_cost_of(&c->config, &cost, err));
  OCK_TRY(read_run(c, path, &cost, err));
  OCK_TRY(read_weights(c, path, &cost, err));
  return read_rest(c, path, err);
}

ockham_status ock_lm_checkpoint_parse(const char *path, unsigned char *bytes, size_t size,
                                      ock_lm_checkpoint *checkpoint, ockham_error *err) {
  *checkpoint = (ock_lm_checkpoint){0};
  OCK_TRY(ock_container_parse(&checkpoint->container, path, bytes, size, KIND, VERSION, err));
  return read_chunks(checkpoint, path, err);
}

ockham_status ock_lm_checkpoint_open(const char *path, ock_lm_checkpoint *checkpoint, ockham_error *err) {
  *checkpoint = (ock_lm_checkpoint){0};
  OCK_TRY(ock_container_open(&checkpoint->container, path, KIND, VERSION, err));
  ockham_status status = read_chunks(checkpoint, path, err);
  if (status) ock_lm_checkpoint_clear(checkpoint);
  return status;
}

void ock_lm_checkpoint_clear(ock_lm_checkpoint *checkpoint) {
  ock_container_clear(&checkpoint->container);
  *checkpoint = (ock_lm_checkpoint){0};
}

/* ---- going on ---- */

/* Where two texts of configs differ first: "rate=.003, not rate=.001". */
static ockham_status fail_difference(const char *path, const char *there, const char *here, ockham_error *err) {
  while (*there && *here) {
    size_t n_there = strcspn(there, "\n"), n_here = strcspn(here, "\n");
    if (n_there != n_here || memcmp(there, here, n_there) != 0)
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s was trained with %.*s, not %.*s: leave out resuming, or set that",
                      path, (int)n_there, there, (int)n_here, here);
    there += n_there + (there[n_there] != '\0');
    here += n_here + (here[n_here] != '\0');
  }
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s was trained with another config", path);
}

static ockham_status check_config(const ockham_lm_config *there, const char *path, const ockham_lm_config *here,
                                  ockham_error *err) {
  char *text_there = ockham_lm_config_text(there), *text_here = ockham_lm_config_text(here);
  ockham_status status = OCKHAM_OK;
  if (!text_there || !text_here)
    status = ock_fail_memory(err, "the text of a config", 4096);
  else if (strcmp(text_there, text_here) != 0)
    status = fail_difference(path, text_there, text_here, err);
  ock_free(text_there);
  ock_free(text_here);
  return status;
}

ockham_status ock_lm_checkpoint_resume(const ock_lm_checkpoint *c, const char *path, ock_lm_trainer *trainer,
                                       ockham_error *err) {
  size_t n_state, n_merges;
  const int32_t *merges;
  OCK_TRY(check_config(&c->config, path, &trainer->config, err));
  n_merges = ock_lm_feed_merges(trainer->feed, &merges);
  if (c->run.corpus != trainer->run.corpus || n_merges != c->n_merges ||
      (n_merges && memcmp(merges, c->merges, n_merges * 2 * sizeof *merges) != 0))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s was trained on another corpus", path);
  float *state = ock_lm_optimizer_state(trainer->optimizer, &n_state);
  if (c->n_weights != trainer->net->n_parameters || c->n_state != n_state)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: damaged: %zu weights and a state of %zu, expected %zu and %zu", path,
                    c->n_weights, c->n_state, trainer->net->n_parameters, n_state);
  for (size_t p = 0; p < c->n_points; p++) OCK_TRY(ock_lm_curve_add(&trainer->curve, &c->points[p], err));
  memcpy(trainer->net->weights, c->weights, c->n_weights * sizeof(float));
  memcpy(state, c->state, n_state * sizeof(float));
  trainer->run = c->run;
  return OCKHAM_OK;
}
