/* SPDX-License-Identifier: Apache-2.0 */
/* Starting and stopping: sockets, threads, models. */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "serve/config.h"
#include "serve/internal.h"

/* ---- what is told ---- */

void ock_server_log(ockham_server *server, const char *format, ...) {
  if (!server->log) return;
  char line[2048];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  server->log(server->log_user, line);
}

void ock_server_event(ockham_server *server, const char *kind, const char *model, const char *version, const char *text,
                      const char *details) {
  if (!server->recorder) return;
  ock_recorder_event(
      server->recorder,
      &(ockham_event){
          .kind = kind, .model = model, .version = version, .text = text, .details = details ? details : "{}"});
}

/* ---- options ---- */

static unsigned usual_threads(void) {
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n < 1 ? 1 : n > 16 ? 16 : (unsigned)n;
}

/* As many as the system's limit of open files leaves, which is raised as far as it goes. */
static unsigned usual_connections(void) {
  enum { WANTED = 16384, OTHERS = 256 };
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1000;
  rlim_t needed = WANTED + OTHERS;
  if (limit.rlim_cur < needed) {
    limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= needed) return WANTED;
  return limit.rlim_cur > 2 * OTHERS ? (unsigned)(limit.rlim_cur - OTHERS) : (unsigned)(limit.rlim_cur / 2);
}

static void set_usual(ockham_serve_options *o) {
  if (!o->threads) o->threads = usual_threads();
  if (!o->connections) o->connections = usual_connections();
  if (!o->body_bytes) o->body_bytes = (uint64_t)64 << 20;
  if (!o->request_seconds) o->request_seconds = 30;
  if (!o->idle_seconds) o->idle_seconds = 75;
  if (o->sample == 0) o->sample = 0.01;
  if (!o->record_body_bytes) o->record_body_bytes = (uint64_t)1 << 20;
}

static ockham_status copy_options(ockham_server *server, const ockham_serve_options *from, ockham_error *err) {
  ockham_serve_options *to = &server->options;
  ock_arena *arena = &server->arena;
  bool failed = false;
  *to = *from;
  to->listen = ock_copy_text(arena, from->listen ? from->listen : "127.0.0.1:8080", &failed);
  to->admin = ock_copy_text(arena, from->admin ? from->admin : "127.0.0.1:8081", &failed);
  to->token_file = ock_copy_text(arena, from->token_file, &failed);
  to->certificate = ock_copy_text(arena, from->certificate, &failed);
  to->key = ock_copy_text(arena, from->key, &failed);
  to->folder = ock_copy_text(arena, from->folder ? from->folder : "ockham-data", &failed);
  to->access_log = ock_copy_text(arena, from->access_log, &failed);
  to->redact = ock_copy_texts(arena, from->redact, from->n_redact, &failed);
  to->drift = (ockham_serve_drift){0}; /* likewise: */
  to->models = NULL;                   /* they are in the plan */
  to->n_models = 0;
  set_usual(to);
  if (failed) return ock_fail_memory(err, "the options", sizeof *to);
  return ock_plan_copy(&server->plan, from, err);
}

/* ---- files ---- */

/* The whole file, with a NUL behind it. */
static ockham_status read_text(const char *path, char **text, ockham_error *err) {
  enum { MOST = 1 << 20 };
  *text = NULL;
  FILE *file = fopen(path, "rb");
  if (!file) return ock_fail(err, OCKHAM_IO, "cannot read %s: %s", path, strerror(errno));
  char *bytes = ock_alloc(MOST + 1);
  size_t size = bytes ? fread(bytes, 1, MOST, file) : 0;
  fclose(file);
  if (!bytes) return ock_fail_memory(err, path, MOST);
  bytes[size] = '\0';
  *text = bytes;
  return OCKHAM_OK;
}

static ockham_status read_token(ockham_server *server, ockham_error *err) {
  if (!server->options.token_file) return OCKHAM_OK;
  OCK_TRY(read_text(server->options.token_file, &server->token, err));
  server->token[strcspn(server->token, "\r\n")] = '\0';
  if (!*server->token)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: expected a token in its first line, found none",
                    server->options.token_file);
  return OCKHAM_OK;
}

