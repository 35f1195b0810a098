/* SPDX-License-Identifier: Apache-2.0 */
/* A row of a table as a run: its fields, what they say, and whether the journal knows it. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ablate/import.h"
#include "data/internal.h"

/* ---- fields ---- */

static const char *find_field(const ock_field *fields, size_t n, const char *name) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(fields[i].name, name) == 0) return fields[i].text;
  return NULL;
}

/* The text of one of our columns; NULL: there is none. */
static const char *text_of(const ock_import *import, const ock_field *fields, size_t n, const char *name) {
  const ockham_import_options *o = import->options;
  const char *text = ock_setting_find(o->set, o->n_set, name);
  if (text) return text;
  const char *theirs = ock_setting_find(o->map, o->n_map, name);
  return find_field(fields, n, theirs ? theirs : name);
}

static bool is_factor(const ock_import *import, const char *name) {
  return ock_factor_find(import->study, name, strlen(name)) != SIZE_MAX;
}

/* The text of what the study calls `name` and we call `ours`, which is none of its factors, and what it is called in
 * the table; NULL: there is none. */
static const char *text_beside(const ock_import *import, const ock_field *fields, size_t n, const char *ours,
                               const char *name, const char **found) {
  const ockham_import_options *o = import->options;
  char own[64];
  snprintf(own, sizeof own, OCK_OWN_COLUMN "%s", ours);
  const char *text = find_field(fields, n, own);
  if (!text && (ock_setting_find(o->map, o->n_map, ours) || ock_setting_find(o->set, o->n_set, ours)))
    name = ours; /* what is said of it goes before what the table calls as the study does */
  *found = text ? ours : name;
  if (!text && !is_factor(import, name)) text = text_of(import, fields, n, name);
  if (text || strcmp(name, ours) == 0) return text;
  return text_beside(import, fields, n, ours, ours, found);
}

/* What a column of ours is called in the table. */
static const char *name_there(const ock_import *import, const char *name) {
  const char *theirs = ock_setting_find(import->options->map, import->options->n_map, name);
  return theirs ? theirs : name;
}

#define FAULT(import, err, ...) ock_import_fault(import, err, __VA_ARGS__)
OCK_PRINTF(3, 4)
static ockham_status ock_import_fault(const ock_import *import, ockham_error *err, const char *format, ...) {
  char text[300];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return ock_fail_at(err, OCKHAM_BAD_DATA, import->row, 0, "%.160s, line %" PRIu64 ": %s", import->path, import->row,
                     text);
}

static bool is_missing(const char *text) {
  return !text || !*text || strcasecmp(text, "null") == 0 || strcasecmp(text, "none") == 0 ||
         strcasecmp(text, "na") == 0;
}

static ockham_status parse(const ock_import *import, const char *name, const char *text, double *value,
                           ockham_error *err) {
  *value = NAN;
  if (is_missing(text) || ock_number_parse(text, strlen(text), value)) return OCKHAM_OK;
  return FAULT(import, err, "expected a number for %s, found '%s'", name, ock_show(text).text);
}

static ockham_status number_of(const ock_import *import, const ock_field *fields, size_t n, const char *name,
                               double *value, ockham_error *err) {
  const char *found, *text = text_beside(import, fields, n, name, name, &found);
  return parse(import, found, text, value, err);
}

/* ---- levels, scale, seed ---- */

/* The level of that word, else the first that means it: 3.10 is 3.1 only where there is no 3.10. */
static size_t find_level(const ockham_study_factor *factor, const char *text) {
  size_t l = ock_level_find(factor, text, strlen(text));
  if (l != SIZE_MAX) return l;
  for (l = 0; l < factor->n_levels && !ock_level_means(factor->levels[l], text); l++)
    ;
  return l;
}

static ockham_status levels_of(const ock_import *import, const ock_field *fields, size_t n, uint8_t *levels,
                               ockham_error *err) {
  for (size_t f = 0; f < import->study->n_factors; f++) {
    const ockham_study_factor *factor = &import->study->factors[f];
    const char *text = text_of(import, fields, n, factor->name);
    if (!text)
      return FAULT(import, err, "expected a column '%s': where all runs are at one level of %s, set it",
                   ock_show(name_there(import, factor->name)).text, factor->name);
    size_t l = find_level(factor, text);
    if (l == factor->n_levels)
      return FAULT(import, err, "expected a level of %s, found '%s'", factor->name, ock_show(text).text);
    levels[f] = (uint8_t)l;
  }
  return OCKHAM_OK;
}

