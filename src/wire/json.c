/* SPDX-License-Identifier: Apache-2.0 */
/* Objects, arrays and what is skipped. */
#include <stdlib.h>

#include "wire/json.h"

ockham_status ock_json_open(ock_json *json, const char *begin, const char *end, ock_arena *arena, ockham_error *err) {
  json->begin = json->p = begin;
  json->end = end;
  json->arena = arena;
  json->err = err;
  json->depth = 0;
  json->keys = NULL;
  json->n_keys = json->capacity_keys = 0;
  json->spare = NULL;
  json->n_spare = 0;
  json->scratch = (ock_buffer){0};
  json->row = json->column = 0;
  json->column_name = NULL;
  if (end - begin >= 3 && memcmp(begin, "\xEF\xBB\xBF", 3) == 0)
    return ock_json_fail(json, begin, "expected JSON, found a byte order mark in front of it");
  return OCKHAM_OK;
}

void ock_json_close(ock_json *json) {
  ock_free(json->keys);
  ock_buffer_clear(&json->scratch);
}

ockham_status ock_json_end(ock_json *json) {
  json->p = ock_json_blanks(json->p);
  if (json->p < json->end) return ock_json_expected(json, json->p, "the end");
  if (json->p == json->end) return OCKHAM_OK;
  /* Blanks may go on behind the end, where binary data lie; nothing else may. */
  for (const char *p = json->p; p > json->end;)
    if (*--p != ' ' && *p != '\n' && *p != '\r' && *p != '\t')
      return ock_json_fail(json, json->end, "the JSON is not complete here, where its part of the body ends");
  return OCKHAM_OK;
}

/* ---- levels ---- */

static ockham_status enter(ock_json *json, char bracket, const char *what) {
  json->p = ock_json_blanks(json->p);
  if (*json->p != bracket || json->p >= json->end) return ock_json_expected(json, json->p, what);
  if (json->depth == OCK_NESTING)
    return ock_json_fail(json, json->p, "expected at most %d levels of nesting", OCK_NESTING);
  json->p++;
  ock_json_level *level = &json->levels[json->depth++];
  level->array = bracket == '[';
  level->first = true;
  level->index = 0;
  level->key = (ock_text){NULL, 0};
  level->first_key = json->n_keys;
  return OCKHAM_OK;
}

ockham_status ock_json_enter_object(ock_json *json) {
  return enter(json, '{', "an object");
}

ockham_status ock_json_enter_array(ock_json *json) {
  return enter(json, '[', "an array");
}

void ock_json_leave_array(ock_json *json) {
  json->p++;
  json->depth--;
}

/* Go to the next member or item. */
static ockham_status step(ock_json *json, char bracket, const char *what, bool *more) {
  ock_json_level *level = &json->levels[json->depth - 1];
  json->p = ock_json_blanks(json->p);
  if (*json->p == bracket) {
    ock_json_leave_array(json);
    *more = false;
    return OCKHAM_OK;
  }
  if (!level->first) {
    if (*json->p != ',' || json->p >= json->end) return ock_json_expected(json, json->p, what);
    json->p = ock_json_blanks(json->p + 1);
    level->index++;
  }
  level->first = false;
  *more = true;
  return OCKHAM_OK;
}

ockham_status ock_json_next_item(ock_json *json, bool *more) {
  return step(json, ']', "',' or ']'", more);
}

ockham_status ock_json_next_row_key(ock_json *json, ock_text *key, bool *more) {
  json->levels[json->depth - 1].key = (ock_text){NULL, 0};
  OCK_TRY(step(json, '}', "',' or '}'", more));
  if (!*more) return OCKHAM_OK;
  if (*json->p != '"') return ock_json_expected(json, json->p, "a key in quotes");
  OCK_TRY(ock_json_string(json, key));
  json->p = ock_json_blanks(json->p);
  if (*json->p != ':' || json->p >= json->end) return ock_json_expected(json, json->p, "':'");
  json->p = ock_json_blanks(json->p + 1);
  return OCKHAM_OK;
}

/* ---- keys that come twice: compared as they come while there are few, sorted at the end where there are many ---- */

enum { FEW_KEYS = 16 };

static int compare_keys(const void *a, const void *b) {
  const ock_text *x = a, *y = b;
  if (x->size != y->size) return x->size < y->size ? -1 : 1;
  return memcmp(x->bytes, y->bytes, x->size);
}

static bool is_in_body(const ock_json *json, const char *p) {
  return p >= json->begin && p < json->end;
}

static ockham_status fail_duplicate(ock_json *json, const char *at) {
  char shown[OCK_TOKEN_SHOWN];
  ock_json_token(at, json->end, shown);
  json->levels[json->depth - 1].key = (ock_text){NULL, 0};
  return ock_json_fail(json, at, "the key %s comes twice in one object", shown);
}

