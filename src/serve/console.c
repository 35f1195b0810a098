/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/internal.h"

void ock_console_answer(ock_exchange *x) {
  x->content_type = "text/plain; charset=utf-8";
  ock_buffer_text(&x->out, "GET /admin/state, /admin/requests, /admin/events, /metrics\n");
}