/* Every setting of it that has a column says the same, and one does. */
static bool fits_scale(const ock_import *import, const ock_field *fields, size_t n, const ockham_study_scale *scale) {
  size_t n_same = 0;
  for (size_t i = 0; i < scale->n_settings; i++) {
    const char *text = text_of(import, fields, n, scale->settings[i].name);
    if (text && !ock_level_means(scale->settings[i].value, text)) return false;
    n_same += text != NULL;
  }
  return n_same > 0;
}

bool ock_is_own_column(const ockham_study *study, const char *name) {
  static const char *const ours[] = {"scale", "seed",  "rate",       "purpose", "outcome", "diverged",
                                     "loss",  "flops", "parameters", "tokens",  "seconds", "slope"};
  bool is = strcmp(name, study->metric) == 0 || strcmp(name, study->compute) == 0;
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) is |= strcmp(name, ours[i]) == 0;
  return is;
}

/* A scale of that name that is the study's: its settings, where the table has them. */
static ockham_status check_settings(const ock_import *import, const ock_field *fields, size_t n,
                                    const ockham_study_scale *scale, ockham_error *err) {
  for (size_t i = 0; i < scale->n_settings; i++) {
    const ockham_study_setting *setting = &scale->settings[i];
    const char *text =
        ock_is_own_column(import->study, setting->name) ? NULL : text_of(import, fields, n, setting->name);
    if (!is_missing(text) && !ock_level_means(setting->value, text))
      return FAULT(import, err, "expected %s=%s at scale %s, found '%s'", setting->name, setting->value, scale->name,
                   ock_show(text).text);
  }
  return OCKHAM_OK;
}

static ockham_status scale_of(const ock_import *import, const ock_field *fields, size_t n, size_t *scale,
                              ockham_error *err) {
  const ockham_study *study = import->study;
  const char *text = text_of(import, fields, n, "scale");
  size_t n_fit = 0;
  if (text) {
    *scale = ock_scale_find(study, text);
    if (*scale == SIZE_MAX) return FAULT(import, err, "expected a scale of the study, found '%s'", ock_show(text).text);
    return check_settings(import, fields, n, &study->scales[*scale], err);
  }
  for (size_t s = 0; s < study->n_scales; s++)
    if (fits_scale(import, fields, n, &study->scales[s]) && n_fit++ == 0) *scale = s;
  if (n_fit == 1) return OCKHAM_OK;
  *scale = 0;
  if (study->n_scales == 1) return OCKHAM_OK;
  return FAULT(import, err, "expected a column `scale`, or the settings of one scale; found those of %zu", n_fit);
}

static ockham_status seed_of(const ock_import *import, const ock_field *fields, size_t n, bool *has, uint64_t *seed,
                             ockham_error *err) {
  const char *text = text_of(import, fields, n, "seed");
  double value;
  *has = !is_missing(text);
  if (!*has) return OCKHAM_OK;
  char *end;
  errno = 0;
  *seed = strtoull(text, &end, 10);
  if (*end == '\0' && !errno && *text != '-') return OCKHAM_OK;
  if (ock_number_parse(text, strlen(text), &value) && value >= 0 && value < 1e15 && value == floor(value)) {
    *seed = (uint64_t)value; /* 3.0 */
    return OCKHAM_OK;
  }
  return FAULT(import, err, "expected a seed, a whole number, found '%s'", ock_show(text).text);
}

/* ---- outcome ---- */

/* Words of ours, and of others' trackers. */
static bool outcome_of_word(const char *word, ockham_outcome *outcome) {
  static const struct {
    const char *word;
    ockham_outcome outcome;
  } others[] = {{"finished", OCKHAM_OUTCOME_DONE},
                {"completed", OCKHAM_OUTCOME_DONE},
                {"crashed", OCKHAM_OUTCOME_FAILED},
                {"killed", OCKHAM_OUTCOME_FAILED},
                {"running", OCKHAM_OUTCOME_WAITING}};
  size_t known = ock_word_find(ock_outcome_words, word);
  *outcome = (ockham_outcome)known;
  if (ock_outcome_words[known]) return true;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (strcmp(others[i].word, word) == 0) {
      *outcome = others[i].outcome;
      return true;
    }
  return false;
}