static ockham_status open_log(ockham_server *server, ockham_error *err) {
  const char *path = server->options.access_log;
  if (!path) return OCKHAM_OK;
  server->access_log = strcmp(path, "-") == 0 ? stdout : fopen(path, "ae");
  if (!server->access_log) return ock_fail(err, OCKHAM_CANNOT_WRITE, "cannot write %s: %s", path, strerror(errno));
  setvbuf(server->access_log, NULL, _IOLBF, BUFSIZ);
  return OCKHAM_OK;
}

static ockham_status open_recorder(ockham_server *server, ockham_error *err) {
  const ockham_serve_options *o = &server->options;
  if (o->no_record) return OCKHAM_OK;
  ock_recorder_options options = {
      .keep_bytes = o->record_bytes, .keep_seconds = (uint64_t)o->record_days * 86400, .flush_ms = o->flush_ms};
  return ock_recorder_open(o->folder, &options, &server->recorder, err);
}

ockham_status ock_server_write_helpers(ockham_server *server, const ock_plan *plan, ockham_error *err) {
  bool any = false;
  for (unsigned i = 0; i < plan->n; i++) any = any || plan->models[i].n_command;
  if (!any || server->helpers) return OCKHAM_OK;
  const char *folder = server->options.folder;
  size_t size = strlen(folder) + sizeof "/helpers" + PATH_MAX;
  char *path = ock_arena_array(&server->arena, size, 1);
  if (!path) return ock_fail_memory(err, "a path", size);
  if (mkdir(folder, 0700) != 0 && errno != EEXIST)
    return ock_fail(err, OCKHAM_CANNOT_WRITE, "cannot make %s: %s", folder, strerror(errno));
  char whole[PATH_MAX]; /* workers have working folders of their own */
  snprintf(path, size, "%s/helpers", realpath(folder, whole) ? whole : folder);
  OCK_TRY(ock_helpers_write(path, err));
  server->helpers = path;
  return OCKHAM_OK;
}

/* ---- sockets ---- */

/* path: of a socket in the file system, which is for its owner only; else NULL. */
static int listen_at(int family, const struct sockaddr *address, socklen_t size, const char *path) {
  enum { BACKLOG = 4096 };
  int one = 1, fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  if (family != AF_UNIX) {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }
  bool bound = bind(fd, address, size) == 0;
  if (bound && path) bound = chmod(path, 0600) == 0; /* nobody can connect before listen() */
  if (bound && listen(fd, BACKLOG) == 0) return fd;
  int why = errno;
  close(fd);
  errno = why;
  return -1;
}

static bool is_listened_to(const struct sockaddr_un *address) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  bool answers = fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN);
  if (fd >= 0) close(fd);
  return answers;
}

static ockham_status open_socket_path(const char *path, int *fd, ockham_error *err) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  assert(strlen(path) < sizeof address.sun_path); /* ock_address_parse() */
  strcpy(address.sun_path, path);
  struct stat info;
  if (is_listened_to(&address)) return ock_fail(err, OCKHAM_IO, "cannot listen on %s: another server does", path);
  if (lstat(path, &info) == 0 && S_ISSOCK(info.st_mode)) unlink(path); /* what a server that was killed left */
  *fd = listen_at(AF_UNIX, (struct sockaddr *)&address, sizeof address, path);
  if (*fd < 0) return ock_fail(err, OCKHAM_IO, "cannot listen on %s: %s", path, strerror(errno));
  return OCKHAM_OK;
}

static void write_url(int fd, const char *host, bool tls, char url[300]) {
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  unsigned port = 0;
  if (getsockname(fd, (struct sockaddr *)&address, &size) == 0)
    port = ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&address)->sin6_port
                                               : ((struct sockaddr_in *)(void *)&address)->sin_port);
  const char *name = !*host || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0 ? "localhost" : host;
  snprintf(url, 300, strchr(name, ':') ? "%s://[%s]:%u" : "%s://%s:%u", tls ? "https" : "http", name, port);
}

