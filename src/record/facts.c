/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "record/store.h"

static size_t class_of(uint32_t status) {
  return status / 100 < OCK_FACTS_CLASSES ? status / 100 : 0;
}

/* One of the lines that facts->models is made of, from its line feed to the next. False: too long. */
static bool model_line(char line[OCK_FACTS_MODELS], const char *model, const char *version) {
  int length = snprintf(line, OCK_FACTS_MODELS, "\n%s:%s\n", model, version);
  return length > 0 && length < OCK_FACTS_MODELS;
}

static void add_model(ock_facts *facts, const char *model, const char *version) {
  char line[OCK_FACTS_MODELS];
  size_t used = strlen(facts->models);
  if (facts->models[0] == '*') return;
  if (!model_line(line, model, version)) {
    strcpy(facts->models, "*");
  } else if (!strstr(facts->models, line)) {
    const char *more = used ? line + 1 : line; /* the line feed is there */
    if (used + strlen(more) < sizeof facts->models)
      strcpy(facts->models + used, more);
    else
      strcpy(facts->models, "*");
  }
}

void ock_facts_add(ock_facts *facts, const ockham_request *request) {
  if (!facts->n_requests || request->time_ns < facts->first_ns) facts->first_ns = request->time_ns;
  if (request->time_ns > facts->last_ns) facts->last_ns = request->time_ns;
  if (request->total_ns > facts->most_total_ns) facts->most_total_ns = request->total_ns;
  facts->n_requests++;
  facts->last_number = request->number;
  facts->n_by_class[class_of(request->status)]++;
  facts->marks |= request->marks;
  add_model(facts, request->model, request->version);
}

static bool models_may_pass(const ock_facts *facts, const ockham_request_filter *filter) {
  char line[OCK_FACTS_MODELS];
  if (facts->models[0] == '*' || !filter->model) return true;
  if (!model_line(line, filter->model, filter->version ? filter->version : "")) return true;
  if (!filter->version) line[strlen(line) - 1] = '\0'; /* "\nname:" */
  return strstr(facts->models, line) != NULL;
}

static bool classes_may_pass(const ock_facts *facts, const ockham_request_filter *filter) {
  if (!filter->least_status && !filter->most_status) return true;
  uint32_t most = filter->most_status ? filter->most_status : UINT32_MAX;
  for (size_t i = 1; i < OCK_FACTS_CLASSES; i++)
    if (facts->n_by_class[i] && i * 100 <= most && i * 100 + 99 >= filter->least_status) return true;
  return facts->n_by_class[0] != 0;
}

bool ock_facts_may_pass(const ock_facts *facts, const ockham_request_filter *filter) {
  if (filter->after_number && facts->last_number <= filter->after_number) return false;
  if (filter->since_ns && facts->last_ns < filter->since_ns) return false;
  if (filter->until_ns && facts->first_ns > filter->until_ns) return false;
  if (filter->least_total_ns > facts->most_total_ns) return false;
  if (filter->marks && !(filter->marks & facts->marks)) return false;
  return classes_may_pass(facts, filter) && models_may_pass(facts, filter);
}

static bool is_text(const char *wanted, const char *found) {
  return !wanted || strcmp(wanted, found) == 0;
}

bool ock_request_passes(const ockham_request *r, const ockham_request_filter *filter) {
  if (r->number <= filter->after_number && filter->after_number) return false;
  if (r->status < filter->least_status || (filter->most_status && r->status > filter->most_status)) return false;
  if (filter->marks && !(r->marks & filter->marks)) return false;
  if (r->time_ns < filter->since_ns || (filter->until_ns && r->time_ns > filter->until_ns)) return false;
  if (r->total_ns < filter->least_total_ns || (filter->hash && r->hash != filter->hash)) return false;
  if (filter->with_body && !r->body) return false;
  return is_text(filter->model, r->model) && is_text(filter->version, r->version) && is_text(filter->id, r->id) &&
         is_text(filter->key, r->key);
}