static ockham_status result_of(const ock_import *import, const ock_field *fields, size_t n, ock_result *r,
                               ockham_error *err) {
  const ockham_study *study = import->study;
  const char *metric, *compute, *word = text_of(import, fields, n, "outcome");
  const char *loss = text_beside(import, fields, n, "loss", study->metric, &metric);
  const char *flops = text_beside(import, fields, n, "flops", study->compute, &compute);
  double diverged;
  *r = (ock_result){0};
  OCK_TRY(parse(import, metric, loss, &r->loss, err));
  OCK_TRY(parse(import, compute, flops, &r->flops, err));
  OCK_TRY(number_of(import, fields, n, "parameters", &r->parameters, err));
  OCK_TRY(number_of(import, fields, n, "tokens", &r->tokens, err));
  OCK_TRY(number_of(import, fields, n, "seconds", &r->seconds, err));
  OCK_TRY(number_of(import, fields, n, "slope", &r->slope, err));
  OCK_TRY(number_of(import, fields, n, "diverged", &diverged, err));
  r->outcome = isfinite(r->loss)  ? OCKHAM_OUTCOME_DONE
               : is_missing(loss) ? OCKHAM_OUTCOME_FAILED
                                  : OCKHAM_OUTCOME_DIVERGED;
  if (!is_missing(word)) {
    ockham_outcome said;
    if (!outcome_of_word(word, &said))
      return FAULT(import, err, "expected an outcome such as done, diverged or failed, found '%s'",
                   ock_show(word).text);
    if (said != OCKHAM_OUTCOME_DONE || r->outcome != OCKHAM_OUTCOME_DIVERGED) r->outcome = said;
    if (said == OCKHAM_OUTCOME_DONE && is_missing(loss))
      return FAULT(import, err, "expected %s of a run that is done, found nothing", metric);
  }
  if (diverged > 0) r->outcome = OCKHAM_OUTCOME_DIVERGED;
  if (!loss && is_missing(word) && !(diverged > 0))
    return FAULT(import, err, "expected a column '%s', the loss: map it", ock_show(name_there(import, metric)).text);
  if (!ock_has_ended(r->outcome)) r->loss = NAN;
  if (!isfinite(r->loss)) r->loss = NAN;
  if (r->outcome == OCKHAM_OUTCOME_FAILED) snprintf(r->why, sizeof r->why, "imported as failed");
  return OCKHAM_OK;
}

/* ---- a run ---- */

static bool all_at(const ockham_study *study, const uint8_t *levels, uint8_t level) {
  for (size_t f = 0; f < study->n_factors; f++)
    if (levels[f] != level) return false;
  return true;
}

static ockham_status purpose_of(const ock_import *import, const ock_field *fields, size_t n, const uint8_t *levels,
                                ockham_purpose *purpose, ockham_error *err) {
  const char *word = text_of(import, fields, n, "purpose");
  if (is_missing(word)) {
    *purpose = all_at(import->study, levels, 0)   ? OCKHAM_PURPOSE_BASELINE
               : all_at(import->study, levels, 1) ? OCKHAM_PURPOSE_RECIPE
                                                  : OCKHAM_PURPOSE_DESIGN;
    return OCKHAM_OK;
  }
  size_t known = ock_word_find(ock_purpose_words, word);
  *purpose = (ockham_purpose)known;
  if (ock_purpose_words[known]) return OCKHAM_OK;
  return FAULT(import, err, "expected a purpose such as design or baseline, found '%s'", ock_show(word).text);
}

static bool is_same(const ockham_run *found, const ock_result *result) {
  if (found->outcome != result->outcome) return ock_has_failed(found->outcome) && ock_has_failed(result->outcome);
  return found->outcome != OCKHAM_OUTCOME_DONE || !(fabs(found->loss - result->loss) > 1e-6 * fabs(found->loss));
}

/* A run that failed there, and ended when it was run again. */
static bool is_mended(const ockham_run *found, const ock_result *result) {
  return ock_has_failed(found->outcome) && ock_has_ended(result->outcome);
}

static ockham_status make_key(const ock_import *import, const ockham_run *run, ock_line *key, ockham_error *err) {
  key->size = 0;
  ock_run_key(import->study, run, key);
  return key->failed ? ock_fail_memory(err, "a run", 0) : OCKHAM_OK;
}

