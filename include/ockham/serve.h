/* SPDX-License-Identifier: Apache-2.0 */
/** Serving models over HTTP: fitted models, programs as worker processes, and servers behind it.
 *
 *  Not part of <ockham/ockham.h>. A build without libmicrohttpd, libcurl, SQLite, jansson, libyaml, libseccomp or
 * xxhash has these functions, and those that can fail do, with UNSUPPORTED. */
#ifndef OCKHAM_SERVE_H
#define OCKHAM_SERVE_H

#include <ockham/core.h>
#include <ockham/profile.h>
#include <ockham/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How what is asked of a version, and what it answers, is watched for drift, where there is a profile. Zero and NULL:
 *  for a model what holds for the server; for the server the default. */
typedef struct ockham_serve_drift {
  bool off;
  const char *false_alarms; /**< without drift: "1 per 30d" (the default), "2 per 1w", "1 per 100000 rows" */
  double shares[OCKHAM_N_SIGNAL_GROUPS]; /**< of that, by group; all 0: inputs .5, outputs .15, missing .15, latency .1,
                                              errors .1 */
  double min_effect;                     /**< as in ockham_drift_options */
  bool any_hour;        /**< not compared with the same hour of the week, where the profile knows that */
  const char *detector; /**< a word of OCKHAM_DETECTOR_LIST; NULL: ewma */
  const char *webhook;  /**< a URL that is told of each alarm; NULL: none */
} ockham_serve_drift;

/** What one version of a model is, and how it is run. Exactly one of file, command and upstream says what it is; zero
 *  and NULL are the default everywhere. Texts are the caller's, or the configuration's that they were read into. */
typedef struct ockham_serve_model {
  const char *name;         /**< letters, digits, '_', '-', '.'; at most 64 of them, the first no '.' */
  const char *version;      /**< likewise; NULL: "1" */
  const char *file;         /**< a fitted model, as ockham_model_save() writes it */
  const char **command;     /**< a program that answers on its standard input and output (docs/workers.md) */
  unsigned n_command;       /**< its words */
  const char *upstream;     /**< http://host:port/v2/models/name, or any URL of a server's infer */
  bool upstream_json;       /**< it does not take binary tensors */
  const char *folder;       /**< the program's working folder; NULL: that of the configuration file */
  const char **environment; /**< "NAME=value" to set for it */
  unsigned n_environment;
  unsigned workers;          /**< processes, or connections to the server; 0: 1 (a server: 8) */
  unsigned queue;            /**< requests that may wait; 0: 64 */
  unsigned timeout_ms;       /**< for one request; 0: 10,000 */
  unsigned startup_ms;       /**< until a process has said what it takes; 0: 30,000 */
  uint64_t memory_bytes;     /**< of each process; 0: no limit */
  double cpus;               /**< CPU seconds a second of each process; 0: no limit */
  unsigned processes, files; /**< that it may have; 0: 64 and 256 */
  bool no_network;           /**< it may not use the network */
  bool no_sandbox;           /**< it may use every system call: else those that only administrators need are denied */
  double weight;             /**< of the requests that name no version, its share; all 0: the last version has all */
  bool shadow;               /**< gets a copy of what the others get, its answers are compared and seen by no client */
  double tolerance;          /**< relative, within which a shadow's numbers are the same; 0: 1e-6 */
  unsigned slow_ms;          /**< a request is slow from here on; 0: 4 times the 99th percentile so far */
  const char *budget;        /**< a file by `ockham certify` that says what it may use; NULL: none */
  const char *profile; /**< a model file with a profile in it, by `ockham profile`: what its rows should look like;
                            NULL: that of `file`, if it has one */
  ockham_serve_drift drift;
} ockham_serve_model;

