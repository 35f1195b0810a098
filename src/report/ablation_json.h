/* SPDX-License-Identifier: Apache-2.0 */
/* A study as JSON: what programs get, and what the page draws besides. */
#ifndef OCK_REPORT_ABLATION_JSON_H
#define OCK_REPORT_ABLATION_JSON_H

#include "report/ablation.h"
#include "report/json.h"

#ifdef OCK_HAVE_JANSSON
/* The object of ockham_report_ablation(). */
json_t *ock_json_ablation(const ock_ablation_report *report);
#endif

#endif
