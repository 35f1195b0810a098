/* SPDX-License-Identifier: Apache-2.0 */
/* A YAML document into options, by the table of keys. */
#include <string.h>

#include "data/yaml.h"
#include "serve/config.h"

enum { MOST_NODES = 100000, MOST_DEPTH = 16, MOST_PATH = 512 };

typedef struct reading {
  yaml_document_t document;
  ockham_serve_file *file;
  ock_problems *problems;
  size_t n_nodes, depth;
  char path[MOST_PATH]; /* of the key that is being read */
} reading;

/* A problem with the key that is being read. Reading goes on: OK. */
#define PROBLEM(r, line, ...) ock_problem((r)->problems, OCKHAM_BAD_DATA, (r)->file->name, line, (r)->path, __VA_ARGS__)

/* ---- paths ---- */

static size_t enter(reading *r, const char *before, const char *name) {
  size_t length = strlen(r->path);
  snprintf(r->path + length, sizeof r->path - length, "%s%s", length ? before : "", name);
  return length;
}

static void leave(reading *r, size_t length) {
  r->path[length] = '\0';
}

/* ---- scalars ---- */

static bool is_null(const yaml_node_t *node) {
  if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) return false;
  const char *text = (const char *)node->data.scalar.value;
  return !*text || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

/* The text of a scalar, with what the environment has for it; *text NULL after a problem. */
static ockham_status scalar_text(reading *r, const yaml_node_t *node, const char *wanted, const char **text) {
  *text = NULL;
  if (node->type != YAML_SCALAR_NODE)
    return PROBLEM(r, ock_yaml_line(node), "expected %s, found %s", wanted, ock_yaml_kind(node));
  const char *raw = (const char *)node->data.scalar.value, *missing;
  if (strlen(raw) != node->data.scalar.length)
    return PROBLEM(r, ock_yaml_line(node), "expected %s, found a text with a zero byte", wanted);
  OCK_TRY(ock_config_substitute(&r->file->arena, raw, text, &missing));
  if (missing) return PROBLEM(r, ock_yaml_line(node), "environment variable %s is not set", ock_show(missing).text);
  if (!*text)
    return PROBLEM(r, ock_yaml_line(node), "expected ${NAME} or ${NAME:-otherwise} ('$${' is '${'), found '%s'",
                   ock_show(raw).text);
  return OCKHAM_OK;
}

/* ---- numbers ---- */

static bool parse_amount(ock_config_kind kind, const char *text, double *value) {
  bool parsed;
  switch (kind) {
    case OCK_CONFIG_SIZE:
      return ock_parse_size(text, value);
    case OCK_CONFIG_MS:
      parsed = ock_parse_duration(text, value);
      *value *= 1000;
      return parsed;
    case OCK_CONFIG_SECONDS:
      return ock_parse_duration(text, value);
    case OCK_CONFIG_COUNT:
      return text[strspn(text, "0123456789")] == '\0' && ock_parse_number(text, value);
    default:
      return ock_parse_number(text, value);
  }
}

static void set_amount(ock_config_kind kind, double value, void *field) {
  if (kind == OCK_CONFIG_SIZE)
    *(uint64_t *)field = (uint64_t)value;
  else if (kind == OCK_CONFIG_SHARE)
    *(double *)field = value == 0 ? -1 : value;
  else if (kind == OCK_CONFIG_REAL)
    *(double *)field = value;
  else
    *(unsigned *)field = (unsigned)(value + 0.5);
}

static ockham_status read_amount(reading *r, const ock_config_key *key, const yaml_node_t *node, const char *text,
                                 void *base) {
  double value;
  if (!parse_amount(key->kind, text, &value))
    return PROBLEM(r, ock_yaml_line(node), "expected %s, found '%s'", ock_config_expected(key->kind),
                   ock_show(text).text);
  if (value < key->least || value > key->most) {
    char range[80];
    ock_config_range(key, range, sizeof range);
    return PROBLEM(r, ock_yaml_line(node), "expected %s %s, found '%s'", ock_config_expected(key->kind), range,
                   ock_show(text).text);
  }
  set_amount(key->kind, value, (char *)base + key->offset);
  return OCKHAM_OK;
}

