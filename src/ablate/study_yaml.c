/* SPDX-License-Identifier: Apache-2.0 */
/* A study file into a study, by a table of keys. Values are taken as written: `off` is a level as good as any. */
#include "ablate/study.h"

#include <string.h>

#ifndef OCK_HAVE_YAML

ockham_status ockham_study_parse(const char *name, const char *text, size_t size, const ockham_trainer *trainer,
                                 ockham_study **study, ockham_error *err) {
  (void)text;
  (void)size;
  (void)trainer;
  *study = NULL;
  return ock_fail(err, OCKHAM_UNSUPPORTED, "%s: this build reads no study files; install libyaml and build again",
                  ock_show(name).text);
}

#else

#include "ablate/study_values.h"

/* ---- settings ---- */

static ockham_status read_setting(ock_reading *r, const yaml_node_t *name, const yaml_node_t *value,
                                  ockham_study_setting *setting) {
  OCK_TRY(ock_read_name(r, name, "a setting", &setting->name));
  return ock_read_word(r, value, "a value", &setting->value);
}

static ockham_status read_base(ock_reading *r, const yaml_node_t *node) {
  OCK_TRY(ock_read_expect(r, node, YAML_MAPPING_NODE, "a mapping of settings such as {width: 64}"));
  OCK_TRY(ock_read_check(r, node));
  size_t n = ock_yaml_count(node);
  ockham_study_setting *settings = ock_read_array(r, n, sizeof *settings);
  size_t *lines = ock_read_array(r, n, sizeof *lines);
  if (!settings || !lines) return ock_read_no_memory(r);
  for (size_t i = 0; i < n; i++) {
    lines[i] = ock_yaml_line(ock_yaml_key(&r->document, node, i));
    OCK_TRY(read_setting(r, ock_yaml_key(&r->document, node, i), ock_yaml_value(&r->document, node, i), &settings[i]));
  }
  r->study->base = settings;
  r->study->n_base = n;
  r->file->lines.base = lines;
  return OCKHAM_OK;
}

/* ---- factors ---- */

static ockham_status read_factor(ock_reading *r, const yaml_node_t *name, const yaml_node_t *node,
                                 ockham_study_factor *factor, size_t **lines) {
  OCK_TRY(ock_read_name(r, name, "a factor", &factor->name));
  OCK_TRY(ock_read_expect(r, node, YAML_SEQUENCE_NODE, "a list of levels such as [pre, post]"));
  size_t n = ock_yaml_count(node);
  if (n < 2 || n > OCK_MOST_LEVELS)
    return OCK_READ_FAULT(r, node, "expected 2 to %d levels of %s, found %zu", OCK_MOST_LEVELS, factor->name, n);
  const char **levels = ock_read_array(r, n, sizeof *levels);
  *lines = ock_read_array(r, n, sizeof **lines);
  if (!levels || !*lines) return ock_read_no_memory(r);
  for (size_t i = 0; i < n; i++) {
    (*lines)[i] = ock_yaml_line(ock_yaml_item(&r->document, node, i));
    OCK_TRY(ock_read_word(r, ock_yaml_item(&r->document, node, i), "a level", &levels[i]));
    for (size_t j = 0; j < i; j++)
      if (strcmp(levels[i], levels[j]) == 0)
        return OCK_READ_FAULT(r, ock_yaml_item(&r->document, node, i), "%s has the level '%s' twice", factor->name,
                              ock_show(levels[i]).text);
  }
  factor->n_levels = n;
  factor->levels = levels;
  return OCKHAM_OK;
}

