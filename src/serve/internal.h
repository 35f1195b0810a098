/* SPDX-License-Identifier: Apache-2.0 */
/* serve: HTTP in front of models: what is asked is routed to a version of a model, answered, measured and recorded.
 * Main types: ock_exchange (a request and its answer), ock_version (a model that runs, with its meter), ock_catalog
 *   (which of them are there), ockham_server (what joins them).
 * Invariants: every request that was read gets one answer and one entry in the recording; a version lives as long as a
 *   request holds it, so that loading and unloading fail none; what takes long runs in a crew, not in a thread that
 *   reads and writes; no text of a request becomes part of a file's name.
 * Threads: libmicrohttpd's threads run exchanges, an exchange belongs to one of them; a crew's threads only finish jobs
 *   and wake exchanges up; the catalog is locked for as long as it takes to find a version. Locks are taken in this
 *   order: plan_lock, the streams' or the watch's, the catalog's, a crew's mutex; all others alone or last.
 * Source: Open Inference Protocol v2 and Triton's extensions (docs/protocol.md). */
#ifndef OCK_SERVE_INTERNAL_H
#define OCK_SERVE_INTERNAL_H

#include <microhttpd.h>
#include <ockham/model.h>
#include <ockham/serve.h>
#include <pthread.h>
#include <stdatomic.h>

#include "core/internal.h"
#include "record/internal.h"
#include "serve/allowance.h"
#include "serve/drift.h"
#include "serve/history.h"
#include "serve/meter.h"
#include "wire/internal.h"
#include "worker/internal.h"

/* ---- versions: models that run ---- */

typedef enum ock_version_state { OCK_VERSION_LOADING, OCK_VERSION_READY, OCK_VERSION_FAILED } ock_version_state;

typedef struct ock_version {
  atomic_size_t n_holders;
  _Atomic double weight;       /* settings.weight, which a reload may change */
  uint64_t fingerprint;        /* of the settings, and of the files that they name */
  ockham_serve_model settings; /* texts lie in the arena */
  ock_arena arena;
  const char *platform; /* "ockham_kmeans", "ockham_mixture", "ockham_worker", "ockham_upstream" */
  /* One of: a fitted model, computed where the request is when it is small; or a crew alone. */
  ockham_model *fitted;
  ock_schema schema;
  double *far_distances; /* of a fitted k-means: squared distances beyond which a row is far, a cluster; else NULL */
  ock_crew *crew;
  ock_meter meter;
  ock_allowance allowance;
  ock_past history;  /* kept while there is an admin address */
  ock_drift *drift;  /* NULL: it is not watched */
  atomic_int state;  /* ock_version_state */
  char problem[512]; /* set once, before FAILED: ock_version_problem() */
  struct ockham_server *server;
  /* under the server's life_lock */
  struct ock_version *next; /* among those that were started and have not ended */
  bool closed;              /* its crew was, as the server ends */
  bool left;                /* nobody holds it, and no thread could be started to end it */
} ock_version;

/* Start one; it holds itself once, for the caller. The crew of a program may still be starting. */
ockham_status ock_version_start(struct ockham_server *server, const ockham_serve_model *settings, ock_version **version,
                                ockham_error *err);
void ock_version_hold(ock_version *version);
void ock_version_release(ock_version *version); /* the last one ends it, in a thread of its own */
/* Close the crews of all versions that live, of those too that have left the catalog and still have requests: for what
 * they have accepted until `until_ns` (by ock_clock_ns()). Versions that are closed already are passed over. */
void ock_versions_close(struct ockham_server *server, uint64_t until_ns);
/* End those that had to be left until a thread has time for them. */
void ock_versions_end_left(struct ockham_server *server);
/* What it takes and gives; NULL as long as its workers have not said. */
const ock_schema *ock_version_schema(const ock_version *version);
bool ock_version_ready(ock_version *version);
/* Why it failed to start; "" when it has not, or has come up since. */
const char *ock_version_problem(ock_version *version);
/* Wait until it is ready, or failed: then IO with why. */
ockham_status ock_version_wait(ock_version *version, ockham_error *err);

