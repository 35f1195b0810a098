/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a study file's nodes. What is wrong is told with its line, and ends the reading: a value that was read is
 * the arena's, and whole. */
#ifndef OCK_ABLATE_STUDY_VALUES_H
#define OCK_ABLATE_STUDY_VALUES_H

#include "ablate/study.h"
#include "data/yaml.h"

typedef struct ock_reading {
  yaml_document_t document;
  ock_study_file *file;
  ockham_study *study; /* the file's */
  ockham_error *err;
} ock_reading;

#define OCK_READ_FAULT(r, node, ...) ock_study_fault((r)->file, ock_yaml_line(node), (r)->err, __VA_ARGS__)

ockham_status ock_read_no_memory(ock_reading *r);
/* n zeroed elements, at least one; NULL: no memory. */
void *ock_read_array(ock_reading *r, size_t n, size_t size);

/* wanted: "a metric", for messages. A text is not empty and has no control characters; a word has no blanks either; a
 * name has letters, digits, '_', '.' and '-' alone. */
ockham_status ock_read_text(ock_reading *r, const yaml_node_t *node, const char *wanted, const char **text);
ockham_status ock_read_word(ock_reading *r, const yaml_node_t *node, const char *wanted, const char **word);
ockham_status ock_read_name(ock_reading *r, const yaml_node_t *node, const char *wanted, const char **name);
ockham_status ock_read_real(ock_reading *r, const yaml_node_t *node, double least, double most, double *value);
ockham_status ock_read_count(ock_reading *r, const yaml_node_t *node, size_t least, size_t most, size_t *value);
ockham_status ock_read_switch(ock_reading *r, const yaml_node_t *node, bool *value);

ockham_status ock_read_expect(ock_reading *r, const yaml_node_t *node, yaml_node_type_t type, const char *wanted);
/* The keys of a mapping are scalars, and no two are the same. */
ockham_status ock_read_check(ock_reading *r, const yaml_node_t *node);

typedef ockham_status ock_reader(ock_reading *r, const yaml_node_t *node);
typedef struct ock_read_key {
  const char *name; /* NULL: the last */
  ock_reader *read;
} ock_read_key;
/* A mapping by its table of keys. */
ockham_status ock_read_keys(ock_reading *r, const yaml_node_t *node, const ock_read_key *keys);

#endif
