/* SPDX-License-Identifier: Apache-2.0 */
#include "ablate/journal.h"

#include <math.h>
#include <string.h>

static const char name_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

bool ock_placeholder_next(const char **text, const char **start, const char **name, size_t *length) {
  const char *begin = *text;
  for (const char *c = begin; (c = strchr(c, '{')); c++) {
    size_t n = strspn(c + 1, name_letters);
    if (n == 0 || c[1 + n] != '}') continue;
    if (c > begin && (c[-1] == '$' || c[-1] == '{')) continue;
    *start = c;
    *name = c + 1;
    *length = n;
    *text = c + n + 2;
    return true;
  }
  return false;
}

/* ---- checking ---- */

static bool is_set(const ockham_study_setting *settings, size_t n, const char *name, size_t length) {
  for (size_t i = 0; i < n; i++)
    if (ock_is_word(name, length, settings[i].name)) return true;
  return false;
}

static bool is_given(const char *name, size_t length) {
  return ock_is_word(name, length, "seed") || ock_is_word(name, length, "rate") || ock_is_word(name, length, "run") ||
         ock_is_word(name, length, "scale") || ock_is_word(name, length, "assignments");
}

static ockham_status refuse(const ock_study_file *file, const char *name, size_t length, ockham_error *err) {
  const ockham_study *study = &file->study;
  const char *names[OCK_MOST_FACTORS + 4] = {"seed", "rate", "scale"};
  char word[96];
  snprintf(word, sizeof word, "%.*s", (int)(length < 90 ? length : 90), name);
  for (size_t f = 0; f < study->n_factors; f++) names[3 + f] = study->factors[f].name;
  const char *guess = ock_guess(word, names);
  if (guess) return ock_study_fault(file, file->lines.command, err, "there is no {%s}: is it {%s}?", word, guess);
  return ock_study_fault(file, file->lines.command, err,
                         "expected {seed}, {rate}, {run}, {scale}, {assignments}, a factor or a setting in braces, "
                         "found {%s}; {{%s}} is text",
                         word, word);
}

static ockham_status check_placeholder(const ock_study_file *file, const char *name, size_t length, ockham_error *err) {
  const ockham_study *study = &file->study;
  if (is_given(name, length) || ock_factor_find(study, name, length) != SIZE_MAX ||
      is_set(study->base, study->n_base, name, length))
    return OCKHAM_OK;
  size_t n_with = 0, without = 0;
  for (size_t s = 0; s < study->n_scales; s++)
    if (is_set(study->scales[s].settings, study->scales[s].n_settings, name, length))
      n_with++;
    else
      without = s;
  if (n_with == 0) return refuse(file, name, length, err);
  if (n_with == study->n_scales) return OCKHAM_OK;
  return ock_study_fault(file, file->lines.scales[without], err, "scale %s does not say what {%.*s} is",
                         study->scales[without].name, (int)length, name);
}

static bool has_placeholder(const char *command, const char *wanted) {
  const char *start, *name;
  size_t length;
  while (ock_placeholder_next(&command, &start, &name, &length))
    if (ock_is_word(name, length, wanted)) return true;
  return false;
}

static ockham_status check_use(const ock_study_file *file, const char *name, const char *why, ockham_error *err) {
  if (has_placeholder(file->study.command, name)) return OCKHAM_OK;
  return ock_study_fault(file, file->lines.command, err, "expected {%s} in the command, %s", name, why);
}

ockham_status ock_command_check(const ock_study_file *file, ockham_error *err) {
  const ockham_study *study = &file->study;
  const char *text = study->command, *start, *name;
  size_t length;
  bool replicated = study->seeds > 1;
  while (ock_placeholder_next(&text, &start, &name, &length)) OCK_TRY(check_placeholder(file, name, length, err));
  bool has_all = has_placeholder(study->command, "assignments");
  for (size_t f = 0; f < study->n_factors && !has_all; f++)
    OCK_TRY(check_use(file, study->factors[f].name, "or it is no factor", err));
  for (size_t s = 0; s < study->n_scales; s++) {
    const ockham_study_scale *scale = &study->scales[s];
    replicated = replicated || scale->replicates > 0;
    for (size_t i = 0; i < scale->n_settings && !has_all; i++)
      OCK_TRY(check_use(file, scale->settings[i].name, "or scales do not differ by it", err));
  }
  if (replicated) OCK_TRY(check_use(file, "seed", "or replicates are all the same", err));
  return study->n_rates ? check_use(file, "rate", "or its multiples change nothing", err) : OCKHAM_OK;
}

/* ---- filling in ---- */

typedef struct filling {
  const ockham_study *study;
  const ockham_run *run;
  ockham_study_setting *settings;
  size_t n;
  ock_line out;
} filling;

/* The base rate's multiple, where there is one. */
static void put_rate(filling *f) {
  const char *base = ock_setting_find(f->settings, f->n, "rate");
  double rate, multiple = ock_rate_of(f->run);
  if (base && multiple == 1) {
    ock_line_quote(&f->out, base);
    return;
  }
  if (!base || !ock_parse_number(base, &rate)) rate = 1;
  ock_line_number(&f->out, rate * multiple);
}

