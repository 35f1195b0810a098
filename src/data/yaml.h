/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes of a YAML document: what libyaml leaves to its users. */
#ifndef OCK_DATA_YAML_H
#define OCK_DATA_YAML_H

#include <stddef.h>
#include <yaml.h>

static inline size_t ock_yaml_line(const yaml_node_t *node) {
  return node->start_mark.line + 1;
}

static inline const char *ock_yaml_kind(const yaml_node_t *node) {
  return node->type == YAML_SEQUENCE_NODE ? "a list" : node->type == YAML_MAPPING_NODE ? "a mapping" : "a value";
}

/* Items of a list, pairs of a mapping. */
static inline size_t ock_yaml_count(const yaml_node_t *node) {
  if (node->type == YAML_SEQUENCE_NODE)
    return (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
  return (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
}

static inline yaml_node_t *ock_yaml_item(yaml_document_t *document, const yaml_node_t *list, size_t i) {
  return yaml_document_get_node(document, list->data.sequence.items.start[i]);
}

static inline yaml_node_t *ock_yaml_key(yaml_document_t *document, const yaml_node_t *mapping, size_t i) {
  return yaml_document_get_node(document, mapping->data.mapping.pairs.start[i].key);
}

static inline yaml_node_t *ock_yaml_value(yaml_document_t *document, const yaml_node_t *mapping, size_t i) {
  return yaml_document_get_node(document, mapping->data.mapping.pairs.start[i].value);
}

#endif
