/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a study can be run, and can answer what it asks: said before hours are spent on it. */
#include "ablate/study.h"

#include <math.h>
#include <string.h>

#include "ablate/command.h"

static const char *const reserved[] = {"seed", "run", "scale", "purpose", "outcome", "assignments", NULL};

static bool is_reserved(const char *name) {
  size_t i = 0;
  while (reserved[i] && strcmp(reserved[i], name) != 0) i++;
  return reserved[i] != NULL;
}

/* ---- defaults ---- */

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static double count_cells(const ockham_study *study) {
  double n = 1;
  for (size_t f = 0; f < study->n_factors; f++) n *= (double)study->factors[f].n_levels;
  return n;
}

static ockham_design_kind usual_design(const ockham_study *study) {
  bool two_levels = true;
  for (size_t f = 0; f < study->n_factors; f++) two_levels = two_levels && study->factors[f].n_levels == 2;
  if (count_cells(study) <= 16) return OCKHAM_DESIGN_FULL;
  return two_levels && study->n_forbidden == 0 ? OCKHAM_DESIGN_FRACTION : OCKHAM_DESIGN_D_OPTIMAL;
}

static ockham_status fill_defaults(ock_study_file *file, ockham_error *err) {
  ockham_study *study = &file->study;
  if (!study->name) study->name = base_name(file->name);
  if (!study->metric) study->metric = "bits";
  if (!study->compute) study->compute = "flops";
  if (!study->seeds) study->seeds = 1;
  if (study->design == OCKHAM_N_DESIGNS) study->design = usual_design(study);
  if (study->worst_loss == 0) {
    if (strcmp(study->metric, "bits") != 0)
      return ock_study_fault(
          file, 0, err, "expected worst-loss: what %s is of a model that has learned nothing, for runs that diverge",
          study->metric);
    study->worst_loss = 8;
  }
  return OCKHAM_OK;
}

/* ---- names ---- */

static ockham_status check_setting_name(const ock_study_file *file, size_t line, const char *name, ockham_error *err) {
  if (is_reserved(name)) return ock_study_fault(file, line, err, "'%s' is given to each run, and cannot be set", name);
  if (ock_factor_find(&file->study, name, strlen(name)) != SIZE_MAX)
    return ock_study_fault(file, line, err, "'%s' is a factor, and cannot be set besides", name);
  return OCKHAM_OK;
}

static ockham_status check_names(const ock_study_file *file, ockham_error *err) {
  const ockham_study *study = &file->study;
  for (size_t f = 0; f < study->n_factors; f++) {
    const char *name = study->factors[f].name;
    if (is_reserved(name))
      return ock_study_fault(file, file->lines.factors[f], err, "'%s' is given to each run, and cannot be a factor",
                             name);
    if (strcmp(name, "rate") == 0 && study->n_rates)
      return ock_study_fault(file, file->lines.rates, err, "expected no rates where the rate is a factor");
  }
  if (study->widen && study->n_rates < 2)
    return ock_study_fault(file, file->lines.widen, err, "expected rates, two or more, to go on from; found %zu",
                           study->n_rates);
  for (size_t i = 0; i < study->n_base; i++)
    OCK_TRY(check_setting_name(file, file->lines.base[i], study->base[i].name, err));
  for (size_t s = 0; s < study->n_scales; s++)
    for (size_t i = 0; i < study->scales[s].n_settings; i++)
      OCK_TRY(check_setting_name(file, file->lines.scales[s], study->scales[s].settings[i].name, err));
  return OCKHAM_OK;
}

static bool same_settings(const ockham_study_scale *a, const ockham_study_scale *b) {
  if (a->n_settings != b->n_settings) return false;
  for (size_t i = 0; i < a->n_settings; i++) {
    size_t j = 0;
    while (j < b->n_settings && strcmp(a->settings[i].name, b->settings[j].name) != 0) j++;
    if (j == b->n_settings || strcmp(a->settings[i].value, b->settings[j].value) != 0) return false;
  }
  return true;
}

/* Unless the name itself tells a command which scale it is. */
static ockham_status check_equal_scales(const ock_study_file *file, ockham_error *err) {
  const ockham_study *study = &file->study;
  if (study->command && strstr(study->command, "{scale}")) return OCKHAM_OK;
  for (size_t s = 1; s < study->n_scales; s++)
    for (size_t first = 0; first < s; first++)
      if (study->scales[s].n_settings && same_settings(&study->scales[first], &study->scales[s]))
        return ock_study_fault(file, file->lines.scales[s], err,
                               "%s has the settings of %s: their runs would be the same", study->scales[s].name,
                               study->scales[first].name);
  return OCKHAM_OK;
}