static ockham_status check_many_keys(ock_json *json, size_t first_key) {
  size_t n = json->n_keys - first_key;
  if (n <= FEW_KEYS) return OCKHAM_OK;
  ock_text *keys = json->keys + first_key;
  qsort(keys, n, sizeof *keys, compare_keys);
  for (size_t i = 1; i < n; i++)
    if (compare_keys(&keys[i - 1], &keys[i]) == 0)
      return is_in_body(json, keys[i].bytes)
                 ? fail_duplicate(json, keys[i].bytes - 1)
                 : ock_json_fail(json, json->p - 1, "a key comes twice in the object that ends here");
  return OCKHAM_OK;
}

static ockham_status add_key(ock_json *json, const char *at, ock_text key) {
  size_t first_key = json->levels[json->depth - 1].first_key;
  if (json->n_keys - first_key < FEW_KEYS)
    for (size_t i = first_key; i < json->n_keys; i++)
      if (compare_keys(&json->keys[i], &key) == 0) return fail_duplicate(json, at);
  if (json->n_keys == json->capacity_keys) {
    size_t capacity = json->capacity_keys ? 2 * json->capacity_keys : 32;
    ock_text *grown = ock_realloc_array(json->keys, capacity, sizeof *grown);
    if (!grown) return ock_fail_memory(json->err, "the keys of an object", capacity * sizeof *grown);
    json->keys = grown;
    json->capacity_keys = capacity;
  }
  json->keys[json->n_keys++] = key;
  return OCKHAM_OK;
}

ockham_status ock_json_next_key(ock_json *json, ock_text *key, bool *more) {
  size_t first_key = json->levels[json->depth - 1].first_key;
  const char *before = json->p;
  OCK_TRY(ock_json_next_row_key(json, key, more));
  if (!*more) {
    OCK_TRY(check_many_keys(json, first_key));
    json->n_keys = first_key;
    return OCKHAM_OK;
  }
  if (!is_in_body(json, key->bytes)) {
    key->bytes = ock_json_keep(json, *key);
    if (!key->bytes) return ock_fail_memory(json->err, "a key", key->size);
  }
  json->levels[json->depth - 1].key = *key;
  before = ock_json_blanks(before);
  return add_key(json, *before == ',' ? ock_json_blanks(before + 1) : before, *key);
}

/* ---- simple values ---- */

static bool take_word(ock_json *json, const char *word, size_t size) {
  if (strncmp(json->p, word, size) != 0) return false;
  json->p += size;
  return true;
}

ockham_status ock_json_boolean(ock_json *json, bool *value) {
  json->p = ock_json_blanks(json->p);
  *value = *json->p == 't';
  if (take_word(json, "true", 4) || take_word(json, "false", 5)) return OCKHAM_OK;
  return ock_json_expected(json, json->p, "true or false");
}

bool ock_json_null(ock_json *json) {
  json->p = ock_json_blanks(json->p);
  return take_word(json, "null", 4);
}

ockham_status ock_json_unsigned(ock_json *json, const char *what, uint64_t *value) {
  bool negative;
  json->p = ock_json_blanks(json->p);
  const char *end = ock_json_number_end(json->p);
  if (!end || ock_integer_read(json->p, end, &negative, value) || (negative && *value))
    return ock_json_expected(json, json->p, what);
  json->p = end;
  return OCKHAM_OK;
}

static ockham_status skip_object(ock_json *json) {
  ock_text key;
  bool more;
  OCK_TRY(ock_json_enter_object(json));
  for (;;) {
    OCK_TRY(ock_json_next_key(json, &key, &more));
    if (!more) return OCKHAM_OK;
    OCK_TRY(ock_json_skip(json));
  }
}

static ockham_status skip_array(ock_json *json) {
  bool more;
  OCK_TRY(ock_json_enter_array(json));
  for (;;) {
    OCK_TRY(ock_json_next_item(json, &more));
    if (!more) return OCKHAM_OK;
    OCK_TRY(ock_json_skip(json));
  }
}

ockham_status ock_json_skip(ock_json *json) {
  json->p = ock_json_blanks(json->p);
  ock_text text;
  if (*json->p == '{') return skip_object(json);
  if (*json->p == '[') return skip_array(json);
  if (*json->p == '"') return ock_json_string(json, &text);
  if (take_word(json, "true", 4) || take_word(json, "false", 5) || take_word(json, "null", 4)) return OCKHAM_OK;
  const char *end = ock_json_number_end(json->p);
  if (!end) return ock_json_expected_number(json, json->p, OCK_DATATYPE_COUNT);
  json->p = end;
  return OCKHAM_OK;
}