static ockham_status read_factors(ock_reading *r, const yaml_node_t *node) {
  OCK_TRY(ock_read_expect(r, node, YAML_MAPPING_NODE,
                          "a mapping of factors to their levels, such as {norm: [layer, rms]}"));
  OCK_TRY(ock_read_check(r, node));
  size_t n = ock_yaml_count(node);
  if (n < 1 || n > OCK_MOST_FACTORS)
    return OCK_READ_FAULT(r, node, "expected 1 to %d factors, found %zu", OCK_MOST_FACTORS, n);
  ockham_study_factor *factors = ock_read_array(r, n, sizeof *factors);
  ock_study_lines *lines = &r->file->lines;
  lines->factors = ock_read_array(r, n, sizeof *lines->factors);
  lines->levels = ock_read_array(r, n, sizeof *lines->levels);
  if (!factors || !lines->factors || !lines->levels) return ock_read_no_memory(r);
  for (size_t i = 0; i < n; i++) {
    lines->factors[i] = ock_yaml_line(ock_yaml_key(&r->document, node, i));
    OCK_TRY(read_factor(r, ock_yaml_key(&r->document, node, i), ock_yaml_value(&r->document, node, i), &factors[i],
                        &lines->levels[i]));
  }
  r->study->factors = factors;
  r->study->n_factors = n;
  return OCKHAM_OK;
}

/* ---- scales ---- */

static ockham_status read_scale_key(ock_reading *r, const yaml_node_t *name, const yaml_node_t *value,
                                    ockham_study_scale *scale, ockham_study_setting *settings) {
  const char *word = (const char *)name->data.scalar.value;
  if (strcmp(word, "name") == 0) return ock_read_name(r, value, "the scale's name", &scale->name);
  if (strcmp(word, "runs") == 0) return ock_read_count(r, value, 1, 100000, &scale->design_runs);
  if (strcmp(word, "replicates") == 0) return ock_read_count(r, value, 0, 10000, &scale->replicates);
  if (strcmp(word, "held-out") == 0) return ock_read_switch(r, value, &scale->held_out);
  static const char *const meant[] = {"replicates", "held-out", NULL};
  const char *guess = ock_guess(word, meant);
  if (guess) return OCK_READ_FAULT(r, name, "there is no key '%s': is it %s?", ock_show(word).text, guess);
  return read_setting(r, name, value, &settings[scale->n_settings++]);
}

static ockham_status read_scale(ock_reading *r, const yaml_node_t *node, ockham_study_scale *scale) {
  OCK_TRY(ock_read_expect(r, node, YAML_MAPPING_NODE, "a mapping such as {layers: 2, width: 64, replicates: 4}"));
  OCK_TRY(ock_read_check(r, node));
  ockham_study_setting *settings = ock_read_array(r, ock_yaml_count(node), sizeof *settings);
  if (!settings) return ock_read_no_memory(r);
  for (size_t i = 0; i < ock_yaml_count(node); i++)
    OCK_TRY(
        read_scale_key(r, ock_yaml_key(&r->document, node, i), ock_yaml_value(&r->document, node, i), scale, settings));
  scale->settings = settings;
  if (!scale->name) return OCK_READ_FAULT(r, node, "expected the scale's `name`, found none");
  return OCKHAM_OK;
}

/* A list of mappings that hold a name, or a mapping by names. */
static ockham_status read_scales(ock_reading *r, const yaml_node_t *node) {
  bool by_name = node->type == YAML_MAPPING_NODE;
  if (!by_name)
    OCK_TRY(ock_read_expect(r, node, YAML_SEQUENCE_NODE, "scales such as {S1: {layers: 2, width: 64}, S2: ...}"));
  else
    OCK_TRY(ock_read_check(r, node));
  size_t n = ock_yaml_count(node);
  if (n < 1 || n > OCK_MOST_SCALES)
    return OCK_READ_FAULT(r, node, "expected 1 to %d scales, found %zu", OCK_MOST_SCALES, n);
  ockham_study_scale *scales = ock_read_array(r, n, sizeof *scales);
  r->file->lines.scales = ock_read_array(r, n, sizeof(size_t));
  if (!scales || !r->file->lines.scales) return ock_read_no_memory(r);
  for (size_t i = 0; i < n; i++) {
    if (by_name) OCK_TRY(ock_read_name(r, ock_yaml_key(&r->document, node, i), "the scale's name", &scales[i].name));
    r->file->lines.scales[i] =
        ock_yaml_line(by_name ? ock_yaml_key(&r->document, node, i) : ock_yaml_item(&r->document, node, i));
    OCK_TRY(read_scale(r, by_name ? ock_yaml_value(&r->document, node, i) : ock_yaml_item(&r->document, node, i),
                       &scales[i]));
  }
  r->study->scales = scales;
  r->study->n_scales = n;
  return OCKHAM_OK;
}

