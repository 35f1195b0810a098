/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the checks share. */
#ifndef OCK_SERVE_CONFIG_CHECK_H
#define OCK_SERVE_CONFIG_CHECK_H

#include "serve/config.h"

typedef struct ock_check {
  ock_problems *problems;
  const ockham_serve_file *file; /* may be NULL */
  bool in_file;                  /* what is being checked came from it */
  const ockham_serve_options *options;
} ock_check;
/* A problem, with the line of the file where there is one. OK. */
OCK_PRINTF(3, 4) ockham_status ock_check_tell(ock_check *check, const char *where, const char *format, ...);
bool ock_check_readable(ock_check *check, const char *where, const char *path);
void ock_check_model(ock_check *check, size_t i, const char *where);
void ock_check_drift(ock_check *check, const char *before, const ockham_serve_drift *drift);
/* file: of the fitted model that it is for; NULL: it is another. */
void ock_check_profile(ock_check *check, const char *where, const char *path, const char *file);

#endif
