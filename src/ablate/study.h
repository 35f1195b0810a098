/* SPDX-License-Identifier: Apache-2.0 */
/* A study as a file says it: reading, checking, and the text by which a journal knows it again. */
#ifndef OCK_ABLATE_STUDY_H
#define OCK_ABLATE_STUDY_H

#include "ablate/internal.h"

enum { OCK_MOST_FACTORS = 24, OCK_MOST_LEVELS = 32, OCK_MOST_SCALES = 64, OCK_MOST_RATES = 16, OCK_MOST_WIDER = 8 };

/* Where things stand in the file, for messages; all arrays are of the study's sizes. */
typedef struct ock_study_lines {
  size_t *factors, **levels, *scales, *forbidden, *claims, *base, **settings;
  size_t command, corpus, design, rates, widen, worst_loss;
} ock_study_lines;

typedef struct ock_study_file {
  ockham_study study; /* first: this is what callers hold */
  ock_arena arena;
  const char *name; /* of the file, for messages */
  ock_study_lines lines;
} ock_study_file;

/* What the reader leaves: names, levels that meet, claims that the scales can answer, what the trainer takes. */
ockham_status ock_study_check(ock_study_file *file, const ockham_trainer *trainer, ockham_error *err);

/* "FILE:LINE: ..." with BAD_FILE. */
OCK_PRINTF(4, 5)
ockham_status ock_study_fault(const ock_study_file *file, size_t line, ockham_error *err, const char *format, ...);

/* Whether a text of that length, which goes on, is the word. */
bool ock_is_word(const char *text, size_t length, const char *word);
/* Numbers of names; SIZE_MAX: none. */
size_t ock_factor_find(const ockham_study *study, const char *name, size_t length);
size_t ock_level_find(const ockham_study_factor *factor, const char *word, size_t length);
/* The same word, number (1e-4 and 0.0001) or switch (on and true). */
bool ock_level_means(const char *level, const char *text);
size_t ock_scale_find(const ockham_study *study, const char *name);
bool ock_levels_forbidden(const ockham_study *study, const uint8_t *levels);

/* All settings of a run: base, scale, factors; room for n of ock_settings_count(). The learning rate is not among them,
 * unless it is one. */
size_t ock_settings_count(const ockham_study *study, size_t scale);
void ock_settings_list(const ockham_study *study, size_t scale, const uint8_t *levels, ockham_study_setting *settings);
/* The last value of a name, or NULL. */
const char *ock_setting_find(const ockham_study_setting *settings, size_t n, const char *name);

/* One line for each thing that runs depend on. NULL: no memory; ock_free(). */
char *ock_study_text(const ockham_study *study);
/* Whether a study is what `text` tells of, or has only grown since. BAD_DATA says what differs; where: the journal. */
ockham_status ock_study_compare(const ockham_study *study, const char *text, const char *where, ockham_error *err);

#endif