/* ---- the design ---- */

static ockham_status read_kind(ock_reading *r, const yaml_node_t *node) {
#define X(name, word, about) word,
  static const char *const words[] = {OCKHAM_DESIGN_LIST(X) NULL};
#undef X
  const char *text;
  OCK_TRY(ock_read_text(r, node, "a design", &text));
  for (size_t i = 0; words[i]; i++)
    if (strcmp(words[i], text) == 0) {
      r->study->design = (ockham_design_kind)i;
      return OCKHAM_OK;
    }
  return OCK_READ_FAULT(r, node, "expected full, fraction, d-optimal, add-one-in or leave-one-out, found '%s'",
                        ock_show(text).text);
}

static ockham_status read_runs(ock_reading *r, const yaml_node_t *node) {
  return ock_read_count(r, node, 2, 100000, &r->study->design_runs);
}

static ockham_status read_add_one_in(ock_reading *r, const yaml_node_t *node) {
  return ock_read_switch(r, node, &r->study->add_one_in);
}

static ockham_status read_leave_one_out(ock_reading *r, const yaml_node_t *node) {
  return ock_read_switch(r, node, &r->study->leave_one_out);
}

static ockham_status read_design(ock_reading *r, const yaml_node_t *node) {
  static const ock_read_key keys[] = {{"kind", read_kind},
                                      {"runs", read_runs},
                                      {"add-one-in", read_add_one_in},
                                      {"leave-one-out", read_leave_one_out},
                                      {0}};
  r->file->lines.design = ock_yaml_line(node);
  if (node->type == YAML_SCALAR_NODE) return read_kind(r, node);
  OCK_TRY(ock_read_expect(r, node, YAML_MAPPING_NODE, "a design such as {kind: fraction, runs: 16}"));
  return ock_read_keys(r, node, keys);
}

/* ---- what refers to factors: read once these are known ---- */

static ockham_status find_level(ock_reading *r, const yaml_node_t *node, const char *factor, size_t length,
                                const char *level, size_t level_length, size_t *f, size_t *l) {
  const char *names[OCK_MOST_FACTORS + 1] = {0}, *guess;
  char word[96];
  snprintf(word, sizeof word, "%.*s", (int)length, factor);
  *f = ock_factor_find(r->study, factor, length);
  for (size_t i = 0; i < r->study->n_factors; i++) names[i] = r->study->factors[i].name;
  if (*f == SIZE_MAX) {
    guess = ock_guess(word, names);
    return OCK_READ_FAULT(r, node, "expected a factor of the study, found '%s'%s%s%s", ock_show(word).text,
                          guess ? ": is it " : "", guess ? guess : "", guess ? "?" : "");
  }
  *l = ock_level_find(&r->study->factors[*f], level, level_length);
  if (*l != SIZE_MAX) return OCKHAM_OK;
  snprintf(word, sizeof word, "%.*s", (int)level_length, level);
  return OCK_READ_FAULT(r, node, "expected a level of %s, found '%s'", names[*f], ock_show(word).text);
}

