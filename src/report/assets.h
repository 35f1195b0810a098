/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are part of the library: what draws the charts of every page, put together by page/assemble.mjs. Only
 * with OCK_HAVE_PAGE. */
#ifndef OCK_REPORT_ASSETS_H
#define OCK_REPORT_ASSETS_H

#include <stddef.h>

typedef struct ock_asset {
  const char *type; /* Content-Type */
  const char *tag;  /* of HTTP's ETag: it changes with the bytes */
  size_t size;
  const char *bytes; /* a NUL follows them; in UTF-8 */
} ock_asset;

extern const ock_asset ock_asset_vega; /* a script: Vega, Vega-Lite, Vega-Embed and their licences */

#endif