/* NULL: memory ran out. */
static ock_seed_given *find_given(ock_import *import, const char *key) {
  for (size_t i = import->n_given; i-- > 0;)
    if (strcmp(import->given[i].key, key) == 0) return &import->given[i];
  if (import->n_given == import->room_given) {
    size_t room = import->room_given ? 2 * import->room_given : 64;
    ock_seed_given *given = ock_realloc_array(import->given, room, sizeof *given);
    if (!given) return NULL;
    import->given = given, import->room_given = room;
  }
  ock_seed_given *made = &import->given[import->n_given];
  *made = (ock_seed_given){.key = ock_string_copy(key)};
  if (!made->key) return NULL;
  import->n_given++;
  return made;
}

void ock_import_clear(ock_import *import) {
  for (size_t i = 0; i < import->n_given; i++) ock_free(import->given[i].key);
  ock_free(import->given);
}

/* Rows without a seed are numbered from 1 within their cell, in their order, so that the same file twice is the same
 * runs; past those that are known as other runs. */
static ockham_status give_seed(ock_import *import, ockham_run *run, const ock_result *result, ock_line *key,
                               const ockham_run **found, ockham_error *err) {
  run->seed = 0;
  OCK_TRY(make_key(import, run, key, err));
  ock_seed_given *given = find_given(import, key->bytes);
  if (!given) return ock_fail_memory(err, "seeds", 0);
  for (run->seed = given->seed + 1;; run->seed++) {
    OCK_TRY(make_key(import, run, key, err));
    *found = ock_journal_find(import->journal, key->bytes);
    if (!*found || is_same(*found, result) || is_mended(*found, result)) break;
  }
  given->seed = run->seed;
  return OCKHAM_OK;
}

static void put_result(char text[64], ockham_outcome outcome, double loss) {
  if (outcome == OCKHAM_OUTCOME_DONE)
    snprintf(text, 64, "the loss %.8g", loss);
  else
    snprintf(text, 64, "a divergence");
}

/* The same run with another loss is not the same file again. */
static ockham_status check_same(const ock_import *import, const ockham_run *found, const ock_result *result,
                                ockham_error *err) {
  if (!ock_has_ended(found->outcome) || !ock_has_ended(result->outcome) || is_same(found, result)) return OCKHAM_OK;
  char known[64], here[64];
  put_result(known, found->outcome, found->loss);
  put_result(here, result->outcome, result->loss);
  return FAULT(import, err,
               "expected a run that is new, or as it is known: run %" PRIu64
               " (the same levels, scale, rate and seed "
               "%" PRIu64 ") ended with %s, not %s",
               found->id, found->seed, known, here);
}

/* The run of that key in the journal; NULL: it is new. */
static ockham_status find_run(ock_import *import, ockham_run *run, bool has_seed, const ock_result *result,
                              ock_line *key, const ockham_run **found, ockham_error *err) {
  if (!has_seed) return give_seed(import, run, result, key, found, err);
  OCK_TRY(make_key(import, run, key, err));
  *found = ock_journal_find(import->journal, key->bytes);
  return *found ? check_same(import, *found, result, err) : OCKHAM_OK;
}

ockham_status ock_import_run(ock_import *import, const ock_field *fields, size_t n, ockham_error *err) {
  uint8_t levels[OCK_MOST_FACTORS];
  ockham_run run = {.levels = levels};
  ock_result result;
  bool has_seed;
  double rate;
  OCK_TRY(result_of(import, fields, n, &result, err));
  if (result.outcome == OCKHAM_OUTCOME_WAITING) return OCKHAM_OK;
  OCK_TRY(levels_of(import, fields, n, levels, err));
  OCK_TRY(scale_of(import, fields, n, &run.scale, err));
  OCK_TRY(seed_of(import, fields, n, &has_seed, &run.seed, err));
  OCK_TRY(purpose_of(import, fields, n, levels, &run.purpose, err));
  OCK_TRY(number_of(import, fields, n, "rate", &rate, err));
  run.rate = rate > 0 ? rate : 0;
  ock_line key = {0};
  const ockham_run *found = NULL;
  ockham_status status = find_run(import, &run, has_seed, &result, &key, &found, err);
  if (!status && (!found || is_mended(found, &result))) {
    bool again = found && found->id >= import->first_new; /* another go at a run of this file */
    run.id = found ? found->id : ock_journal_next_id(import->journal);
    ock_row row = {.run = &run, .key = key.bytes, .result = &result, .cpu_seconds = NAN, .ended_ns = ock_wall_ns()};
    status = ock_journal_put(import->journal, &row, err);
    import->n_imported += !status && !again;
  }
  ock_free(key.bytes);
  return status;
}