static ockham_status check_scales(const ock_study_file *file, ockham_error *err) {
  const ockham_study *study = &file->study;
  size_t n_shown = 0;
  for (size_t s = 0; s < study->n_scales; s++) {
    size_t first = ock_scale_find(study, study->scales[s].name);
    if (first < s)
      return ock_study_fault(file, file->lines.scales[s], err, "scale %s is given twice, first in line %zu",
                             study->scales[s].name, file->lines.scales[first]);
    n_shown += !study->scales[s].held_out;
    if (study->scales[s].held_out && s + 1 < study->n_scales && !study->scales[s + 1].held_out)
      return ock_study_fault(file, file->lines.scales[s], err, "expected only the largest scales to be held out");
  }
  OCK_TRY(check_equal_scales(file, err));
  if (n_shown < study->n_scales && n_shown < 2)
    return ock_study_fault(file, file->lines.scales[n_shown], err,
                           "a scale that is held out is predicted from at least two others, found %zu", n_shown);
  return OCKHAM_OK;
}

/* ---- combinations ---- */

static ockham_status check_forbidden(const ock_study_file *file, ockham_error *err) {
  const ockham_study *study = &file->study;
  for (size_t i = 0; i < study->n_forbidden; i++) {
    const ockham_study_forbidden *pair = &study->forbidden[i];
    if (pair->level[0] == 0 && pair->level[1] == 0)
      return ock_study_fault(file, file->lines.forbidden[i], err,
                             "%s=%s and %s=%s are the baseline, and cannot be forbidden: put another level first",
                             study->factors[pair->factor[0]].name, study->factors[pair->factor[0]].levels[0],
                             study->factors[pair->factor[1]].name, study->factors[pair->factor[1]].levels[0]);
  }
  if (study->n_forbidden && study->design == OCKHAM_DESIGN_FRACTION)
    return ock_study_fault(file, file->lines.design, err,
                           "a fraction has every pair of levels, some of which are forbidden: expected d-optimal");
  return OCKHAM_OK;
}

/* How many cells of each kind there can be. */
static ockham_status check_size(const ock_study_file *file, ockham_error *err) {
  const ockham_study *study = &file->study;
  const size_t most = 128;
  size_t n = study->design_runs, n_terms = 1;
  for (size_t f = 0; f < study->n_factors; f++) n_terms += study->factors[f].n_levels - 1;
  if (study->design == OCKHAM_DESIGN_FRACTION && n && ((n & (n - 1)) || n > most))
    return ock_study_fault(file, file->lines.design, err, "expected 2, 4, 8, ... or %zu cells of a fraction, found %zu",
                           most, n);
  bool counts = study->design == OCKHAM_DESIGN_FRACTION || study->design == OCKHAM_DESIGN_D_OPTIMAL;
  if (counts && n && n < n_terms)
    return ock_study_fault(file, file->lines.design, err,
                           "expected at least %zu cells, one for the mean and one a change, found %zu", n_terms, n);
  return OCKHAM_OK;
}

static ockham_status check_design(const ock_study_file *file, ockham_error *err) {
  const ockham_study *study = &file->study;
  for (size_t f = 0; f < study->n_factors && study->design == OCKHAM_DESIGN_FRACTION; f++)
    if (study->factors[f].n_levels != 2)
      return ock_study_fault(file, file->lines.factors[f], err,
                             "a fraction has factors of two levels, found %zu of %s: expected d-optimal",
                             study->factors[f].n_levels, study->factors[f].name);
  if (study->design == OCKHAM_DESIGN_FULL && count_cells(study) > 4096)
    return ock_study_fault(file, file->lines.design, err,
                           "expected a design other than full: there are %.0f combinations", count_cells(study));
  return check_size(file, err);
}

/* ---- claims ---- */