/* How a model's settings say that its crew is to be: all but what it calls, helpers and who is told. */
ock_crew_options ock_crew_options_of(const ockham_serve_model *settings);

/* A fitted model: what it takes and gives, and its answer to a request that was checked against that. */
ockham_status ock_fitted_open(ock_version *version, ockham_error *err);
ockham_status ock_fitted_schema(const ockham_model_parts *parts, ock_schema *schema, ockham_error *err);
ockham_status ock_fitted_answer(ock_version *version, ock_message *request, ock_message *answer, ockham_error *err);
/* The same for ock_crew_options.call. */
ockham_status ock_fitted_call(void *version, ock_message *request, ock_message *answer, ockham_error *err);
/* Whether a row of an answer is far from all that the model was fitted on. */
bool ock_fitted_is_far(const ock_version *version, const ock_message *answer);
/* Whether a request is small enough to be answered in the thread that read it. */
bool ock_fitted_is_quick(const ock_version *version, uint64_t n_rows);

/* ---- the catalog ---- */

typedef struct ock_catalog {
  pthread_rwlock_t lock;
  ock_version **versions; /* in the order in which they were configured */
  size_t n_versions, capacity;
  char **unloaded; /* names of models that were there and of which no version is; for the index */
  size_t n_unloaded;
} ock_catalog;
/* The version that a request goes to, held for the caller: the one named; or, version NULL, one drawn by the weights,
 * by the key if there is one. NULL: there is none; *known says whether the name is that of a model. */
ock_version *ock_catalog_find(ock_catalog *catalog, const char *name, const char *version, const char *key,
                              bool *known);
/* The n-th version, held for the caller, or NULL beyond the last. */
ock_version *ock_catalog_get(ock_catalog *catalog, size_t n);
/* Put a version in place of the one with its name and version, or behind the others. Takes over the caller's hold. */
ockham_status ock_catalog_put(ock_catalog *catalog, ock_version *version, ockham_error *err);
/* Take a model's versions out (version NULL: all); returns how many there were. */
size_t ock_catalog_remove(ock_catalog *catalog, const char *name, const char *version);
void ock_catalog_clear(ock_catalog *catalog);

/* ---- exchanges ---- */

/* X(NAME, method, path for people, admin only). */
#define OCK_ROUTE_LIST(X)                                     \
  X(NONE, "", "", false)                                      \
  X(FRONT, "GET", "/", false)                                 \
  X(OPENAPI, "GET", "/openapi.json", false)                   \
  X(SERVER, "GET", "/v2", false)                              \
  X(LIVE, "GET", "/v2/health/live", false)                    \
  X(READY, "GET", "/v2/health/ready", false)                  \
  X(ALL_STATS, "GET", "/v2/models/stats", false)              \
  X(MODEL, "GET", "/v2/models/{m}", false)                    \
  X(MODEL_READY, "GET", "/v2/models/{m}/ready", false)        \
  X(MODEL_STATS, "GET", "/v2/models/{m}/stats", false)        \
  X(MODEL_DRIFT, "GET", "/v2/models/{m}/drift", true)         \
  X(INFER, "POST", "/v2/models/{m}/infer", false)             \
  X(INDEX, "POST", "/v2/repository/index", false)             \
  X(ROWS, "POST", "/m/{m}", false)                            \
  X(PREDICT, "POST", "/v1/models/{m}:predict", false)         \
  X(V1_MODEL, "GET", "/v1/models/{m}", false)                 \
  X(INVOCATIONS, "POST", "/invocations", false)               \
  X(PING, "GET", "/ping", false)                              \
  X(LOAD, "POST", "/v2/repository/models/{m}/load", true)     \
  X(UNLOAD, "POST", "/v2/repository/models/{m}/unload", true) \
  X(METRICS, "GET", "/metrics", true)                         \
  X(REQUESTS, "GET", "/admin/requests", true)                 \
  X(REQUEST, "GET", "/admin/requests/{n}", true)              \
  X(EVENTS, "GET", "/admin/events", true)                     \
  X(STATE, "GET", "/admin/state", true)                       \
  X(STREAM, "GET", "/admin/stream", true)                     \
  X(HISTORY, "GET", "/admin/history", true)                   \
  X(OUTCOMES, "POST", "/admin/outcomes", true)                \
  X(LOGIN, "POST", "/admin/login", true)                      \
  X(CONSOLE_STYLE, "GET", "/console/style.css", true)         \
  X(CONSOLE_SCRIPT, "GET", "/console/console.js", true)       \
  X(CONSOLE_VEGA, "GET", "/console/vega.js", true)
