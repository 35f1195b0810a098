/* SPDX-License-Identifier: Apache-2.0 */
/* Drift as JSON: what programs get, and what the page draws besides. */
#ifndef OCK_REPORT_DRIFT_JSON_H
#define OCK_REPORT_DRIFT_JSON_H

#include "report/drift.h"
#include "report/json.h"

#ifdef OCK_HAVE_JANSSON
/* The object of ockham_report_drift(). */
json_t *ock_json_drift(const ock_drift *drift);
#endif

#endif