/** Everything about a server. */
typedef struct ockham_serve_options {
  const char *listen;     /**< "host:port", "[::1]:port" or ":port"; NULL: "127.0.0.1:8080"; port 0: any free one */
  const char *admin;      /**< likewise, or a path of a Unix socket ("/run/x.sock", "./x.sock"); "none"; NULL:
                               "127.0.0.1:8081" */
  const char *token_file; /**< its first line must come with every request to admin; needed unless that is a loopback
                               address or a Unix socket; NULL: none */
  const char *certificate, *key; /**< PEM files: TLS for listen, and for admin unless it is local */
  const char *folder;            /**< the recording and the rest that is kept; NULL: "ockham-data" */
  const char *access_log; /**< a line of JSON for each request into this file; "-": standard output; NULL: none */
  const char **redact;    /**< columns whose values are never kept */
  unsigned n_redact;
  unsigned threads;         /**< that read and answer requests; 0: one a core, at most 16 */
  unsigned connections;     /**< at once; 0: 16,384, or what the system's limit of open files leaves */
  uint64_t body_bytes;      /**< the longest body; 0: 64 MiB */
  unsigned request_seconds; /**< until a request must have arrived; 0: 30 */
  unsigned idle_seconds;    /**< that a connection may be idle; 0: 75 */
  bool no_record;           /**< no recording at all */
  double sample;         /**< share of requests whose bodies are kept, besides those that failed, were slow or far; 0:
                              0.01; negative: none */
  uint64_t record_bytes; /**< that the recording may take; 0: 1 GiB */
  unsigned record_days;  /**< that it goes back; 0: 14 */
  unsigned flush_ms;     /**< at most so much of it is lost when the machine dies; 0: 100 */
  uint64_t record_body_bytes; /**< bodies are cut here; 0: 1 MiB */
  ockham_serve_drift drift;   /**< of all models, where their own does not say otherwise */
  ockham_serve_model *models;
  unsigned n_models;
} ockham_serve_options;

/* ---- configuration files ---- */

/** A configuration that was read, which owns all that its options name. */
typedef struct ockham_serve_file ockham_serve_file;

/** Read a YAML configuration, whose keys docs/serve.md lists. Relative paths are taken from its folder; ${NAME} is the
 *  environment's. *file is the caller's, to be given to ockham_serve_file_free(). Fails with BAD_DATA (one line:
 *  file:line: key: what was expected, what was found), IO, NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_serve_file_read(const char *path, ockham_serve_file **file,
                                                                  ockham_error *err);
/** A problem, as the line that ockham_error would hold. */
typedef void ockham_serve_problem(void *user, const char *line);
/** The same, telling every problem and not only the first, which is in *err. tell may be NULL. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_serve_file_read_each(const char *path, ockham_serve_problem *tell,
                                                                       void *user, ockham_serve_file **file,
                                                                       ockham_error *err);
/** What it says; valid as long as the file. */
OCKHAM_API const ockham_serve_options *ockham_serve_file_look(const ockham_serve_file *file);
/** NULL is fine. */
OCKHAM_API void ockham_serve_file_free(ockham_serve_file *file);
/** One that says nothing yet. NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_serve_file_new(ockham_serve_file **file, ockham_error *err);
/** What a model is: the field of ockham_serve_model that says so. */
typedef enum ockham_serve_kind {
  OCKHAM_SERVE_FITTED,  /**< file; a NULL name is that of the file without its folder and ending */
  OCKHAM_SERVE_COMMAND, /**< command: a text that is split as a shell does, without expansions */
  OCKHAM_SERVE_UPSTREAM /**< upstream */
} ockham_serve_kind;
/** Add a model, as a command line names it: it becomes the last. What ockham_serve_file_look() gave stays valid, its
 *  models do not. BAD_ARGUMENT (a quote that is not closed), NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_serve_file_add(ockham_serve_file *file, ockham_serve_kind kind,
                                                                 const char *name, const char *text, ockham_error *err);
/** Check options without starting anything: values in their ranges, files there, names unique. `where` in a message is
 *  the key, such as "models[2].file"; with a file (may be NULL) also its line. BAD_DATA where it is the file that is at
 *  fault, as for ockham_serve_file_read(); BAD_ARGUMENT for options that are not from it. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_serve_check(const ockham_serve_options *options,
                                                              const ockham_serve_file *file, ockham_error *err);
/** The same, telling every problem and not only the first, which is in *err. tell may be NULL. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_serve_check_each(const ockham_serve_options *options,
                                                                   const ockham_serve_file *file,
                                                                   ockham_serve_problem *tell, void *user,
                                                                   ockham_error *err);

/* ---- a server ---- */

