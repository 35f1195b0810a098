/* SPDX-License-Identifier: Apache-2.0 */
/* A worker of `ockham serve` in C or C++: this header is all it takes.
 *
 *   static int predict(void *user, ockham_call *call) {
 *     const ockham_tensor *x = ockham_find(call, "x");
 *     double *y = (double *)ockham_output(call, "y", "FP64", 1, x->shape, (size_t)x->shape[0] * 8);
 *     for (long i = 0; i < x->shape[0]; i++) y[i] = ...((const double *)x->data)[i * 4]...;
 *     return 0;
 *   }
 *   int main(void) {
 *     return ockham_serve("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[-1,4]}],"
 *                         "\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP64\",\"shape\":[-1]}]}", predict, NULL);
 *   }
 *
 * The server has checked a request against these inputs before predict gets it: they are all there, of these datatypes
 * and shapes. data is as the binary tensor extension has it: little-endian, row-major, BYTES a u32 length, then the
 * bytes, for each element. What predict prints goes to the server's log. Protocol: docs/workers.md. */
#ifndef OCKHAM_WORKER_H
#define OCKHAM_WORKER_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OCKHAM_HELLO = 1, OCKHAM_INFER, OCKHAM_RESULT, OCKHAM_ERROR, OCKHAM_PING, OCKHAM_PONG, OCKHAM_SHUTDOWN };
enum { OCKHAM_MOST_TENSORS = 64, OCKHAM_MOST_DIMENSIONS = 8 };

typedef struct ockham_tensor {
  char name[256], datatype[8];
  int n_dimensions;
  long shape[OCKHAM_MOST_DIMENSIONS];
  void *data;  /* aligned for any type; predict may change it */
  size_t size; /* bytes */
} ockham_tensor;

typedef struct ockham_call {
  ockham_tensor inputs[OCKHAM_MOST_TENSORS], outputs[OCKHAM_MOST_TENSORS];
  int n_inputs, n_outputs, failed;
  char error[512];
} ockham_call;

static inline const ockham_tensor *ockham_find(const ockham_call *call, const char *name) {
  for (int i = 0; i < call->n_inputs; i++)
    if (strcmp(call->inputs[i].name, name) == 0) return &call->inputs[i];
  return NULL;
}

/* Room for an output of `size` bytes, zeroed; NULL: no memory, and the request fails. */
static inline void *ockham_output(ockham_call *call, const char *name, const char *datatype, int n_dimensions,
                                  const long *shape, size_t size) {
  ockham_tensor *output = call->n_outputs < OCKHAM_MOST_TENSORS ? &call->outputs[call->n_outputs] : NULL;
  void *data = output && n_dimensions <= OCKHAM_MOST_DIMENSIONS ? calloc(size ? size : 1, 1) : NULL;
  if (!data) {
    call->failed = 1;
    snprintf(call->error, sizeof call->error, "not enough memory for output %s", name);
    return NULL;
  }
  snprintf(output->name, sizeof output->name, "%s", name);
  snprintf(output->datatype, sizeof output->datatype, "%s", datatype);
  output->n_dimensions = n_dimensions;
  for (int i = 0; i < n_dimensions; i++) output->shape[i] = shape[i];
  output->data = data;
  output->size = size;
  call->n_outputs++;
  return data;
}

/* Refuse the request, as it is wrong (HTTP 400): `return ockham_refuse(call, "...")`. Any other value but 0 that
 * predict returns makes it fail (HTTP 500), with call->error as the text. */
static inline int ockham_refuse(ockham_call *call, const char *text) {
  snprintf(call->error, sizeof call->error, "%s", text);
  return 400;
}

/* ---- bytes ---- */