static ockham_status parse_address(const char *what, const char *text, ock_address *address, ockham_error *err) {
  ockham_error own = {0};
  ockham_status status = ock_address_parse(text, address, &own);
  return status ? ock_fail(err, status, "%s: %.400s", what, own.message) : OCKHAM_OK;
}

static ockham_status open_socket(const char *what, const ock_address *address, bool tls, int *fd, char url[300],
                                 ockham_error *err) {
  if (address->none) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: expected an address, found 'none'", what);
  if (address->path) {
    snprintf(url, 300, "unix:%s", address->path);
    return open_socket_path(address->path, fd, err);
  }
  char port[16];
  snprintf(port, sizeof port, "%u", address->port);
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found = NULL;
  int failed = getaddrinfo(*address->host ? address->host : NULL, port, &hints, &found);
  if (failed) return ock_fail(err, OCKHAM_IO, "%s: cannot find '%s': %s", what, address->host, gai_strerror(failed));
  *fd = -1;
  for (struct addrinfo *a = found; a && *fd < 0; a = a->ai_next)
    *fd = listen_at(a->ai_family, a->ai_addr, a->ai_addrlen, NULL);
  int why = errno;
  freeaddrinfo(found);
  if (*fd < 0)
    return ock_fail(err, OCKHAM_IO,
                    strchr(address->host, ':') ? "%s: cannot listen on [%s]:%u: %s" : "%s: cannot listen on %s:%u: %s",
                    what, address->host, address->port, strerror(why));
  write_url(*fd, address->host, tls, url);
  return OCKHAM_OK;
}

/* ---- daemons ---- */

/* Paths are decoded by route.c, part by part. */
static size_t leave_encoded(void *user, struct MHD_Connection *connection, char *text) {
  (void)user, (void)connection;
  return strlen(text);
}

static void ignore_log(void *user, const char *format, va_list arguments) {
  (void)user, (void)format, (void)arguments;
}

static struct MHD_Daemon *start_daemon(ockham_server *server, int fd, bool admin, const char *certificate,
                                       const char *key) {
  enum { MEMORY_A_CONNECTION = 32 * 1024, ADMIN_CONNECTIONS = 128, ADMIN_THREADS = 2 };
  const ockham_serve_options *o = &server->options;
  unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | (certificate ? MHD_USE_TLS : 0);
  unsigned threads = admin ? ADMIN_THREADS : o->threads;
  struct MHD_OptionItem more[8];
  size_t n = 0;
  if (threads > 1) more[n++] = (struct MHD_OptionItem){MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL};
  if (certificate) {
    more[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)certificate};
    more[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key};
  }
  more[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
  return MHD_start_daemon(
      flags, 0, NULL, NULL, ock_exchange_step, server, MHD_OPTION_EXTERNAL_LOGGER, ignore_log, NULL,
      MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, admin ? ADMIN_CONNECTIONS + 0u : o->connections,
      MHD_OPTION_CONNECTION_TIMEOUT, o->idle_seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_A_CONNECTION,
      MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL, MHD_OPTION_URI_LOG_CALLBACK,
      admin ? ock_exchange_begin_admin : ock_exchange_begin, server, MHD_OPTION_NOTIFY_COMPLETED, ock_exchange_end,
      server, MHD_OPTION_NOTIFY_CONNECTION, ock_guests_notify, &server->guests, MHD_OPTION_ARRAY, more, MHD_OPTION_END);
}