#define OCK_ROUTE_ENUM(name, method, path, admin) OCK_ROUTE_##name,
typedef enum ock_route { OCK_ROUTE_LIST(OCK_ROUTE_ENUM) OCK_ROUTE_COUNT } ock_route;
#undef OCK_ROUTE_ENUM

enum { OCK_NAME_SIZE = 65 };

typedef struct ock_target {
  ock_route route;
  char model[OCK_NAME_SIZE], version[OCK_NAME_SIZE]; /* "" when not said */
  uint64_t number;                                   /* REQUEST */
  const char *allow; /* with NONE: the methods that the path has, NULL when it has none */
} ock_target;
/* Which route a method and a path (without its query, still percent-encoded) have. */
ock_target ock_route_find(const char *method, const char *path);
bool ock_route_is_inference(ock_route route);

typedef enum ock_stage { OCK_STAGE_READING, OCK_STAGE_WAITING, OCK_STAGE_DONE, OCK_STAGE_STREAMING } ock_stage;

typedef struct ock_exchange {
  struct ockham_server *server;
  struct MHD_Connection *connection;
  bool admin;
  ock_stage stage;
  ock_target target;
  ock_form form;
  char *body; /* followed by OCK_BODY_PADDING zeros */
  size_t size, capacity, json_size;
  uint64_t n_dropped; /* bytes beyond the limit */
  bool begun, too_long;
  char id[128];
  ock_version *version;
  ock_job *job;
  ock_message request, answer;         /* without a job */
  uint64_t time_ns, begin_ns, read_ns; /* since 1970; by ock_clock_ns() */
  uint64_t deadline_ns;                /* by ock_clock_ns(); 0: none */
  uint64_t phase_ns[OCKHAM_PHASE_COUNT];
  uint64_t cpu_ns, hash;
  uint32_t marks;
  uint64_t number; /* in the recording; 0: it is not there */
  size_t watch;    /* its place in the watch, or SIZE_MAX */
  /* what will be sent */
  unsigned status;
  const char *content_type, *reason, *allow;
  ock_buffer out;
  const struct ock_asset *asset; /* sent in place of out */
  size_t out_json_size;
  uint32_t retry_ms;
  ockham_error error;
} ock_exchange;

/* libmicrohttpd's callbacks. */
enum MHD_Result ock_exchange_step(void *server, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *http_version, const char *upload, size_t *upload_size, void **exchange);
void *ock_exchange_begin(void *server, const char *uri, struct MHD_Connection *connection);
void *ock_exchange_begin_admin(void *server, const char *uri, struct MHD_Connection *connection);
void ock_exchange_end(void *server, struct MHD_Connection *connection, void **exchange,
                      enum MHD_RequestTerminationCode how);