/** A server that runs. Its functions may be called from any thread, but reload and stop from one at a time. */
typedef struct ockham_server ockham_server;

/** Start: listens when this returns. Fitted models are loaded; workers are being started (ockham_server_wait()).
 *  Options are copied. `log` (may be NULL) gets a line for each thing worth knowing, from any thread, without a line
 *  feed and valid during the call. *server is the caller's, to be given to ockham_server_stop(). Fails with
 *  BAD_ARGUMENT, IO, BAD_FILE, CANNOT_WRITE, NO_MEMORY, UNSUPPORTED. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_server_start(const ockham_serve_options *options,
                                                               void (*log)(void *user, const char *line), void *user,
                                                               ockham_server **server, ockham_error *err);
/** Until every model is ready, each at most its startup_ms; fails with IO when one cannot be, in which case the server
 *  goes on with the others. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_server_wait(ockham_server *server, ockham_error *err);
/** Take over the models of a changed configuration; its other options stay as they are. New and changed models are
 *  started, and take their place once they can answer; then those that are left out are let go. No request fails of it.
 *  When one does not start, what runs is left as it was, and this fails as ockham_server_start() does. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_server_reload(ockham_server *server,
                                                                const ockham_serve_options *options, ockham_error *err);
/** The address as a URL: "http://127.0.0.1:8080", with the port that it has; valid as long as the server. */
OCKHAM_API const char *ockham_server_url(const ockham_server *server);
/** The same of the admin address, "unix:/run/x.sock" for a Unix socket; "" when there is none. */
OCKHAM_API const char *ockham_server_admin_url(const ockham_server *server);
/** A line for a shell that sends a row, or tensors, to a model; the caller's, to be given to ockham_text_free(). *line
 *  is NULL when the model does not run, or has not said yet what it takes. NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_server_example(ockham_server *server, const char *model, char **line,
                                                                 ockham_error *err);
/** From now on nothing waits for models to start: ockham_server_wait(), ockham_server_reload() and loads by request
 *  fail instead. For a signal's handler, or another thread, before ockham_server_stop(). NULL is fine. */
OCKHAM_API void ockham_server_interrupt(ockham_server *server);
/** Finish what was accepted, for at most timeout_ms in all, then end everything: what is not finished by then is
 *  answered with 503, and workers are killed (each may take a second to end by itself). Frees the server. NULL is
 *  fine. */
OCKHAM_API void ockham_server_stop(ockham_server *server, unsigned timeout_ms);

/* ---- what was recorded, as text ----
 * Each text is the caller's, to be given to ockham_text_free(). NO_MEMORY. */

/** A request as one line of JSON: all of its fields (times in microseconds, the hash in hexadecimal), and with_bodies
 *  its bodies, where they are kept, as "request" and "answer". */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_request_json(const ockham_request *request, bool with_bodies,
                                                               char **json, ockham_error *err);
/** The body of a request, or of its answer, as JSON for people, also where it is binary; null when it is not kept. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_request_explain(const ockham_request *request, bool answer,
                                                                  char **json, ockham_error *err);
/** An event as one line of JSON: all of its fields. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_event_json(const ockham_event *event, char **json, ockham_error *err);

#ifdef __cplusplus
}
#endif
#endif