static ockham_status serve_on(ockham_server *server, int fd, bool admin, bool tls, ockham_error *err) {
  const ockham_serve_options *o = &server->options;
  char *certificate = NULL, *key = NULL;
  ockham_status status = tls ? read_text(o->certificate, &certificate, err) : OCKHAM_OK;
  if (!status && tls && o->key) status = read_text(o->key, &key, err);
  struct MHD_Daemon *daemon = status ? NULL : start_daemon(server, fd, admin, certificate, key);
  if (!status && !daemon)
    status = ock_fail(err, OCKHAM_IO, "cannot serve on %s: %s", admin ? server->admin_url : server->url,
                      tls ? "check the certificate and the key" : strerror(errno));
  *(admin ? &server->admin_daemon : &server->daemon) = daemon;
  ock_free(certificate);
  ock_free(key);
  return status;
}

static ockham_status open_admin(ockham_server *server, ockham_error *err) {
  const ockham_serve_options *o = &server->options;
  if (strcmp(o->admin, "none") == 0) return OCKHAM_OK;
  ock_address address;
  int fd;
  OCK_TRY(parse_address("admin", o->admin, &address, err));
  server->admin_is_socket = address.path;
  bool tls = o->certificate && !ock_address_is_local(&address); /* its token shall not be read on the way */
  OCK_TRY(ock_streams_start(server, err));
  OCK_TRY(open_socket("admin", &address, tls, &fd, server->admin_url, err));
  ockham_status status = serve_on(server, fd, true, tls, err);
  if (status) close(fd);
  return status;
}

/* The URLs are there before any thread that may ask for them. */
static ockham_status open_both(ockham_server *server, ockham_error *err) {
  const ockham_serve_options *o = &server->options;
  ock_address address;
  int fd;
  OCK_TRY(parse_address("listen", o->listen, &address, err));
  OCK_TRY(open_socket("listen", &address, o->certificate, &fd, server->url, err));
  ockham_status status = open_admin(server, err);
  if (!status) status = serve_on(server, fd, false, o->certificate, err);
  if (status) close(fd);
  return status;
}

/* ---- life ---- */

static bool knows(const ock_schema *schema, const char *name) {
  return ock_field_find(schema->inputs, schema->n_inputs, name) ||
         ock_field_find(schema->outputs, schema->n_outputs, name) || ock_schema_has_column(schema, name);
}

/* A misspelt name would keep what nobody wants kept. Only when all have said what they take. */
static void tell_of_unknown_redactions(ockham_server *server) {
  for (unsigned r = 0; r < server->options.n_redact; r++) {
    const char *name = server->options.redact[r];
    bool known = false;
    ock_version *v;
    for (size_t i = 0; (v = ock_catalog_get(&server->catalog, i)); i++) {
      const ock_schema *schema = ock_version_schema(v);
      known = known || !schema || knows(schema, name);
      ock_version_release(v);
    }
    if (!known) ock_server_log(server, "record.redact: no model has a column '%s'", name);
  }
}

ockham_status ockham_server_wait(ockham_server *server, ockham_error *err) {
  ockham_status status = OCKHAM_OK;
  ock_version *v;
  for (size_t i = 0; (v = ock_catalog_get(&server->catalog, i)); i++) {
    ockham_error own = {0};
    if (ock_version_wait(v, &own)) {
      ock_server_log(server, "%s:%s is not ready: %s", v->settings.name, v->settings.version, own.message);
      if (!status) status = ock_fail(err, own.status, "%s: %s", v->settings.name, own.message);
    }
    ock_version_release(v);
  }
  tell_of_unknown_redactions(server);
  return status;
}

static ockham_status start(ockham_server *server, ockham_error *err) {
  OCK_TRY(ock_watch_start(&server->watch, err));
  OCK_TRY(ock_guests_start(&server->guests, server->options.idle_seconds, server->options.request_seconds, err));
  OCK_TRY(read_token(server, err));
  OCK_TRY(open_log(server, err));
  OCK_TRY(open_recorder(server, err));
  OCK_TRY(ock_webhooks_new(server, &server->webhooks, err));
  OCK_TRY(ock_server_write_helpers(server, &server->plan, err));
  OCK_TRY(ock_plan_start(server, err));
  return open_both(server, err);
}