static ockham_status read_meeting(ock_reading *r, const yaml_node_t *node, ockham_study_forbidden *forbidden) {
  OCK_TRY(ock_read_expect(r, node, YAML_MAPPING_NODE, "two levels such as {position: alibi, mask: local}"));
  OCK_TRY(ock_read_check(r, node));
  if (ock_yaml_count(node) != 2)
    return OCK_READ_FAULT(r, node, "expected levels of two factors, found %zu", ock_yaml_count(node));
  for (size_t i = 0; i < 2; i++) {
    const char *factor, *level;
    OCK_TRY(ock_read_text(r, ock_yaml_key(&r->document, node, i), "a factor", &factor));
    OCK_TRY(ock_read_text(r, ock_yaml_value(&r->document, node, i), "a level", &level));
    OCK_TRY(find_level(r, ock_yaml_value(&r->document, node, i), factor, strlen(factor), level, strlen(level),
                       &forbidden->factor[i], &forbidden->level[i]));
  }
  return OCKHAM_OK;
}

static ockham_status read_forbidden(ock_reading *r, const yaml_node_t *node) {
  OCK_TRY(ock_read_expect(r, node, YAML_SEQUENCE_NODE, "a list of pairs of levels"));
  size_t n = ock_yaml_count(node);
  ockham_study_forbidden *forbidden = ock_read_array(r, n, sizeof *forbidden);
  r->file->lines.forbidden = ock_read_array(r, n, sizeof(size_t));
  if (!forbidden || !r->file->lines.forbidden) return ock_read_no_memory(r);
  for (size_t i = 0; i < n; i++) {
    r->file->lines.forbidden[i] = ock_yaml_line(ock_yaml_item(&r->document, node, i));
    OCK_TRY(read_meeting(r, ock_yaml_item(&r->document, node, i), &forbidden[i]));
  }
  r->study->forbidden = forbidden;
  r->study->n_forbidden = n;
  return OCKHAM_OK;
}

static const struct {
  const char *words;
  ockham_claim_kind kind;
} claim_words[] = {{"helps", OCKHAM_CLAIM_HELPS},
                   {"hurts", OCKHAM_CLAIM_HURTS},
                   {"is negligible", OCKHAM_CLAIM_NEGLIGIBLE},
                   {"grows", OCKHAM_CLAIM_GROWS},
                   {"vanishes", OCKHAM_CLAIM_VANISHES}};

static ockham_status read_claim(ock_reading *r, const yaml_node_t *node, ockham_study_claim *claim) {
  OCK_TRY(ock_read_text(r, node, "a claim", &claim->text));
  if (strcmp(claim->text, "joint is submultiplicative") == 0) {
    claim->kind = OCKHAM_CLAIM_SUBMULTIPLICATIVE;
    return OCKHAM_OK;
  }
  const char *equals = strchr(claim->text, '='), *blank = equals ? strchr(equals, ' ') : NULL;
  size_t i = 0, n = sizeof claim_words / sizeof *claim_words;
  while (blank && i < n && strcmp(blank + 1, claim_words[i].words) != 0) i++;
  if (!blank || i == n)
    return OCK_READ_FAULT(r, node,
                          "expected FACTOR=LEVEL and helps, hurts, is negligible, grows or vanishes; or 'joint is "
                          "submultiplicative'; found '%s'",
                          ock_show(claim->text).text);
  claim->kind = claim_words[i].kind;
  return find_level(r, node, claim->text, (size_t)(equals - claim->text), equals + 1, (size_t)(blank - equals - 1),
                    &claim->factor, &claim->level);
}

static ockham_status read_claims(ock_reading *r, const yaml_node_t *node) {
  OCK_TRY(ock_read_expect(r, node, YAML_SEQUENCE_NODE, "a list of claims such as [position=rope helps]"));
  size_t n = ock_yaml_count(node);
  ockham_study_claim *claims = ock_read_array(r, n, sizeof *claims);
  r->file->lines.claims = ock_read_array(r, n, sizeof(size_t));
  if (!claims || !r->file->lines.claims) return ock_read_no_memory(r);
  for (size_t i = 0; i < n; i++) {
    r->file->lines.claims[i] = ock_yaml_line(ock_yaml_item(&r->document, node, i));
    OCK_TRY(read_claim(r, ock_yaml_item(&r->document, node, i), &claims[i]));
  }
  r->study->claims = claims;
  r->study->n_claims = n;
  return OCKHAM_OK;
}