static void put_assignments(filling *f) {
  bool first = true;
  for (size_t i = 0; i < f->n; i++) {
    bool is_last = true;
    for (size_t j = i + 1; j < f->n; j++) is_last = is_last && strcmp(f->settings[i].name, f->settings[j].name) != 0;
    if (!is_last || strcmp(f->settings[i].name, "rate") == 0) continue;
    ock_line word = {0};
    ock_line_add(&word, f->settings[i].name);
    ock_line_add(&word, "=");
    ock_line_add(&word, f->settings[i].value);
    if (!first) ock_line_add(&f->out, " ");
    if (word.failed)
      f->out.failed = true;
    else
      ock_line_quote(&f->out, word.bytes);
    ock_free(word.bytes);
    first = false;
  }
}

static void put_value(filling *f, const char *name, size_t length) {
  if (ock_is_word(name, length, "seed")) {
    ock_line_print(&f->out, "%llu", (unsigned long long)f->run->seed);
  } else if (ock_is_word(name, length, "run")) {
    ock_line_print(&f->out, "%llu", (unsigned long long)f->run->id);
  } else if (ock_is_word(name, length, "scale")) {
    ock_line_quote(&f->out, f->study->scales[f->run->scale].name);
  } else if (ock_is_word(name, length, "assignments")) {
    put_assignments(f);
  } else if (ock_is_word(name, length, "rate") && ock_factor_find(f->study, "rate", 4) == SIZE_MAX) {
    put_rate(f);
  } else {
    char word[96];
    snprintf(word, sizeof word, "%.*s", (int)(length < 90 ? length : 90), name);
    const char *value = ock_setting_find(f->settings, f->n, word);
    if (value) ock_line_quote(&f->out, value);
  }
}

/* "{{name}}" as "{name}". */
static void put_plain(ock_line *out, const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) {
    size_t n = text[i] == '{' && i + 1 < length && text[i + 1] == '{' ? strspn(text + i + 2, name_letters) : 0;
    if (n > 0 && i + n + 3 < length && text[i + n + 2] == '}' && text[i + n + 3] == '}') {
      ock_line_put(out, text + i + 1, n + 2);
      i += n + 3;
    } else {
      ock_line_put(out, text + i, 1);
    }
  }
}

static void fill_template(filling *f) {
  const char *text = f->study->command, *before = text, *start, *name;
  size_t length;
  while (ock_placeholder_next(&text, &start, &name, &length)) {
    put_plain(&f->out, before, (size_t)(start - before));
    put_value(f, name, length);
    before = text;
  }
  put_plain(&f->out, before, strlen(before));
}

/* ---- the built-in trainer ---- */

static void put_set(filling *f, const char *name, const char *value) {
  ock_line word = {0};
  ock_line_add(&word, name);
  ock_line_add(&word, "=");
  ock_line_add(&word, value);
  ock_line_add(&f->out, " --set ");
  if (word.failed)
    f->out.failed = true;
  else
    ock_line_quote(&f->out, word.bytes);
  ock_free(word.bytes);
}

static ockham_status fill_trainer(filling *f, const ockham_trainer *trainer, ockham_error *err) {
  char number[40];
  double multiple = ock_rate_of(f->run);
  ock_line_quote(&f->out, trainer && trainer->path ? trainer->path : "ockham");
  ock_line_add(&f->out, " train ");
  ock_line_quote(&f->out, f->study->corpus_path ? f->study->corpus_path : f->study->corpus);
  for (size_t i = 0; i < f->n; i++) put_set(f, f->settings[i].name, f->settings[i].value);
  snprintf(number, sizeof number, "%llu", (unsigned long long)f->run->seed);
  put_set(f, "seed", number);
  if (multiple != 1) {
    ockham_trainer_facts facts = {.rate = 1};
    if (trainer && trainer->complete) OCK_TRY(trainer->complete(trainer->user, f->settings, f->n, &facts, err));
    put_set(f, "rate", "");
    ock_line_number(&f->out, facts.rate * multiple);
  }
  ock_line_add(&f->out, " --metrics --quiet");
  return OCKHAM_OK;
}

ockham_status ockham_run_command(const ockham_study *study, const ockham_run *run, const ockham_trainer *trainer,
                                 char **command, ockham_error *err) {
  filling f = {.study = study, .run = run, .n = ock_settings_count(study, run->scale)};
  *command = NULL;
  f.settings = ock_alloc_array(f.n, sizeof *f.settings);
  if (!f.settings) return ock_fail_memory(err, "a command", f.n);
  ock_settings_list(study, run->scale, run->levels, f.settings);
  ockham_status status = OCKHAM_OK;
  if (study->command)
    fill_template(&f);
  else
    status = fill_trainer(&f, trainer, err);
  ock_free(f.settings);
  if (!status && f.out.failed) status = ock_fail_memory(err, "a command", f.out.size);
  if (status)
    ock_free(f.out.bytes);
  else
    *command = f.out.bytes;
  return status;
}

ockham_status ockham_run_ask(const ockham_study *study, const ockham_run *run, const ockham_trainer *trainer,
                             ockham_trainer_facts *facts, ockham_error *err) {
  size_t n = ock_settings_count(study, run->scale);
  if (!trainer || !trainer->complete) return OCKHAM_OK;
  ockham_study_setting *settings = ock_alloc_array(n, sizeof *settings);
  if (!settings) return ock_fail_memory(err, "settings", n);
  ock_settings_list(study, run->scale, run->levels, settings);
  ockham_status status = trainer->complete(trainer->user, settings, n, facts, err);
  ock_free(settings);
  return status;
}
