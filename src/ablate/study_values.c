/* SPDX-License-Identifier: Apache-2.0 */
#include "ablate/study.h"

#ifdef OCK_HAVE_YAML

#include <string.h>

#include "ablate/study_values.h"

enum { MOST_KEYS = 256 };

ockham_status ock_read_no_memory(ock_reading *r) {
  return ock_fail(r->err, OCKHAM_NO_MEMORY, "%s: not enough memory for the study", ock_show(r->file->name).text);
}

void *ock_read_array(ock_reading *r, size_t n, size_t size) {
  void *array = ock_arena_array(&r->file->arena, n ? n : 1, size);
  if (array) memset(array, 0, (n ? n : 1) * size);
  return array;
}

/* ---- scalars ---- */

/* The text of a scalar, the arena's. */
ockham_status ock_read_text(ock_reading *r, const yaml_node_t *node, const char *wanted, const char **text) {
  if (node->type != YAML_SCALAR_NODE)
    return OCK_READ_FAULT(r, node, "expected %s, found %s", wanted, ock_yaml_kind(node));
  const char *raw = (const char *)node->data.scalar.value;
  if (strlen(raw) != node->data.scalar.length)
    return OCK_READ_FAULT(r, node, "expected %s, found a text with a zero byte", wanted);
  for (const char *c = raw; *c; c++)
    if ((unsigned char)*c < ' ' && *c != '\n' && *c != '\t')
      return OCK_READ_FAULT(r, node, "expected %s, found a control character", wanted);
  if (!*raw) return OCK_READ_FAULT(r, node, "expected %s, found nothing", wanted);
  *text = ock_arena_text(&r->file->arena, raw, strlen(raw));
  return *text ? OCKHAM_OK : ock_read_no_memory(r);
}

/* A word: without blanks. */
ockham_status ock_read_word(ock_reading *r, const yaml_node_t *node, const char *wanted, const char **word) {
  OCK_TRY(ock_read_text(r, node, wanted, word));
  if (strpbrk(*word, " \t\n"))
    return OCK_READ_FAULT(r, node, "expected %s without blanks, found '%s'", wanted, ock_show(*word).text);
  return OCKHAM_OK;
}

static bool is_name(const char *text) {
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  return strlen(text) < 64 && text[strspn(text, allowed)] == '\0';
}

ockham_status ock_read_name(ock_reading *r, const yaml_node_t *node, const char *wanted, const char **name) {
  OCK_TRY(ock_read_text(r, node, wanted, name));
  if (!is_name(*name))
    return OCK_READ_FAULT(r, node, "expected %s of letters, digits, '_', '.' and '-', found '%s'", wanted,
                          ock_show(*name).text);
  return OCKHAM_OK;
}

ockham_status ock_read_real(ock_reading *r, const yaml_node_t *node, double least, double most, double *value) {
  const char *text;
  OCK_TRY(ock_read_text(r, node, "a number", &text));
  if (!ock_parse_number(text, value) || *value < least || *value > most)
    return OCK_READ_FAULT(r, node, "expected a number from %g to %g, found '%s'", least, most, ock_show(text).text);
  return OCKHAM_OK;
}

ockham_status ock_read_count(ock_reading *r, const yaml_node_t *node, size_t least, size_t most, size_t *value) {
  const char *text;
  double number;
  OCK_TRY(ock_read_text(r, node, "a whole number", &text));
  if (text[strspn(text, "0123456789")] || !ock_parse_number(text, &number) || number < (double)least ||
      number > (double)most)
    return OCK_READ_FAULT(r, node, "expected a whole number from %zu to %zu, found '%s'", least, most,
                          ock_show(text).text);
  *value = (size_t)number;
  return OCKHAM_OK;
}

ockham_status ock_read_switch(ock_reading *r, const yaml_node_t *node, bool *value) {
  const char *text;
  OCK_TRY(ock_read_text(r, node, "yes or no", &text));
  if (ock_parse_switch(text, value)) return OCKHAM_OK;
  return OCK_READ_FAULT(r, node, "expected yes or no, found '%s'", ock_show(text).text);
}

/* ---- mappings ---- */

ockham_status ock_read_expect(ock_reading *r, const yaml_node_t *node, yaml_node_type_t type, const char *wanted) {
  if (node->type == type) return OCKHAM_OK;
  return OCK_READ_FAULT(r, node, "expected %s, found %s", wanted, ock_yaml_kind(node));
}

/* The keys of a mapping are scalars, and no two are the same. */
ockham_status ock_read_check(ock_reading *r, const yaml_node_t *node) {
  if (ock_yaml_count(node) > MOST_KEYS)
    return OCK_READ_FAULT(r, node, "expected at most %d keys, found %zu", MOST_KEYS, ock_yaml_count(node));
  for (size_t i = 0; i < ock_yaml_count(node); i++) {
    const yaml_node_t *key = ock_yaml_key(&r->document, node, i);
    if (key->type != YAML_SCALAR_NODE) return OCK_READ_FAULT(r, key, "expected a name, found %s", ock_yaml_kind(key));
    for (size_t j = 0; j < i; j++) {
      const yaml_node_t *before = ock_yaml_key(&r->document, node, j);
      if (strcmp((const char *)key->data.scalar.value, (const char *)before->data.scalar.value) == 0)
        return OCK_READ_FAULT(r, key, "'%s' is given twice, first in line %zu",
                              ock_show((const char *)key->data.scalar.value).text, ock_yaml_line(before));
    }
  }
  return OCKHAM_OK;
}

static ockham_status refuse_key(ock_reading *r, const yaml_node_t *node, const ock_read_key *keys) {
  const char *names[32], *word = (const char *)node->data.scalar.value;
  char list[320] = "";
  size_t n = 0, used = 0;
  for (; keys[n].name; n++) {
    names[n] = keys[n].name;
    used +=
        (size_t)snprintf(list + used, used < sizeof list ? sizeof list - used : 0, "%s%s", n ? ", " : "", keys[n].name);
    if (used >= sizeof list) used = sizeof list - 1;
  }
  names[n] = NULL;
  const char *guess = ock_guess(word, names);
  if (guess) return OCK_READ_FAULT(r, node, "there is no key '%s': is it %s?", ock_show(word).text, guess);
  return OCK_READ_FAULT(r, node, "there is no key '%s'; expected one of %s", ock_show(word).text, list);
}

ockham_status ock_read_keys(ock_reading *r, const yaml_node_t *node, const ock_read_key *keys) {
  OCK_TRY(ock_read_check(r, node));
  for (size_t i = 0; i < ock_yaml_count(node); i++) {
    const yaml_node_t *name = ock_yaml_key(&r->document, node, i);
    size_t k = 0;
    while (keys[k].name && strcmp(keys[k].name, (const char *)name->data.scalar.value) != 0) k++;
    if (!keys[k].name) return refuse_key(r, name, keys);
    OCK_TRY(keys[k].read(r, ock_yaml_value(&r->document, node, i)));
  }
  return OCKHAM_OK;
}

#endif