/* ---- the rest ---- */

static ockham_status read_study_name(ock_reading *r, const yaml_node_t *node) {
  return ock_read_name(r, node, "a name", &r->study->name);
}
static ockham_status read_question(ock_reading *r, const yaml_node_t *node) {
  return ock_read_text(r, node, "a question", &r->study->question);
}
static ockham_status read_corpus(ock_reading *r, const yaml_node_t *node) {
  r->file->lines.corpus = ock_yaml_line(node);
  return ock_read_text(r, node, "a file", &r->study->corpus);
}
static ockham_status read_command(ock_reading *r, const yaml_node_t *node) {
  r->file->lines.command = ock_yaml_line(node);
  return ock_read_text(r, node, "a command", &r->study->command);
}
static ockham_status read_metric(ock_reading *r, const yaml_node_t *node) {
  return ock_read_word(r, node, "the name of a metric", &r->study->metric);
}
static ockham_status read_compute(ock_reading *r, const yaml_node_t *node) {
  return ock_read_word(r, node, "the name of a metric", &r->study->compute);
}
static ockham_status read_seeds(ock_reading *r, const yaml_node_t *node) {
  return ock_read_count(r, node, 1, 10000, &r->study->seeds);
}
static ockham_status read_worst_loss(ock_reading *r, const yaml_node_t *node) {
  r->file->lines.worst_loss = ock_yaml_line(node);
  return ock_read_real(r, node, 1e-300, 1e300, &r->study->worst_loss);
}
static ockham_status read_core_minutes(ock_reading *r, const yaml_node_t *node) {
  return ock_read_real(r, node, 1e-3, 1e9, &r->study->core_minutes);
}
static ockham_status read_cores(ock_reading *r, const yaml_node_t *node) {
  return ock_read_count(r, node, 1, 4096, &r->study->cores);
}

static ockham_status read_budget(ock_reading *r, const yaml_node_t *node) {
  static const ock_read_key keys[] = {{"core-minutes", read_core_minutes}, {"cores", read_cores}, {0}};
  OCK_TRY(ock_read_expect(r, node, YAML_MAPPING_NODE, "a mapping such as {core-minutes: 60, cores: 2}"));
  return ock_read_keys(r, node, keys);
}

static ockham_status read_timeout(ock_reading *r, const yaml_node_t *node) {
  const char *text;
  OCK_TRY(ock_read_text(r, node, "a duration such as 10m", &text));
  if (ock_parse_duration(text, &r->study->timeout_s) && r->study->timeout_s >= 0.001 && r->study->timeout_s < 1e8)
    return OCKHAM_OK;
  return OCK_READ_FAULT(r, node, "expected a duration such as 90s, 10m or 2h, found '%s'", ock_show(text).text);
}

static ockham_status read_seed(ock_reading *r, const yaml_node_t *node) {
  size_t seed = 0;
  OCK_TRY(ock_read_count(r, node, 0, (size_t)1 << 53, &seed));
  r->study->seed = seed;
  return OCKHAM_OK;
}

static ockham_status read_rates(ock_reading *r, const yaml_node_t *node) {
  OCK_TRY(ock_read_expect(r, node, YAML_SEQUENCE_NODE, "a list of multiples such as [0.5, 1, 2]"));
  size_t n = ock_yaml_count(node);
  if (n > OCK_MOST_RATES) return OCK_READ_FAULT(r, node, "expected at most %d multiples, found %zu", OCK_MOST_RATES, n);
  double *rates = ock_read_array(r, n, sizeof *rates);
  if (!rates) return ock_read_no_memory(r);
  r->file->lines.rates = ock_yaml_line(node);
  for (size_t i = 0; i < n; i++) {
    OCK_TRY(ock_read_real(r, ock_yaml_item(&r->document, node, i), 1e-6, 1e6, &rates[i]));
    for (size_t j = 0; j < i; j++)
      if (rates[i] == rates[j])
        return OCK_READ_FAULT(r, ock_yaml_item(&r->document, node, i), "%g is given twice", rates[i]);
  }
  r->study->rates = rates;
  r->study->n_rates = n;
  return OCKHAM_OK;
}