static ockham_status check_claim(const ock_study_file *file, size_t i, ockham_error *err) {
  const ockham_study *study = &file->study;
  const ockham_study_claim *claim = &study->claims[i];
  size_t line = file->lines.claims[i];
  if (claim->kind == OCKHAM_CLAIM_SUBMULTIPLICATIVE) {
    if (study->n_factors < 2) return ock_study_fault(file, line, err, "'%s' needs two factors", claim->text);
  } else if (claim->level == 0) {
    const ockham_study_factor *factor = &study->factors[claim->factor];
    return ock_study_fault(file, line, err,
                           "%s=%s is the first level, which others are compared with: make the claim of %s=%s",
                           factor->name, factor->levels[0], factor->name, factor->levels[1]);
  }
  bool of_scale = claim->kind == OCKHAM_CLAIM_GROWS || claim->kind == OCKHAM_CLAIM_VANISHES;
  if (of_scale && study->n_scales < 2)
    return ock_study_fault(file, line, err, "'%s' is a claim about scale, which one scale cannot answer",
                           ock_show(claim->text).text);
  return OCKHAM_OK;
}

/* ---- the trainer ---- */

static ockham_status check_each(const ock_study_file *file, const ockham_trainer *trainer, ockham_error *err) {
  const ockham_study *study = &file->study;
  ockham_error why = {0};
#define CHECK(line, name, value)                                                             \
  if (trainer->check(trainer->user, name, value, &why)) {                                    \
    if (why.status == OCKHAM_NO_MEMORY) return ock_fail(err, why.status, "%s", why.message); \
    return ock_study_fault(file, line, err, "%s", why.message);                              \
  }
  for (size_t f = 0; f < study->n_factors; f++)
    for (size_t l = 0; l < study->factors[f].n_levels; l++)
      CHECK(file->lines.levels[f][l], study->factors[f].name, study->factors[f].levels[l])
  for (size_t f = 0; f < study->n_factors; f++)
    for (size_t l = 0; l < study->factors[f].n_levels; l++)
      for (size_t before = 0; before < l; before++)
        if (ock_level_means(study->factors[f].levels[before], study->factors[f].levels[l]))
          return ock_study_fault(file, file->lines.levels[f][l], err, "%s=%s is %s=%s", study->factors[f].name,
                                 study->factors[f].levels[l], study->factors[f].name, study->factors[f].levels[before]);
  for (size_t i = 0; i < study->n_base; i++) CHECK(file->lines.base[i], study->base[i].name, study->base[i].value)
  for (size_t s = 0; s < study->n_scales; s++)
    for (size_t i = 0; i < study->scales[s].n_settings; i++)
      CHECK(file->lines.scales[s], study->scales[s].settings[i].name, study->scales[s].settings[i].value)
#undef CHECK
  return OCKHAM_OK;
}

typedef struct together {
  const ock_study_file *file;
  const ockham_trainer *trainer;
  ockham_study_setting *settings;
  uint8_t levels[OCK_MOST_FACTORS];
} together;

static ockham_status complete(together *t, size_t scale, ockham_trainer_facts *facts, ockham_error *err) {
  ock_settings_list(&t->file->study, scale, t->levels, t->settings);
  return t->trainer->complete(t->trainer->user, t->settings, ock_settings_count(&t->file->study, scale), facts, err);
}

/* Whether these two levels can be run with all others at the baseline's, or need not be; *why not. */
static bool may_meet(together *t, size_t f, size_t l, size_t g, size_t m, ockham_error *why) {
  ockham_trainer_facts facts;
  t->levels[f] = (uint8_t)l;
  t->levels[g] = (uint8_t)m;
  bool may = ock_levels_forbidden(&t->file->study, t->levels) || !complete(t, 0, &facts, why);
  t->levels[f] = t->levels[g] = 0;
  return may;
}

static ockham_status fail_meeting(const together *t, size_t f, size_t l, size_t g, size_t m, const ockham_error *why,
                                  ockham_error *err) {
  const ockham_study_factor *one = &t->file->study.factors[f], *other = &t->file->study.factors[g];
  if (why->status == OCKHAM_NO_MEMORY) return ock_fail(err, why->status, "%s", why->message);
  return ock_study_fault(t->file, t->file->lines.levels[f][l], err,
                         "%s=%s and %s=%s cannot meet, and are not under `forbidden`: %s", one->name, one->levels[l],
                         other->name, other->levels[m], why->message);
}

/* A level with all others at the baseline's. Where it fails, it is for the factor that it fares better with at another
 * level, if there is one. */
