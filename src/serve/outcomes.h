/* SPDX-License-Identifier: Apache-2.0 */
/* Outcomes: what turned out later of what was answered. Read and checked as a whole; matched with the requests that
 * they are of; stored; and their errors watched. */
#ifndef OCK_SERVE_OUTCOMES_H
#define OCK_SERVE_OUTCOMES_H

#include <jansson.h>

#include "serve/internal.h"

typedef struct ock_truth_said {
  const char *id, *model, *version, *output; /* NULL: not said */
  uint64_t row;
  double time_s;                    /* 0: not said */
  const json_t *actual, *predicted; /* NULL: not said */
  double error;                     /* NaN: not said */
} ock_truth_said;

/* A JSON array of objects, one of them, or one a line. *root keeps what the texts lie in, and is the caller's, as *said
 * is (ock_free()). BAD_DATA names the first that is wrong: "outcomes[3]: ...". */
ockham_status ock_outcomes_parse(const char *body, size_t size, json_t **root, ock_truth_said **said, size_t *n,
                                 ockham_error *err);

/* What an answer, as ock_body_explain() has it, gave for a row: of an output, or (NULL) the first. Borrowed from it;
 * NULL: not there. */
const json_t *ock_truth_predicted(const json_t *answer, const char *output, uint64_t row);
/* 0 or 1 of classes, else the absolute difference; NaN: they cannot be compared. */
double ock_truth_error(const json_t *predicted, const json_t *actual, bool classes);

#endif
