/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "worker/crew.h"

typedef struct copier {
  ock_arena *arena;
  bool failed;
} copier;

static const char *copy_text(copier *to, const char *text) {
  const char *copy = text ? ock_arena_text(to->arena, text, strlen(text)) : NULL;
  if (text && !copy) to->failed = true;
  return copy;
}

static const char *const *copy_list(copier *to, const char *const *list) {
  if (!list) return NULL;
  size_t n = 0;
  while (list[n]) n++;
  const char **copy = ock_arena_array(to->arena, n + 1, sizeof *copy);
  if (!copy) {
    to->failed = true;
    return NULL;
  }
  for (size_t i = 0; i < n; i++) copy[i] = copy_text(to, list[i]);
  copy[n] = NULL;
  return copy;
}

static void fill_defaults(ock_crew_options *o) {
  if (!o->model) o->model = "model";
  if (!o->version) o->version = "1";
  if (!o->n_hands) o->n_hands = 1;
  if (!o->queue_length) o->queue_length = 64;
  if (!o->startup_ms) o->startup_ms = 30000;
  if (!o->timeout_ms) o->timeout_ms = 10000;
  if (!o->backoff_ms) o->backoff_ms = 100;
  if (!o->most_backoff_ms) o->most_backoff_ms = 30000;
  if (!o->breaker_failures) o->breaker_failures = 5;
  if (!o->most_answer_bytes) o->most_answer_bytes = (size_t)64 << 20;
  if (!o->ping_ms) o->ping_ms = 30000;
}

ockham_status ock_crew_copy_options(ock_crew *crew, const ock_crew_options *options, ockham_error *err) {
  copier to = {.arena = &crew->arena};
  ock_crew_options *o = &crew->options;
  *o = *options;
  fill_defaults(o);
  o->model = copy_text(&to, o->model);
  o->version = copy_text(&to, o->version);
  o->command = copy_list(&to, o->command);
  o->environment = copy_list(&to, o->environment);
  o->folder = copy_text(&to, o->folder);
  o->helpers = copy_text(&to, o->helpers);
  o->url = copy_text(&to, o->url);
  return to.failed ? ock_fail_memory(err, "a crew's options", 0) : OCKHAM_OK;
}