/* The request of an exchange, whether a job has it or not. */
static inline ock_message *ock_exchange_request(ock_exchange *x) {
  return x->job ? &x->job->request : &x->request;
}
static inline ock_message *ock_exchange_answer(ock_exchange *x) {
  return x->job ? &x->job->answer : &x->answer;
}
const char *ock_exchange_header(const ock_exchange *x, const char *name); /* NULL when it did not come */
const char *ock_exchange_trace(const ock_exchange *x); /* its traceparent; NULL when none came, or it is none */
const char *ock_exchange_argument(const ock_exchange *x, const char *name);
/* Set the answer to {"error": ...}. */
OCK_PRINTF(3, 4) void ock_exchange_fail(ock_exchange *x, unsigned status, const char *format, ...);
/* The same from an error of the library, whose status gives HTTP's. */
void ock_exchange_fail_by(ock_exchange *x, const ockham_error *err);
/* The answer of a version that has not said yet what it takes: why, or that it is starting. */
void ock_exchange_fail_not_ready(ock_exchange *x);
/* The version that the path names, into x->version; or the exchange has failed. */
bool ock_exchange_find_version(ock_exchange *x);
/* Requests for inference: from the body to an answer, or to a job that is being waited for. */
void ock_infer_begin(ock_exchange *x);
void ock_infer_finish(ock_exchange *x); /* once the job is done */
/* All others: answers from what the server knows. */
void ock_document_answer(ock_exchange *x);
void ock_admin_answer(ock_exchange *x);
void ock_console_answer(ock_exchange *x);
void ock_outcomes_answer(ock_exchange *x); /* waits for the disk */
/* Whether the port, the token and the origin allow the route; or the exchange has failed. */
bool ock_admin_allows(ock_exchange *x);
/* A page and what it needs, which hold no secret and nothing of this server. */
bool ock_console_is_asset(ock_route route);
struct MHD_Response *ock_console_response(ock_exchange *x); /* NULL: no memory */
void ock_console_headers(const ock_exchange *x, struct MHD_Response *response);
void ock_admin_headers(const ock_exchange *x, struct MHD_Response *response);
/* Put it in the recording, the meter and the access log, and send it to a shadow, which takes its tensors. */
void ock_exchange_record(ock_exchange *x, size_t answer_size);
void ock_shadow_send(ock_exchange *x);
/* Take the values of redacted columns out of what will be kept: out of the bodies, where the request's is then in
 * `body`; and out of the exchange's error, once it was answered. */
void ock_redact(ock_exchange *x, ockham_request *r, ock_buffer *body);
void ock_redact_error(ock_exchange *x);

/* ---- documents ---- */

/* A row, or tensors with one row, that the model takes; and a line for a shell that sends it. For versions with a
 * schema. */
void ock_example_row(const ock_version *version, ock_buffer *out);
void ock_example_tensors(const ock_version *version, ock_buffer *out);
void ock_example_curl(const ock_version *version, const char *url, bool tensors, ock_buffer *out);
void ock_openapi_write(struct ockham_server *server, ock_buffer *out);
/* JSON objects. */
void ock_history_document(struct ockham_server *server, ock_buffer *out);
void ock_state_write(struct ockham_server *server, ock_buffer *out);
void ock_request_write(const ockham_request *request, bool with_bodies, ock_buffer *out);
void ock_event_write(const ockham_event *event, ock_buffer *out);

/* Server-sent events: the state, once a second. _end wakes all up to end; _free once the daemon has stopped. */
struct ock_streams;
ockham_status ock_streams_start(struct ockham_server *server, ockham_error *err);
void ock_stream_begin(ock_exchange *x);
void ock_streams_end(struct ock_streams *streams);
void ock_streams_free(struct ock_streams *streams);

/* ---- connections ---- */

typedef enum ock_guest_doing {
  OCK_GUEST_BEFORE_REQUEST, /* idle, or sending headers */
  OCK_GUEST_SENDS,          /* the body */
  OCK_GUEST_WAITS,          /* for the answer, or reads it */
  OCK_GUEST_DOING_COUNT
} ock_guest_doing;
typedef struct ock_guest ock_guest;
typedef struct ock_guests {
  pthread_mutex_t lock;
  pthread_cond_t wake;
  pthread_t thread;
  ock_guest *first;
  unsigned idle_seconds, request_seconds;
  bool runs, ending;
} ock_guests;
ockham_status ock_guests_start(ock_guests *guests, unsigned idle_seconds, unsigned request_seconds, ockham_error *err);
void ock_guests_stop(ock_guests *guests); /* once no daemon uses it */
void ock_guests_notify(void *guests, struct MHD_Connection *connection, void **context,
                       enum MHD_ConnectionNotificationCode code);
