/* SPDX-License-Identifier: Apache-2.0 */
/* What `ockham requests` understands and prints. */
#ifndef OCKHAM_CLI_REQUESTS_H
#define OCKHAM_CLI_REQUESTS_H

#include <ockham/serve.h>

#include "cli.h"

/* Nanoseconds since 1970 of a time: UTC, as 2026-11-29, 2026-11-29T10:00, 2026-11-29T10:00:05.25Z; or ago, as 90s, 10m,
 * 2h, 1d. False when it is neither. */
bool cli_parse_time(const char *text, uint64_t now_ns, uint64_t *time_ns);
/* 404, 5xx, 400-499. */
bool cli_parse_status(const char *text, uint32_t *least, uint32_t *most);

/* One line each, with its line feed; bytes that could control a terminal become '?'. */
void cli_print_request(const ockham_request *request, FILE *out);
void cli_print_event(const ockham_event *event, FILE *out);
/* All there is of a request, its phases as bars, and its bodies decoded. */
ockham_status cli_print_request_page(const ockham_request *request, FILE *out, ockham_error *err);

#endif