/* ---- texts ---- */

/* A path beside the file. NULL: no memory. */
static const char *beside(reading *r, const char *path) {
  const char *folder = r->file->folder;
  if (!folder || path[0] == '/') return path;
  while (strncmp(path, "./", 2) == 0) path += 2;
  size_t size = strlen(folder) + strlen(path) + 2;
  char *joined = ock_arena_array(&r->file->arena, size, 1);
  if (joined) snprintf(joined, size, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", path);
  return joined;
}

static ockham_status read_text(reading *r, const ock_config_key *key, const yaml_node_t *node, const char *text,
                               void *base) {
  bool is_path = key->kind == OCK_CONFIG_PATH || (key->kind == OCK_CONFIG_OUTPUT && strcmp(text, "-") != 0) ||
                 (key->kind == OCK_CONFIG_ADDRESS && strchr(text, '/'));
  if (!*text)
    return PROBLEM(r, ock_yaml_line(node), "expected %s, found an empty text", ock_config_expected(key->kind));
  if (is_path && !(text = beside(r, text))) return OCKHAM_NO_MEMORY;
  *(const char **)((char *)base + key->offset) = text;
  return OCKHAM_OK;
}

static ockham_status read_switch(reading *r, const ock_config_key *key, const yaml_node_t *node, const char *text,
                                 void *base) {
  bool value, *field = (bool *)((char *)base + key->offset);
  if (!ock_parse_switch(text, &value))
    return PROBLEM(r, ock_yaml_line(node), "expected %s, found '%s'", ock_config_expected(key->kind),
                   ock_show(text).text);
  *field = key->kind == OCK_CONFIG_YES ? value : !value;
  return OCKHAM_OK;
}

/* ---- lists ---- */

static void set_list(const ock_config_key *key, const char **items, size_t n, void *base) {
  *(const char ***)((char *)base + key->offset) = items;
  *(unsigned *)((char *)base + key->more) = (unsigned)n;
}

static ockham_status read_list(reading *r, const ock_config_key *key, const yaml_node_t *node, void *base) {
  size_t n = ock_yaml_count(node);
  const char **items = ock_arena_array(&r->file->arena, n + 1, sizeof *items);
  if (!items) return OCKHAM_NO_MEMORY;
  for (size_t i = 0; i < n; i++) {
    const yaml_node_t *item = ock_yaml_item(&r->document, node, i);
    char number[32];
    snprintf(number, sizeof number, "[%zu]", i);
    size_t length = enter(r, "", number);
    OCK_TRY(scalar_text(r, item, "a text", &items[i]));
    leave(r, length);
    if (!items[i]) return OCKHAM_OK;
  }
  items[n] = NULL;
  set_list(key, items, n, base);
  return OCKHAM_OK;
}

static ockham_status read_words(reading *r, const ock_config_key *key, const yaml_node_t *node, void *base) {
  const char *text, **words;
  size_t n;
  if (node->type == YAML_SEQUENCE_NODE) return read_list(r, key, node, base);
  OCK_TRY(scalar_text(r, node, ock_config_expected(key->kind), &text));
  if (!text) return OCKHAM_OK;
  if (!ock_config_split(&r->file->arena, text, &words, &n))
    return PROBLEM(r, ock_yaml_line(node), "expected closed quotes and something after every '\\', found '%s'",
                   ock_show(text).text);
  if (!words) return OCKHAM_NO_MEMORY;
  set_list(key, words, n, base);
  return OCKHAM_OK;
}

static ockham_status join_pair(reading *r, const char *name, const char *value, const char **joined) {
  size_t size = strlen(name) + strlen(value) + 2;
  char *text = ock_arena_array(&r->file->arena, size, 1);
  if (!text) return OCKHAM_NO_MEMORY;
  snprintf(text, size, "%s=%s", name, value);
  *joined = text;
  return OCKHAM_OK;
}

static ockham_status read_pairs(reading *r, const ock_config_key *key, const yaml_node_t *node, void *base) {
  size_t n = 0;
  if (node->type != YAML_MAPPING_NODE)
    return PROBLEM(r, ock_yaml_line(node), "expected %s, found %s", ock_config_expected(key->kind),
                   ock_yaml_kind(node));
  const yaml_node_pair_t *pair = node->data.mapping.pairs.start, *end = node->data.mapping.pairs.top;
  const char **pairs = ock_arena_array(&r->file->arena, (size_t)(end - pair) + 1, sizeof *pairs);
  if (!pairs) return OCKHAM_NO_MEMORY;
  for (; pair < end; pair++) {
    const yaml_node_t *name = yaml_document_get_node(&r->document, pair->key);
    const char *name_text, *value;
    OCK_TRY(scalar_text(r, name, "a name", &name_text));
    if (!name_text) continue;
    size_t length = enter(r, ".", name_text);
    OCK_TRY(scalar_text(r, yaml_document_get_node(&r->document, pair->value), "a text", &value));
    if (value && (!*name_text || strchr(name_text, '=')))
      PROBLEM(r, ock_yaml_line(name), "expected a name without '=', found '%s'", ock_show(name_text).text);
    else if (value)
      OCK_TRY(join_pair(r, name_text, value, &pairs[n++]));
    leave(r, length);
  }
  pairs[n] = NULL;
  set_list(key, pairs, n, base);
  return OCKHAM_OK;
}

/* ---- mappings ---- */

static ockham_status read_keys(reading *r, const yaml_node_t *node, const ock_config_key *keys, uint64_t *seen,
                               void *base);
static ockham_status read_models(reading *r, const yaml_node_t *node);

static ockham_status read_group(reading *r, const ock_config_key *key, const yaml_node_t *node, void *base) {
  uint64_t seen = 0;
  bool has_switch = key->kind == OCK_CONFIG_SWITCH;
  if (node->type == YAML_MAPPING_NODE) return read_keys(r, node, key->inner, &seen, (char *)base + key->more);
  if (has_switch && node->type == YAML_SCALAR_NODE) {
    const char *text;
    OCK_TRY(scalar_text(r, node, ock_config_expected(key->kind), &text));
    return text ? read_switch(r, key, node, text, base) : OCKHAM_OK;
  }
  return PROBLEM(r, ock_yaml_line(node), "expected %s, found %s", ock_config_expected(key->kind), ock_yaml_kind(node));
}

static ockham_status read_scalar(reading *r, const ock_config_key *key, const yaml_node_t *node, void *base) {
  const char *text;
  OCK_TRY(scalar_text(r, node, ock_config_expected(key->kind), &text));
  if (!text) return OCKHAM_OK;
  if (key->kind <= OCK_CONFIG_OUTPUT) return read_text(r, key, node, text, base);
  if (key->kind <= OCK_CONFIG_NO) return read_switch(r, key, node, text, base);
  return read_amount(r, key, node, text, base);
}

static ockham_status read_value(reading *r, const ock_config_key *key, const yaml_node_t *node, void *base) {
  if (is_null(node)) return OCKHAM_OK;
  switch (key->kind) {
    case OCK_CONFIG_WORDS:
      return read_words(r, key, node, base);
    case OCK_CONFIG_LIST:
      if (node->type == YAML_SEQUENCE_NODE) return read_list(r, key, node, base);
      return PROBLEM(r, ock_yaml_line(node), "expected %s, found %s", ock_config_expected(key->kind),
                     ock_yaml_kind(node));
    case OCK_CONFIG_PAIRS:
      return read_pairs(r, key, node, base);
    case OCK_CONFIG_GROUP:
    case OCK_CONFIG_SWITCH:
      return read_group(r, key, node, base);
    case OCK_CONFIG_MODELS:
      return read_models(r, node);
    default:
      return read_scalar(r, key, node, base);
  }
}

static ockham_status refuse_key(reading *r, const ock_config_key *keys, const yaml_node_t *node, const char *name) {
  const char *names[32];
  size_t n = 0;
  for (; keys[n].name && n < 31; n++) names[n] = keys[n].name;
  names[n] = NULL;
  const char *guess = ock_guess(name, names);
  if (guess) return PROBLEM(r, ock_yaml_line(node), "there is no key '%s': is it %s?", ock_show(name).text, guess);
  return PROBLEM(r, ock_yaml_line(node), "there is no key '%s'", ock_show(name).text);
}

/* One `name: value` of a mapping. Keys that were seen are those of the mapping itself, or, in one that is merged in,
 * those that have a value already. */
static ockham_status read_key(reading *r, const ock_config_key *keys, const yaml_node_pair_t *pair, bool merged,
                              uint64_t *seen, void *base) {
  const yaml_node_t *node = yaml_document_get_node(&r->document, pair->key);
  if (node->type != YAML_SCALAR_NODE)
    return PROBLEM(r, ock_yaml_line(node), "expected a key, found %s", ock_yaml_kind(node));
  const char *name = (const char *)node->data.scalar.value;
  if (r->depth == 1 && strncmp(name, "x-", 2) == 0) return OCKHAM_OK; /* a place for anchors */
  size_t i = 0;
  while (keys[i].name && strcmp(keys[i].name, name) != 0) i++;
  if (!keys[i].name) return refuse_key(r, keys, node, name);
  uint64_t bit = 1ULL << i;
  if ((*seen & bit) && merged) return OCKHAM_OK;
  size_t length = enter(r, ".", name);
  ockham_status status;
  if (*seen & bit) {
    status = PROBLEM(r, ock_yaml_line(node), "given twice, first in line %zu", ock_config_find_line(r->file, r->path));
  } else {
    *seen |= bit;
    status = ock_config_note_line(r->file, r->path, ock_yaml_line(node));
    if (!status) status = read_value(r, &keys[i], yaml_document_get_node(&r->document, pair->value), base);
  }
  leave(r, length);
  return status;
}

static bool is_merge(const reading *r, const yaml_node_pair_t *pair) {
  const yaml_node_t *key = yaml_document_get_node((yaml_document_t *)(uintptr_t)&r->document, pair->key);
  return key->type == YAML_SCALAR_NODE && strcmp((const char *)key->data.scalar.value, "<<") == 0;
}

/* Go one level down, if aliases have not made too much of it. */
static bool descend(reading *r, const yaml_node_t *node) {
  r->n_nodes += ock_yaml_count(node);
  if (r->n_nodes <= MOST_NODES && r->depth < MOST_DEPTH) {
    r->depth++;
    return true;
  }
  PROBLEM(r, ock_yaml_line(node), "expected at most %d keys and items, %d levels deep, aliases counted", MOST_NODES,
          MOST_DEPTH);
  return false;
}

static ockham_status read_pairs_of(reading *r, const yaml_node_t *node, const ock_config_key *keys, bool merged,
                                   uint64_t *seen, void *base);

/* What `<<` names: a mapping, or a list of them, the first of which go first. */
static ockham_status merge(reading *r, const yaml_node_t *node, const ock_config_key *keys, uint64_t *seen,
                           void *base) {
  if (node->type == YAML_MAPPING_NODE) return read_pairs_of(r, node, keys, true, seen, base);
  if (node->type == YAML_SCALAR_NODE)
    return PROBLEM(r, ock_yaml_line(node), "expected a mapping after '<<', found a value");
  if (!descend(r, node)) return OCKHAM_OK;
  ockham_status status = OCKHAM_OK;
  for (const int *i = node->data.sequence.items.start; i < node->data.sequence.items.top && !status; i++)
    status = merge(r, yaml_document_get_node(&r->document, *i), keys, seen, base);
  r->depth--;
  return status;
}

static ockham_status read_pairs_of(reading *r, const yaml_node_t *node, const ock_config_key *keys, bool merged,
                                   uint64_t *seen, void *base) {
  const yaml_node_pair_t *start = node->data.mapping.pairs.start, *end = node->data.mapping.pairs.top;
  if (!descend(r, node)) return OCKHAM_OK;
  ockham_status status = OCKHAM_OK;
  for (const yaml_node_pair_t *pair = start; pair < end && !status; pair++)
    if (!is_merge(r, pair)) status = read_key(r, keys, pair, merged, seen, base);
  for (const yaml_node_pair_t *pair = start; pair < end && !status; pair++)
    if (is_merge(r, pair)) status = merge(r, yaml_document_get_node(&r->document, pair->value), keys, seen, base);
  r->depth--;
  return status;
}

static ockham_status read_keys(reading *r, const yaml_node_t *node, const ock_config_key *keys, uint64_t *seen,
                               void *base) {
  return read_pairs_of(r, node, keys, false, seen, base);
}

/* ---- models ---- */

static ockham_status read_model(reading *r, const yaml_node_t *node, const char *name, size_t i) {
  ockham_serve_model *model = &r->file->options.models[i];
  uint64_t seen = name ? 1 : 0; /* `name` is the first key */
  *model = (ockham_serve_model){.name = name};
  OCK_TRY(ock_config_note_line(r->file, r->path, ock_yaml_line(node)));
  r->file->model_where[i] = ock_arena_text(&r->file->arena, r->path, strlen(r->path));
  if (!r->file->model_where[i]) return OCKHAM_NO_MEMORY;
  if (node->type != YAML_MAPPING_NODE)
    return PROBLEM(r, ock_yaml_line(node), "expected a mapping such as {file: model.ock}, found %s",
                   ock_yaml_kind(node));
  OCK_TRY(read_keys(r, node, ock_config_model_keys, &seen, model));
  if (model->command && !model->folder) model->folder = r->file->folder;
  return ock_config_interpret(&r->file->arena, model) ? OCKHAM_OK : OCKHAM_NO_MEMORY;
}

static ockham_status make_models(reading *r, size_t n) {
  ockham_serve_options *options = &r->file->options;
  options->models = ock_arena_array(&r->file->arena, n, sizeof *options->models);
  r->file->model_where = ock_arena_array(&r->file->arena, n, sizeof *r->file->model_where);
  return options->models && r->file->model_where ? OCKHAM_OK : OCKHAM_NO_MEMORY;
}

static ockham_status read_model_list(reading *r, const yaml_node_t *node) {
  size_t n = ock_yaml_count(node);
  OCK_TRY(make_models(r, n));
  for (size_t i = 0; i < n; i++) {
    char number[32];
    snprintf(number, sizeof number, "[%zu]", i);
    size_t length = enter(r, "", number);
    OCK_TRY(read_model(r, ock_yaml_item(&r->document, node, i), NULL, i));
    leave(r, length);
    r->file->options.n_models++;
  }
  return OCKHAM_OK;
}

static ockham_status read_model_mapping(reading *r, const yaml_node_t *node) {
  const yaml_node_pair_t *pair = node->data.mapping.pairs.start, *end = node->data.mapping.pairs.top;
  OCK_TRY(make_models(r, (size_t)(end - pair)));
  for (; pair < end; pair++) {
    const char *name;
    OCK_TRY(scalar_text(r, yaml_document_get_node(&r->document, pair->key), "a model's name", &name));
    if (!name) continue;
    size_t length = enter(r, ".", name);
    OCK_TRY(read_model(r, yaml_document_get_node(&r->document, pair->value), name, r->file->options.n_models));
    leave(r, length);
    r->file->options.n_models++;
  }
  return OCKHAM_OK;
}

static ockham_status read_models(reading *r, const yaml_node_t *node) {
  if (node->type == YAML_SCALAR_NODE)
    return PROBLEM(r, ock_yaml_line(node), "expected a list of models, found a value");
  if (!descend(r, node)) return OCKHAM_OK;
  OCK_TRY(node->type == YAML_SEQUENCE_NODE ? read_model_list(r, node) : read_model_mapping(r, node));
  r->depth--;
  return OCKHAM_OK;
}

/* ---- documents ---- */

static ockham_status refuse_syntax(reading *r, const yaml_parser_t *parser) {
  if (parser->error == YAML_MEMORY_ERROR) return OCKHAM_NO_MEMORY;
  size_t line = parser->problem_mark.line + 1;
  if (parser->context && parser->context_mark.line + 1 != line)
    return PROBLEM(r, line, "expected YAML, found a mistake %s (line %zu): %s", parser->context,
                   parser->context_mark.line + 1, parser->problem);
  if (parser->error == YAML_READER_ERROR)
    return PROBLEM(r, 0, "expected UTF-8, found a mistake at byte %zu: %s", parser->problem_offset, parser->problem);
  return PROBLEM(r, line, "expected YAML, found a mistake: %s", parser->problem ? parser->problem : "unknown");
}

static ockham_status read_document(reading *r, yaml_parser_t *parser) {
  const yaml_node_t *root = yaml_document_get_root_node(&r->document);
  uint64_t seen = 0;
  if (!root || is_null(root)) return PROBLEM(r, 0, "expected keys such as 'models', found nothing");
  if (root->type != YAML_MAPPING_NODE)
    return PROBLEM(r, ock_yaml_line(root), "expected keys such as 'models:', found %s", ock_yaml_kind(root));
  OCK_TRY(read_keys(r, root, ock_config_keys, &seen, &r->file->options));
  yaml_document_t second;
  if (!yaml_parser_load(parser, &second)) return refuse_syntax(r, parser);
  if (yaml_document_get_root_node(&second)) PROBLEM(r, second.start_mark.line + 1, "expected one document, found two");
  yaml_document_delete(&second);
  return OCKHAM_OK;
}

static ockham_status read_text_of_file(reading *r, const char *text, size_t size) {
  yaml_parser_t parser;
  if (!yaml_parser_initialize(&parser)) return OCKHAM_NO_MEMORY;
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
  ockham_status status;
  if (yaml_parser_load(&parser, &r->document)) {
    status = read_document(r, &parser);
    yaml_document_delete(&r->document);
  } else {
    status = refuse_syntax(r, &parser);
  }
  yaml_parser_delete(&parser);
  return status;
}

static ockham_status name_file(ockham_serve_file *file, const char *name) {
  const char *slash = strrchr(name, '/');
  file->name = ock_arena_text(&file->arena, name, strlen(name));
  if (slash) file->folder = ock_arena_text(&file->arena, name, slash == name ? 1 : (size_t)(slash - name));
  return file->name && (file->folder || !slash) ? OCKHAM_OK : OCKHAM_NO_MEMORY;
}

ockham_status ock_config_parse(const char *name, const char *text, size_t size, ock_problems *problems,
                               ockham_serve_file **file) {
  *file = NULL;
  reading r = {.problems = problems, .file = ock_alloc_zeroed(1, sizeof *r.file)};
  if (!r.file) return OCKHAM_NO_MEMORY;
  ockham_status status = name_file(r.file, name);
  if (!status) status = read_text_of_file(&r, text, size);
  if (!status) status = problems->status;
  if (status) {
    ockham_serve_file_free(r.file);
    return status;
  }
  r.file->n_read = r.file->options.n_models;
  *file = r.file;
  return OCKHAM_OK;
}