ockham_status ockham_server_start(const ockham_serve_options *options, void (*log)(void *user, const char *line),
                                  void *user, ockham_server **out, ockham_error *err) {
  *out = NULL;
  ockham_server *server = ock_alloc_zeroed(1, sizeof *server);
  if (!server) return ock_fail_memory(err, "a server", sizeof *server);
  server->log = log;
  server->log_user = user;
  server->start_ns = ock_clock_ns();
  server->id_seed = ock_wall_ns() / 1000 ^ (uint64_t)getpid() << 20;
  server->patience_ms = 1000;
  pthread_rwlock_init(&server->catalog.lock, NULL);
  pthread_mutex_init(&server->log_lock, NULL);
  pthread_mutex_init(&server->life_lock, NULL);
  pthread_mutex_init(&server->plan_lock, NULL);
  pthread_cond_init(&server->life_changed, NULL);
  ockham_status status = copy_options(server, options, err);
  if (!status) status = start(server, err);
  if (status)
    ockham_server_stop(server, 0);
  else
    *out = server;
  return status;
}

const char *ockham_server_url(const ockham_server *server) {
  return server->url;
}

const char *ockham_server_admin_url(const ockham_server *server) {
  return server->admin_url;
}

void ockham_server_interrupt(ockham_server *server) {
  if (server) atomic_store(&server->interrupted, true);
}

static void wait_until_none_lives(ockham_server *server) {
  pthread_mutex_lock(&server->life_lock);
  while (server->n_alive) pthread_cond_wait(&server->life_changed, &server->life_lock);
  pthread_mutex_unlock(&server->life_lock);
}

static void sleep_ms(unsigned ms) {
  struct timespec pause = {ms / 1000, (long)(ms % 1000) * 1000000};
  nanosleep(&pause, NULL);
}

/* Answers that are ready still have to be sent. Connections are suspended while a crew or a thread works for them, and
 * those cannot be ended: a model that was being loaded meanwhile is closed too. */
static void wait_for_exchanges(ockham_server *server, uint64_t until_ns) {
  enum { STEP_MS = 2 };
  while (server->n_exchanges && ock_clock_ns() < until_ns) sleep_ms(STEP_MS);
  while (server->n_apart) {
    ock_versions_close(server, until_ns);
    sleep_ms(STEP_MS);
  }
  ock_versions_close(server, until_ns);
}

/* No new connections; what waits for a crew is finished by its end; then the daemons, whose last exchanges let go of
 * the versions; then the rest. */
void ockham_server_stop(ockham_server *server, unsigned timeout_ms) {
  if (!server) return;
  uint64_t until_ns = ock_clock_ns() + (uint64_t)timeout_ms * 1000000;
  server->patience_ms = timeout_ms;
  server->stopping = true;
  ockham_server_interrupt(server);
  MHD_socket fd = server->daemon ? MHD_quiesce_daemon(server->daemon) : MHD_INVALID_SOCKET;
  ock_versions_close(server, until_ns);
  ock_streams_end(server->streams);
  wait_for_exchanges(server, until_ns);
  if (server->daemon) MHD_stop_daemon(server->daemon);
  if (server->admin_daemon) MHD_stop_daemon(server->admin_daemon);
  if (fd != MHD_INVALID_SOCKET) close(fd);
  if (server->admin_is_socket && server->admin_daemon) unlink(server->options.admin);
  ock_catalog_clear(&server->catalog);
  ock_versions_end_left(server);
  wait_until_none_lives(server);
  ock_streams_free(server->streams);
  ock_webhooks_free(server->webhooks);
  ock_watch_stop(server->watch);
  ock_guests_stop(&server->guests);
  ock_recorder_close(server->recorder);
  if (server->access_log && server->access_log != stdout) fclose(server->access_log);
  pthread_cond_destroy(&server->life_changed);
  pthread_mutex_destroy(&server->life_lock);
  pthread_mutex_destroy(&server->plan_lock);
  pthread_mutex_destroy(&server->log_lock);
  ock_free(server->token);
  ock_arena_clear(&server->plan.arena);
  ock_arena_clear(&server->arena);
  ock_free(server);
}
