/* SPDX-License-Identifier: Apache-2.0 */
/* Columns whose values are never kept: they are blanked in bodies, and what may quote them is cut or left out. */
#include <string.h>

#include "serve/internal.h"

/* ---- bodies ---- */

static bool is_redacted(const ock_exchange *x, const char *name) {
  for (unsigned i = 0; i < x->server->options.n_redact; i++)
    if (strcmp(x->server->options.redact[i], name) == 0) return true;
  return false;
}

/* The tensor's own copy of its data, for the caller to free. */
static bool own_data(ock_tensor *tensor) {
  unsigned char *copy = ock_alloc_zeroed(tensor->size_bytes + 1, 1);
  if (copy && tensor->size_bytes) memcpy(copy, tensor->data, tensor->size_bytes);
  tensor->data = copy;
  return copy;
}

static bool blank_columns(const ock_exchange *x, const ock_schema *schema, ock_tensor *tensor) {
  size_t size = ock_datatype_size(tensor->datatype), n = schema->n_columns;
  if (tensor->n_dimensions != 2 || tensor->shape[1] != n || !size) return false; /* whose is which value? */
  for (size_t j = 0; j < n; j++)
    for (size_t i = j; is_redacted(x, schema->columns[j]) && i < tensor->n_elements; i += n)
      memset(tensor->data + i * size, 0, size);
  return true;
}

/* False: nobody can say which of its values must not be kept, or their lengths would tell. */
static bool blank_tensor(const ock_exchange *x, const ock_schema *schema, ock_tensor *tensor) {
  if (is_redacted(x, tensor->name)) {
    if (tensor->datatype != OCK_BYTES) memset(tensor->data, 0, tensor->size_bytes);
    return tensor->datatype != OCK_BYTES;
  }
  if (ock_field_find(schema->inputs, schema->n_inputs, tensor->name))
    return schema->layout != OCK_LAYOUT_MATRIX || !schema->columns || blank_columns(x, schema, tensor);
  return ock_schema_has_column(schema, tensor->name);
}

/* Written anew from a copy with zeros: a shadow still needs the values. */
static bool write_blanked(const ock_exchange *x, const ock_schema *schema, const ock_message *request, ock_buffer *body,
                          size_t *json_size) {
  ock_message copy = *request;
  copy.tensors = ock_alloc_array(request->n_tensors, sizeof *copy.tensors);
  if (!copy.tensors) return false;
  bool fine = true;
  size_t n = 0;
  for (; n < request->n_tensors && fine; n++) {
    copy.tensors[n] = request->tensors[n];
    fine = own_data(&copy.tensors[n]) && blank_tensor(x, schema, &copy.tensors[n]);
  }
  if (fine) ock_oip_encode_request(&copy, false, body, json_size);
  while (n > 0) ock_free(copy.tensors[--n].data);
  ock_free(copy.tensors);
  return fine && !body->failed;
}

static void redact_body(ock_exchange *x, ockham_request *r, ock_buffer *body) {
  const ock_message *request = ock_exchange_request(x);
  const ock_schema *schema = x->version ? ock_version_schema(x->version) : NULL;
  size_t json_size = 0;
  bool kept = schema && request->n_tensors && write_blanked(x, schema, request, body, &json_size);
  r->body = kept ? body->bytes : NULL;
  r->body_size = kept ? body->size : 0;
  r->json_size = json_size;
  r->content_type = "application/json";
}

/* A worker may give back what it got, under the same name; and the answer of a failure quotes what was wrong. */
static bool answer_may_tell(ock_exchange *x) {
  const ock_message *answer = ock_exchange_answer(x);
  if (x->status >= 400) return true;
  for (size_t t = 0; t < answer->n_tensors; t++)
    if (is_redacted(x, answer->tensors[t].name)) return true;
  return false;
}

void ock_redact(ock_exchange *x, ockham_request *r, ock_buffer *body) {
  if (r->body) redact_body(x, r, body);
  if (!r->answer || !answer_may_tell(x)) return;
  r->answer = NULL;
  r->answer_size = r->answer_json_size = 0;
}

/* ---- messages ---- */

static bool begins_with(const char *text, const char *name, char quote) {
  size_t n = strlen(name);
  return strncmp(text, name, n) == 0 && text[n] == quote;
}

/* Whether a quotation is of a name that the model has, and not of what a client sent. */
static bool quotes_name(const ock_schema *schema, const char *text, char quote) {
  for (size_t i = 0; i < schema->n_inputs; i++)
    if (begins_with(text, schema->inputs[i].name, quote)) return true;
  for (size_t i = 0; i < schema->n_outputs; i++)
    if (begins_with(text, schema->outputs[i].name, quote)) return true;
  for (size_t i = 0; i < schema->n_columns && schema->columns; i++)
    if (begins_with(text, schema->columns[i], quote)) return true;
  return false;
}

/* Where it begins to say what was found. */
static char *find_quotation(char *message, const ock_schema *schema) {
  char *found = strstr(message, ", found ");
  for (char *at = message; *at && at != found; at++) {
    if (*at != '\'' && *at != '"') continue;
    if (!schema || !quotes_name(schema, at + 1, *at)) return at;
    at = strchr(at + 1, *at);
  }
  return found;
}

void ock_redact_error(ock_exchange *x) {
  char *message = x->error.message;
  const ock_job *job = x->job;
  if (job && (job->outcome == OCK_REFUSED || job->outcome == OCK_FAILED)) { /* in the program's words */
    snprintf(message, sizeof x->error.message, "%s", ock_outcome_text(job->outcome));
    return;
  }
  char *cut = x->version ? find_quotation(message, ock_version_schema(x->version)) : NULL;
  if (cut) snprintf(cut, sizeof x->error.message - (size_t)(cut - message), "...");
}
