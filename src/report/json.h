/* SPDX-License-Identifier: Apache-2.0 */
/* What JSON of reports is made of. Once something cannot be had for want of memory the object is NULL, and so is
 * whatever it would have been put into: a report is whole or there is none. */
#ifndef OCK_REPORT_JSON_H
#define OCK_REPORT_JSON_H

#include "report/internal.h"

#ifdef OCK_HAVE_JANSSON
#include <jansson.h>

void ock_json_put(json_t **object, const char *key, json_t *value);
void ock_json_append(json_t **array, json_t *value);
json_t *ock_json_number(double value); /* null where it is not finite */
json_t *ock_json_integer(uint64_t value);
/* A text that came from anywhere, as UTF-8 of at most so many characters; NULL as null. */
json_t *ock_json_text(const char *text, size_t most_characters);
/* Write the object on one line and let go of it; escaped so that it may stand inside <script>. False when memory ran
 * out. */
bool ock_json_dump(json_t *object, FILE *out);
bool ock_json_dump_escaped(json_t *object, FILE *out);

/* The object of ockham_report_sweep(). */
json_t *ock_json_sweep(const ock_report *report);
#endif

#endif
