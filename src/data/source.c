/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "data/reader.h"

static ockham_status make_names(ock_source *source, ockham_error *err) {
  for (size_t j = 0; j < source->n_columns; j++) {
    char name[32];
    snprintf(name, sizeof name, "x%zu", j + 1);
    source->names[j] = ock_string_copy(name);
    if (!source->names[j]) return ock_fail_memory(err, "the column names", sizeof name);
  }
  return OCKHAM_OK;
}

ockham_status ock_source_set_columns(ock_source *source, size_t n_columns, bool names_wanted, ockham_error *err) {
  source->names = ock_alloc_zeroed(n_columns, sizeof *source->names);
  source->role = ock_alloc_zeroed(n_columns, sizeof *source->role);
  source->found_text = ock_alloc_zeroed(n_columns, sizeof *source->found_text);
  source->n_columns = source->names ? n_columns : 0;
  if (!source->names || !source->role || !source->found_text)
    return ock_fail_memory(err, "the columns", ock_size_product(n_columns, sizeof *source->names));
  return names_wanted ? make_names(source, err) : OCKHAM_OK;
}

void ock_source_clear(ock_source *source) {
  for (size_t j = 0; j < source->n_columns; j++) ock_free(source->names[j]);
  ock_free(source->names);
  ock_free(source->role);
  ock_free(source->found_text);
  source->names = NULL;
  source->role = NULL;
  source->found_text = NULL;
  source->n_columns = 0;
}

bool ock_source_note_text(ock_source *source, size_t j) {
  if (!source->find_texts || !source->find_texts[j]) return false;
  __atomic_store_n(&source->found_text[j], true, __ATOMIC_RELAXED);
  return true;
}

bool ock_text_is_missing(const char *text, size_t length) {
  static const char *const words[] = {"", "na", "n/a", "#n/a", "nan", "null", "none", "?", "-"};
  if (length > 4) return false;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strlen(words[i]) == length && strncasecmp(text, words[i], length) == 0) return true;
  return false;
}

size_t ock_column_number(const char *text) {
  size_t number = 0;
  for (const char *p = text; *p; p++) {
    if (*p < '0' || *p > '9' || number > SIZE_MAX / 100) return 0;
    number = number * 10 + (size_t)(*p - '0');
  }
  return number;
}