static inline int ockham_read_all(int descriptor, void *bytes, size_t size) {
  for (char *at = (char *)bytes; size;) {
    ssize_t n = read(descriptor, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return -1;
    at += n;
    size -= (size_t)n;
  }
  return 0;
}

static inline int ockham_write_all(int descriptor, const void *bytes, size_t size) {
  for (const char *at = (const char *)bytes; size;) {
    ssize_t n = write(descriptor, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    at += n;
    size -= (size_t)n;
  }
  return 0;
}

static inline void ockham_put(unsigned char *at, uint32_t value, int n) {
  for (int i = 0; i < n; i++) at[i] = (unsigned char)(value >> (8 * i));
}

static inline uint32_t ockham_get(const unsigned char *at, int n) {
  uint32_t value = 0;
  for (int i = 0; i < n; i++) value |= (uint32_t)at[i] << (8 * i);
  return value;
}

/* A frame whose payload is at frame + 16. */
static inline int ockham_send(int out, unsigned type, uint32_t id, unsigned char *frame, size_t length) {
  memcpy(frame, "OCK\1", 4);
  ockham_put(frame + 4, type, 2);
  ockham_put(frame + 6, 0, 2);
  ockham_put(frame + 8, (uint32_t)length, 4);
  ockham_put(frame + 12, id, 4);
  return ockham_write_all(out, frame, 16 + length);
}

static inline int ockham_send_text(int out, unsigned type, uint32_t id, const char *text) {
  size_t length = strlen(text);
  unsigned char *frame = (unsigned char *)malloc(16 + length);
  if (!frame) return -1;
  memcpy(frame + 16, text, length);
  int failed = ockham_send(out, type, id, frame, length);
  free(frame);
  return failed;
}

/* ---- the JSON of a request, as the server writes it: {..., "inputs": [{"name", "shape", "datatype", "parameters":
 * {"binary_data_size"}}, ...], ...} ---- */

static inline const char *ockham_skip_string(const char *at) { /* from behind the first quote to behind the last */
  for (; *at && *at != '"'; at++)
    if (*at == '\\' && at[1]) at++;
  return *at ? at + 1 : at;
}

static inline const char *ockham_skip_value(const char *at) {
  int depth = 0;
  do {
    if (*at == '"') {
      at = ockham_skip_string(at + 1);
      continue;
    }
    if (*at == '{' || *at == '[') depth++;
    if (*at == '}' || *at == ']') depth--;
    if (depth >= 0) at++;
  } while (*at && (depth > 0 || !strchr(",}]", *at)));
  return at;
}

/* The value of a key of the object that begins at `object`; NULL: none. */
static inline const char *ockham_member(const char *object, const char *key) {
  size_t length = strlen(key);
  const char *at = object + 1;
  while (*at && *at != '}') {
    at += strspn(at, " \t\r\n,");
    if (*at != '"') return NULL;
    const char *name = at + 1, *end = ockham_skip_string(name);
    at = end + strspn(end, " \t\r\n:");
    if ((size_t)(end - 1 - name) == length && strncmp(name, key, length) == 0) return at;
    at = ockham_skip_value(at);
  }
  return NULL;
}

static inline void ockham_copy_string(const char *quoted, char *text, size_t size) {
  size_t n = 0;
  for (const char *at = quoted + 1; *at && *at != '"' && n + 1 < size; at++) {
    if (*at == '\\' && at[1]) at++; /* a quote or a backslash; what \u says stays as it is */
    text[n++] = *at;
  }
  text[n] = '\0';
}

static inline int ockham_read_input(const char *object, const unsigned char **data, const unsigned char *end,
                                    ockham_tensor *input) {
  const char *name = ockham_member(object, "name"), *shape = ockham_member(object, "shape");
  const char *datatype = ockham_member(object, "datatype"), *parameters = ockham_member(object, "parameters");
  const char *size = parameters ? ockham_member(parameters, "binary_data_size") : NULL;
  if (!name || !shape || !datatype || !size) return -1;
  ockham_copy_string(name, input->name, sizeof input->name);
  ockham_copy_string(datatype, input->datatype, sizeof input->datatype);
  input->n_dimensions = 0;
  while (*++shape && *shape != ']' && input->n_dimensions < OCKHAM_MOST_DIMENSIONS) {
    char *after;
    input->shape[input->n_dimensions++] = strtol(shape, &after, 10);
    shape = after + strspn(after, " ");
    if (*shape == ']') break;
  }
  input->size = (size_t)strtoull(size, NULL, 10);
  if (input->size > (size_t)(end - *data)) return -1;
  input->data = malloc(input->size ? input->size : 1); /* a copy, as inside the frame it may lie at any address */
  if (!input->data) return -1;
  memcpy(input->data, *data, input->size);
  *data += input->size;
  return 0;
}

/* payload ends with a zero byte that is not part of it. */
static inline int ockham_read_request(const unsigned char *payload, size_t size, ockham_call *call) {
  size_t json_size = size >= 4 ? ockham_get(payload, 4) : 0;
  char *json = size >= 4 && json_size <= size - 4 ? (char *)malloc(json_size + 1) : NULL;
  if (!json) return -1;
  memcpy(json, payload + 4, json_size);
  json[json_size] = '\0';
  const unsigned char *data = payload + 4 + json_size;
  const char *at = ockham_member(json, "inputs");
  int failed = !at || *at != '[';
  for (at = failed ? "" : at + 1; !failed && *at && *at != ']'; at += strspn(at, " \t\r\n,")) {
    failed = *at != '{' || call->n_inputs == OCKHAM_MOST_TENSORS ||
             ockham_read_input(at, &data, payload + size, &call->inputs[call->n_inputs]);
    if (!failed) call->n_inputs++;
    at = ockham_skip_value(at);
  }
  free(json);
  return failed ? -1 : 0;
}

/* ---- answers ---- */

static inline int ockham_send_outputs(int out, uint32_t id, const ockham_call *call) {
  size_t size = 64, n = 20;
  for (int i = 0; i < call->n_outputs; i++) size += call->outputs[i].size + 512 + 6 * sizeof call->outputs[i].name;
  unsigned char *frame = (unsigned char *)malloc(size);
  if (!frame) return -1;
  char *json = (char *)frame;
  n += (size_t)sprintf(json + n, "{\"outputs\":[");
  for (int i = 0; i < call->n_outputs; i++) {
    const ockham_tensor *output = &call->outputs[i];
    n += (size_t)sprintf(json + n, "%s{\"name\":\"%s\",\"datatype\":\"%s\",\"shape\":[", i ? "," : "", output->name,
                         output->datatype);
    for (int j = 0; j < output->n_dimensions; j++)
      n += (size_t)sprintf(json + n, "%s%ld", j ? "," : "", output->shape[j]);
    n += (size_t)sprintf(json + n, "],\"parameters\":{\"binary_data_size\":%zu}}", output->size);
  }
  n += (size_t)sprintf(json + n, "]}");
  ockham_put(frame + 16, (uint32_t)(n - 20), 4);
  for (int i = 0; i < call->n_outputs; i++) {
    memcpy(frame + n, call->outputs[i].data, call->outputs[i].size);
    n += call->outputs[i].size;
  }
  int failed = ockham_send(out, OCKHAM_RESULT, id, frame, n - 16);
  free(frame);
  return failed;
}

static inline int ockham_send_error(int out, uint32_t id, const char *text, int status) {
  char json[1200];
  size_t n = (size_t)sprintf(json, "{\"error\":\"");
  for (const char *at = text[0] ? text : "it failed"; *at && n < sizeof json - 40; at++) {
    if (*at == '"' || *at == '\\') json[n++] = '\\';
    json[n++] = (unsigned char)*at < ' ' ? ' ' : *at;
  }
  sprintf(json + n, status == 400 ? "\",\"status\":400}" : "\"}");
  return ockham_send_text(out, OCKHAM_ERROR, id, json);
}

static inline int ockham_answer(int out, uint32_t id, const unsigned char *payload, size_t size,
                                int (*predict)(void *user, ockham_call *call), void *user) {
  ockham_call *call = (ockham_call *)calloc(1, sizeof *call);
  if (!call) return -1;
  int status = ockham_read_request(payload, size, call);
  if (status)
    snprintf(call->error, sizeof call->error, "the worker cannot read the request");
  else
    status = predict(user, call);
  fflush(stdout);
  int failed =
      status || call->failed ? ockham_send_error(out, id, call->error, status) : ockham_send_outputs(out, id, call);
  for (int i = 0; i < call->n_inputs; i++) free(call->inputs[i].data);
  for (int i = 0; i < call->n_outputs; i++) free(call->outputs[i].data);
  free(call);
  return failed;
}

/* Say hello, then answer until the server ends it. The value is that for main() to return. */
static inline int ockham_serve(const char *hello, int (*predict)(void *user, ockham_call *call), void *user) {
  const char *in_text = getenv("OCKHAM_IN"), *out_text = getenv("OCKHAM_OUT");
  unsigned char header[16];
  if (!in_text || !out_text) {
    fprintf(stderr, "this program is a worker: `ockham serve` starts it\n");
    return 2;
  }
  int in = atoi(in_text), out = atoi(out_text), failed;
  fcntl(in, F_SETFD, FD_CLOEXEC); /* what it starts shall not have them */
  fcntl(out, F_SETFD, FD_CLOEXEC);
  failed = ockham_send_text(out, OCKHAM_HELLO, 0, hello);
  while (!failed && ockham_read_all(in, header, 16) == 0) {
    uint32_t type = ockham_get(header + 4, 2), length = ockham_get(header + 8, 4), id = ockham_get(header + 12, 4);
    unsigned char *payload = memcmp(header, "OCK\1", 4) ? NULL : (unsigned char *)malloc((size_t)length + 1);
    if (!payload || ockham_read_all(in, payload, length)) return 1;
    payload[length] = 0;
    if (type == OCKHAM_INFER) failed = ockham_answer(out, id, payload, length, predict, user);
    if (type == OCKHAM_PING) failed = ockham_send_text(out, OCKHAM_PONG, id, "");
    free(payload);
    if (type == OCKHAM_SHUTDOWN) return 0;
  }
  return failed ? 1 : 0;
}

#endif
