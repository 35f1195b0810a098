/* SPDX-License-Identifier: Apache-2.0 */
/* The console: a page and its files, which are part of the library. What they show comes by /admin/stream and the
 * other documents. */
#include <string.h>

#include "report/assets.h"
#include "serve/internal.h"

bool ock_console_is_asset(ock_route route) {
  return route == OCK_ROUTE_FRONT || route == OCK_ROUTE_CONSOLE_STYLE || route == OCK_ROUTE_CONSOLE_SCRIPT ||
         route == OCK_ROUTE_CONSOLE_VEGA;
}

#ifdef OCK_HAVE_PAGE

/* Made by console/assemble.mjs. */
extern const ock_asset ock_console_page, ock_console_style, ock_console_script;

static const ock_asset *asset_of(ock_route route) {
  switch (route) {
    case OCK_ROUTE_CONSOLE_STYLE:
      return &ock_console_style;
    case OCK_ROUTE_CONSOLE_SCRIPT:
      return &ock_console_script;
    case OCK_ROUTE_CONSOLE_VEGA:
      return &ock_asset_vega;
    default:
      return &ock_console_page;
  }
}

/* A browser asks each time whether its copy is still right: after an update it must be that of the new version. */
void ock_console_answer(ock_exchange *x) {
  const char *known = ock_exchange_header(x, "If-None-Match");
  x->asset = asset_of(x->target.route);
  x->content_type = x->asset->type;
  if (known && strstr(known, x->asset->tag)) x->status = 304;
}

struct MHD_Response *ock_console_response(ock_exchange *x) {
  size_t size = x->status == 304 ? 0 : x->asset->size;
  return MHD_create_response_from_buffer(size, (void *)(uintptr_t)x->asset->bytes, MHD_RESPMEM_PERSISTENT);
}

/* Charts are styled through the objects of the document, which needs no 'unsafe-inline'; and Vega's expressions are
 * interpreted, which needs no 'unsafe-eval'. */
void ock_console_headers(const ock_exchange *x, struct MHD_Response *response) {
  static const char policy[] =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; form-action 'none'; "
      "frame-ancestors 'none'; base-uri 'none'";
  MHD_add_response_header(response, "ETag", x->asset->tag);
  MHD_add_response_header(response, "Cache-Control", "no-cache");
  MHD_add_response_header(response, "Content-Security-Policy", policy);
  MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
}

#else

static const char NO_PAGE[] =
    "GET /admin/state, /admin/history, /admin/stream, /admin/requests, /admin/requests/{n}, /admin/events, /metrics\n";

void ock_console_answer(ock_exchange *x) {
  if (x->target.route != OCK_ROUTE_FRONT) {
    ock_exchange_fail(x, 404, "this build has no console: " OCK_PAGE_PROBLEM " when it was configured");
    return;
  }
  x->content_type = "text/plain; charset=utf-8";
  ock_buffer_print(&x->out, "This build has no console: " OCK_PAGE_PROBLEM " when it was configured.\n%s", NO_PAGE);
}

struct MHD_Response *ock_console_response(ock_exchange *x) {
  (void)x;
  return NULL;
}

void ock_console_headers(const ock_exchange *x, struct MHD_Response *response) {
  (void)x, (void)response;
}

#endif
