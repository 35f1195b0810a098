/* SPDX-License-Identifier: Apache-2.0 */
/* How far two answers to one request are apart: what shadows and replays ask. */
#ifndef OCK_SERVE_COMPARE_H
#define OCK_SERVE_COMPARE_H

#include "wire/internal.h"

typedef struct ock_difference {
  uint64_t n_values, n_different; /* of all outputs; beyond the tolerance, or another text or truth value */
  double worst;                   /* the largest relative difference of two numbers: |a - b| / max(|a|, |b|) */
  char output[64];                /* where it is: the output, and */
  uint64_t at;                    /* the element */
  double a, b;                    /* the two numbers; 0 where they are texts */
  char shape[160];                /* not "": the answers cannot be compared, and this says why */
} ock_difference;

/* |a - b| / max(|a|, |b|, floor); 0 when they are equal or both NaN, else infinity where one is not finite. */
double ock_relative_difference(double a, double b, double floor);
/* Numbers are the same within a relative tolerance (both NaN count as the same), integers, texts and truth values when
 * they are equal. Outputs that only one of them has, or of other shapes, make the answers incomparable. */
void ock_answers_compare(const ock_message *a, const ock_message *b, double tolerance, ock_difference *difference);

#endif