static ockham_status read_widen(ock_reading *r, const yaml_node_t *node) {
  r->file->lines.widen = ock_yaml_line(node);
  return ock_read_count(r, node, 0, OCK_MOST_WIDER, &r->study->widen);
}

/* Those that others refer to are read before them, wherever they stand. */
static ockham_status skip(ock_reading *r, const yaml_node_t *node) {
  (void)r;
  (void)node;
  return OCKHAM_OK;
}

static ockham_status read_later(ock_reading *r, const yaml_node_t *root) {
  for (size_t i = 0; i < ock_yaml_count(root); i++) {
    const char *name = (const char *)ock_yaml_key(&r->document, root, i)->data.scalar.value;
    if (strcmp(name, "forbidden") == 0) OCK_TRY(read_forbidden(r, ock_yaml_value(&r->document, root, i)));
    if (strcmp(name, "claims") == 0) OCK_TRY(read_claims(r, ock_yaml_value(&r->document, root, i)));
  }
  return OCKHAM_OK;
}

static ockham_status read_study(ock_reading *r) {
  static const ock_read_key keys[] = {
      {"name", read_study_name}, {"question", read_question}, {"corpus", read_corpus}, {"command", read_command},
      {"metric", read_metric},   {"compute", read_compute},   {"base", read_base},     {"factors", read_factors},
      {"scales", read_scales},   {"forbidden", skip},         {"design", read_design}, {"seeds", read_seeds},
      {"rates", read_rates},     {"widen", read_widen},       {"claims", skip},        {"worst-loss", read_worst_loss},
      {"budget", read_budget},   {"timeout", read_timeout},   {"seed", read_seed},     {0}};
  const yaml_node_t *root = yaml_document_get_root_node(&r->document);
  if (!root) return ock_study_fault(r->file, 0, r->err, "expected a study, found nothing");
  OCK_TRY(ock_read_expect(r, root, YAML_MAPPING_NODE, "a study (keys such as factors: and scales:)"));
  r->study->design = OCKHAM_N_DESIGNS; /* not said */
  OCK_TRY(ock_read_keys(r, root, keys));
  return read_later(r, root);
}

static ockham_status load(ock_reading *r, const char *text, size_t size) {
  yaml_parser_t parser;
  if (!yaml_parser_initialize(&parser)) return ock_read_no_memory(r);
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
  ockham_status status = OCKHAM_OK;
  if (!yaml_parser_load(&parser, &r->document)) {
    status = parser.error == YAML_MEMORY_ERROR
                 ? ock_read_no_memory(r)
                 : ock_study_fault(r->file, parser.problem_mark.line + 1, r->err, "expected YAML: %s%s%s",
                                   parser.context ? parser.context : "", parser.context ? ": " : "",
                                   parser.problem ? parser.problem : "it ends too early");
  }
  yaml_parser_delete(&parser);
  return status;
}

ockham_status ockham_study_parse(const char *name, const char *text, size_t size, const ockham_trainer *trainer,
                                 ockham_study **study, ockham_error *err) {
  *study = NULL;
  ock_study_file *file = ock_alloc_zeroed(1, sizeof *file);
  if (!file) return ock_fail_memory(err, "the study", sizeof *file);
  ock_reading r = {.file = file, .study = &file->study, .err = err};
  file->name = ock_arena_text(&file->arena, name, strlen(name));
  ockham_status status = file->name ? load(&r, text, size) : ock_fail_memory(err, "the study", strlen(name));
  if (!status) {
    status = read_study(&r);
    yaml_document_delete(&r.document);
    if (!status) status = ock_study_check(file, trainer, err);
  }
  if (status)
    ockham_study_free(&file->study);
  else
    *study = &file->study;
  return status;
}

#endif