/* What the client is expected to do from now on. */
void ock_guest_does(struct MHD_Connection *connection, ock_guest_doing doing);

/* ---- clients that leave while they wait ---- */

typedef struct ock_watch ock_watch;
ockham_status ock_watch_start(ock_watch **watch, ockham_error *err);
/* Cancel the exchange's job when its client closes the connection. Sets x->watch; no memory: it is not watched. */
void ock_watch_add(ock_watch *watch, ock_exchange *x, int socket);
void ock_watch_remove(ock_watch *watch, ock_exchange *x);
void ock_watch_stop(ock_watch *watch);

/* ---- the models of the configuration ---- */

typedef struct ock_plan {
  ockham_serve_model *models; /* in the arena, as all they name */
  unsigned n;
  ock_arena arena;
} ock_plan;
ockham_status ock_plan_copy(ock_plan *plan, const ockham_serve_options *options, ockham_error *err);
/* Start all of the server's plan, without waiting for them. */
ockham_status ock_plan_start(struct ockham_server *server, ockham_error *err);
/* Load all versions of a model of the plan, anew where they are there, and wait for them. BAD_ARGUMENT: it has none so
 * named. */
ockham_status ock_server_load(struct ockham_server *server, const char *name, ockham_error *err);
/* The first plan with a program makes the folder where programs find ockham_worker.py. CANNOT_WRITE. */
ockham_status ock_server_write_helpers(struct ockham_server *server, const ock_plan *plan, ockham_error *err);
uint64_t ock_model_fingerprint(const ockham_serve_model *model);
uint64_t ock_model_identity(const ockham_serve_model *model);
/* Copies in an arena; NULL stays NULL. *failed is set, and not cleared, when there is no memory. */
const char *ock_copy_text(ock_arena *arena, const char *text, bool *failed);
const char **ock_copy_texts(ock_arena *arena, const char **texts, unsigned n, bool *failed);
void ock_copy_drift(ock_arena *arena, ockham_serve_drift *to, const ockham_serve_drift *from, bool *failed);
void ock_copy_model(ock_arena *arena, ockham_serve_model *to, const ockham_serve_model *from, bool *failed);

/* ---- the server ---- */

struct ockham_server {
  ockham_serve_options options; /* copied into the arena */
  ock_arena arena;
  void (*log)(void *user, const char *line);
  void *log_user;
  struct MHD_Daemon *daemon, *admin_daemon;
  char url[300], admin_url[300];
  ock_catalog catalog;
  ock_plan plan;
  pthread_mutex_t plan_lock; /* held while models are loaded, so that this is done once at a time */
  ock_guests guests;
  ock_recorder *recorder; /* NULL: no recording */
  ock_watch *watch;
  struct ock_streams *streams;
  ock_webhooks *webhooks;
  char *token;         /* NULL: none is asked for */
  const char *helpers; /* the folder of ockham_worker.py */
  bool admin_is_socket;
  atomic_bool has_shadows;
  FILE *access_log;
  pthread_mutex_t log_lock;
  /* what must have ended before the server can */
  pthread_mutex_t life_lock;
  pthread_cond_t life_changed;
  ock_version *alive;                 /* versions that were started, in the catalog or not */
  size_t n_alive;                     /* versions, those too that are starting or ending */
  atomic_size_t n_exchanges, n_apart; /* requests that are not answered yet; threads that work for one */
  unsigned patience_ms;
  atomic_bool stopping, interrupted;
  atomic_ullong n_ids;
  uint64_t id_seed;
  uint64_t start_ns;
};
OCK_PRINTF(2, 3) void ock_server_log(ockham_server *server, const char *format, ...);
/* Tell the recording, and the log. details: a JSON object or NULL. */
void ock_server_event(ockham_server *server, const char *kind, const char *model, const char *version, const char *text,
                      const char *details);

#endif