static ockham_status check_single(together *t, size_t f, size_t l, ockham_error *err) {
  const ockham_study *study = &t->file->study;
  ockham_error why = {0}, other;
  size_t partner = SIZE_MAX;
  if (may_meet(t, f, l, f, l, &why)) return OCKHAM_OK;
  for (size_t g = 0; g < study->n_factors; g++)
    for (size_t m = 1; g != f && m < study->factors[g].n_levels; m++)
      if (may_meet(t, f, l, g, m, &other)) partner = g;
  if (partner != SIZE_MAX || why.status == OCKHAM_NO_MEMORY)
    return fail_meeting(t, f, l, partner != SIZE_MAX ? partner : f, 0, &why, err);
  return ock_study_fault(t->file, t->file->lines.levels[f][l], err, "%s=%s beside the baseline: %s",
                         study->factors[f].name, study->factors[f].levels[l], why.message);
}

/* What does not go together must be forbidden. */
static ockham_status check_pairs(together *t, ockham_error *err) {
  const ockham_study *study = &t->file->study;
  ockham_error why = {0};
  for (size_t f = 0; f < study->n_factors; f++)
    for (size_t l = 1; l < study->factors[f].n_levels; l++) OCK_TRY(check_single(t, f, l, err));
  for (size_t f = 0; f < study->n_factors; f++)
    for (size_t l = 1; l < study->factors[f].n_levels; l++)
      for (size_t g = f + 1; g < study->n_factors; g++)
        for (size_t m = 1; m < study->factors[g].n_levels; m++)
          if (!may_meet(t, f, l, g, m, &why)) return fail_meeting(t, f, l, g, m, &why, err);
  return OCKHAM_OK;
}

static ockham_status check_baselines(together *t, ockham_error *err) {
  const ock_study_file *file = t->file;
  double before = 0;
  for (size_t s = 0; s < file->study.n_scales; s++) {
    ockham_trainer_facts facts = {NAN, NAN, NAN, NAN};
    ockham_error why = {0};
    const char *name = file->study.scales[s].name;
    if (complete(t, s, &facts, &why)) {
      if (why.status == OCKHAM_NO_MEMORY) return ock_fail(err, why.status, "%s", why.message);
      return ock_study_fault(file, file->lines.scales[s], err, "the baseline at scale %s: %s", name, why.message);
    }
    if (facts.flops < before)
      return ock_study_fault(file, file->lines.scales[s], err,
                             "expected the smallest scale first, found %s with %.2g FLOPs after one with %.2g", name,
                             facts.flops, before);
    if (!isnan(facts.flops)) before = facts.flops;
  }
  return OCKHAM_OK;
}

static ockham_status check_trainer(const ock_study_file *file, const ockham_trainer *trainer, ockham_error *err) {
  if (trainer && trainer->check) OCK_TRY(check_each(file, trainer, err));
  if (!trainer || !trainer->complete) return OCKHAM_OK;
  together t = {.file = file, .trainer = trainer};
  size_t most = 0;
  for (size_t s = 0; s < file->study.n_scales; s++) {
    size_t n = ock_settings_count(&file->study, s);
    if (n > most) most = n;
  }
  t.settings = ock_alloc_array(most, sizeof *t.settings);
  if (!t.settings) return ock_fail_memory(err, "settings", most);
  ockham_status status = check_baselines(&t, err);
  if (!status) status = check_pairs(&t, err);
  ock_free(t.settings);
  return status;
}

static ockham_status check_shape(const ock_study_file *file, ockham_error *err) {
  const ockham_study *study = &file->study;
  if (!study->n_factors) return ock_study_fault(file, 0, err, "expected factors:, found none");
  if (!study->n_scales) return ock_study_fault(file, 0, err, "expected scales:, found none");
  if (study->command && study->corpus)
    return ock_study_fault(file, file->lines.corpus, err,
                           "expected corpus (the built-in trainer) or command, found both");
  if (!study->command && !study->corpus)
    return ock_study_fault(file, 0, err, "expected corpus: FILE (the built-in trainer) or command:, found neither");
  return OCKHAM_OK;
}

ockham_status ock_study_check(ock_study_file *file, const ockham_trainer *trainer, ockham_error *err) {
  OCK_TRY(check_shape(file, err));
  OCK_TRY(fill_defaults(file, err));
  OCK_TRY(check_names(file, err));
  OCK_TRY(check_scales(file, err));
  OCK_TRY(check_forbidden(file, err));
  OCK_TRY(check_design(file, err));
  for (size_t i = 0; i < file->study.n_claims; i++) OCK_TRY(check_claim(file, i, err));
  return file->study.command ? ock_command_check(file, err) : check_trainer(file, trainer, err);
}
