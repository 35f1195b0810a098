/* SPDX-License-Identifier: Apache-2.0 */
/** Worker programs of `ockham serve`: an adapter for those that only know lines. Not part of <ockham/ockham.h>; a build
 *  that cannot serve does not have it. Workers in C need <ockham/ockham_worker.h> instead, and no library. */
#ifndef OCKHAM_WORKER_LINES_H
#define OCKHAM_WORKER_LINES_H

#include <ockham/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Be a worker on behalf of a program that reads a row of CSV from its standard input and writes one to its standard
 *  output, line by line. Returns when the server ends it. Texts are borrowed. */
typedef struct ockham_worker_lines_options {
  const char *columns;        /**< "age,city:BYTES": what a row has, in this order; without a type FP64 */
  const char *outputs;        /**< likewise, what an answer has */
  const char *const *command; /**< the program and its arguments, ended by NULL */
} ockham_worker_lines_options;

/** Runs the program once, and gives it the rows of every request, one by one. Numbers are written as the shortest
 * decimals that read back ("nan", "inf" for what is none), texts are quoted where CSV needs it. A line "error: text"
 * refuses the request (HTTP 400), a line of other than so many cells of the right type fails it (500). *exit_code is
 * that of the program where it ended by itself (128 and the signal where one killed it), else 0: what main() should
 * return. BAD_ARGUMENT: a list that is none, or not started by a server; IO; NO_MEMORY; UNSUPPORTED. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_worker_lines(const ockham_worker_lines_options *options,
                                                               int *exit_code, ockham_error *err);

/** Write ockham_worker.py and ockham_worker.h, what programs in Python and C include to become workers, into a folder,
 *  which is made when it is not there. `ockham serve` gives its programs the first by itself. Fails with CANNOT_WRITE,
 *  NO_MEMORY, UNSUPPORTED. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_worker_helpers(const char *folder, ockham_error *err);

#ifdef __cplusplus
}
#endif
#endif
