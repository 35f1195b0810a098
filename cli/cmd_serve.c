/* SPDX-License-Identifier: Apache-2.0 */
/* Serve models over HTTP until a signal ends it. */
#include <errno.h>
#include <math.h>
#include <ockham/certify.h>
#include <ockham/model.h>
#include <ockham/serve.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "served.h"

typedef struct serve_options {
  cli_list models, upstreams;
  const char *listen, *admin, *folder, *token_file, *access_log;
  size_t workers;
  double sample;
  bool no_record, check, quiet;
} serve_options;

static const cli_option option_table[] = {
    {"model", CLI_TEXTS, "NAME=COMMAND", "serve a program; may be given again", offsetof(serve_options, models), NULL},
    {"upstream", CLI_TEXTS, "NAME=URL", "serve what a server answers; may be given again",
     offsetof(serve_options, upstreams), NULL},
    {"listen", CLI_TEXT, "HOST:PORT", "where requests come in (default: 127.0.0.1:8080)",
     offsetof(serve_options, listen), NULL},
    {"admin", CLI_TEXT, "ADDRESS", "HOST:PORT, a Unix socket or none (default: 127.0.0.1:8081)",
     offsetof(serve_options, admin), NULL},
    {"token-file", CLI_TEXT, "FILE", "its first line must come with every request to admin",
     offsetof(serve_options, token_file), NULL},
    {"folder", CLI_TEXT, "FOLDER", "where the recording is kept (default: ockham-data)",
     offsetof(serve_options, folder), NULL},
    {"workers", CLI_COUNT, "N", "processes of each --model, connections of each --upstream",
     offsetof(serve_options, workers), NULL},
    {"sample", CLI_REAL, "SHARE", "of the requests whose bodies are kept, 0 to 1 (default: 0.01)",
     offsetof(serve_options, sample), NULL},
    {"no-record", CLI_FLAG, NULL, "record nothing", offsetof(serve_options, no_record), NULL},
    {"access-log", CLI_TEXT, "FILE", "a line of JSON for each request; '-' is standard output",
     offsetof(serve_options, access_log), NULL},
    {"check", CLI_FLAG, NULL, "say what is wrong, and start nothing", offsetof(serve_options, check), NULL},
    {"quiet", CLI_FLAG, NULL, "say nothing but what is wrong", offsetof(serve_options, quiet), NULL},
    {0},
};

/* ---- signals ---- */

static sem_t signalled;
static atomic_int n_signals; /* handlers run in any thread of the server */
static atomic_bool reload_wanted;
static ockham_server *_Atomic running;

static void wake_main(void) {
  int kept = errno;
  sem_post(&signalled);
  errno = kept;
}

static void on_stop(int number) {
  (void)number;
  if (atomic_fetch_add(&n_signals, 1)) _exit(EXIT_STOPPED); /* the second is meant */
  ockham_server_interrupt(running);                         /* while models are waited for */
  wake_main();
}

static void on_reload(int number) {
  (void)number;
  atomic_store(&reload_wanted, true);
  wake_main();
}

static void catch_signals(void) {
  struct sigaction stop = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
  struct sigaction reload = {.sa_handler = on_reload, .sa_flags = SA_RESTART};
  sem_init(&signalled, 0, 0);
  sigaction(SIGINT, &stop, NULL);
  sigaction(SIGTERM, &stop, NULL);
  sigaction(SIGHUP, &reload, NULL);
  signal(SIGPIPE, SIG_IGN);
}

/* True when a reload is wanted, false when the end is. */
static bool wait_for_signal(void) {
  for (;;) {
    while (sem_wait(&signalled) != 0) continue;
    if (n_signals) return false;
    if (atomic_exchange(&reload_wanted, false)) return true;
  }
}

/* ---- what is to be served ---- */

/* What the command line says goes before what the file says. */
static void put_options(const serve_options *o, unsigned n_of_file, ockham_serve_options *options) {
  if (o->listen) options->listen = o->listen;
  if (o->admin) options->admin = o->admin;
  if (o->token_file) options->token_file = o->token_file;
  if (o->folder) options->folder = o->folder;
  if (o->access_log) options->access_log = o->access_log;
  if (o->no_record) options->no_record = true;
  if (!isnan(o->sample)) options->sample = o->sample > 0 ? o->sample : -1;
  for (unsigned i = n_of_file; i < options->n_models; i++)
    if (!options->models[i].file) options->models[i].workers = (unsigned)o->workers;
}

/* ---- what is being served ---- */

static void put_size(const char *what, uint64_t bytes) {
  static const char units[] = " KMGT";
  int unit = 0;
  while (unit < 4 && bytes >= 1024 && bytes % 1024 == 0) {
    bytes /= 1024;
    unit++;
  }
  fprintf(stderr, ", %s %llu%.*s", what, (unsigned long long)bytes, unit > 0, units + unit);
}

static void put_limits(const ockham_serve_model *given) {
  ockham_serve_model copy = *given, *m = &copy;
  ockham_budget budget;
  if (m->budget && ockham_budget_read(m->budget, &budget, NULL) == OCKHAM_OK) { /* what it leaves open, that sets */
    if (!m->timeout_ms) m->timeout_ms = budget.timeout_ms;
    if (!m->memory_bytes && m->command) m->memory_bytes = budget.memory_limit_bytes;
  }
  unsigned workers = m->workers ? m->workers : m->upstream ? 8 : 1;
  if (m->budget) fprintf(stderr, "; budget %s", m->budget);
  if (m->file) return;
  fprintf(stderr, "; %u %s%s, time-out %g s", workers, m->upstream ? "connection" : "worker", workers > 1 ? "s" : "",
          (m->timeout_ms ? m->timeout_ms : 10000) / 1000.0);
  if (m->memory_bytes) put_size("memory", m->memory_bytes);
  if (m->cpus > 0) fprintf(stderr, ", %g CPUs", m->cpus);
  if (m->no_network) fputs(", no network", stderr);
  if (m->no_sandbox) fputs(", no sandbox", stderr);
}

/* ---- drift ---- */

/* Of a model of its own, or of the file that is served; NULL: it has none. *model is what it lies in. */
static const ockham_profile *profile_of(const ockham_serve_model *m, ockham_model **model) {
  const char *path = m->profile ? m->profile : m->file;
  *model = NULL;
  if (!path || ockham_model_load(path, model, NULL)) return NULL;
  return ockham_model_look(*model)->profile;
}

static const char *budget_of(const ockham_serve_model *m, const ockham_serve_options *options) {
  if (m->drift.false_alarms) return m->drift.false_alarms;
  return options->drift.false_alarms ? options->drift.false_alarms : "1 per 30d";
}

/* A column that a fitted model is not given, though the profile in its file has it; NULL: none. */
static const char *find_foreign(const ockham_serve_model *m, const ockham_model *model) {
  const ockham_model_parts *parts = ockham_model_look(model);
  const ockham_profile_parts *profile = ockham_profile_look(parts->profile);
  if (m->profile || !m->file) return NULL;
  for (size_t j = 0; j < profile->n_columns; j++) {
    size_t i = 0;
    while (i < parts->n_columns && strcmp(parts->column_names[i], profile->columns[j].name) != 0) i++;
    if (i == parts->n_columns && profile->columns[j].role == OCKHAM_COLUMN_INPUT) return profile->columns[j].name;
  }
  return NULL;
}

static void print_drift(const ockham_serve_options *options) {
  for (unsigned i = 0; i < options->n_models; i++) {
    const ockham_serve_model *m = &options->models[i];
    ockham_model *model = NULL;
    bool off = m->drift.off || options->drift.off;
    const ockham_profile *profile = off ? NULL : profile_of(m, &model);
    const char *foreign = profile ? find_foreign(m, model) : NULL;
    printf("  %s%s%s: ", m->name, m->version ? " version " : "", m->version ? m->version : "");
    if (foreign) {
      printf("not watched for drift: the profile has a column '");
      cli_put_name(foreign, strlen(foreign), stdout);
      puts("', and the model has none");
    } else if (profile) {
      const ockham_profile_parts *parts = ockham_profile_look(profile);
      printf("watched for drift from %s (%llu rows, %zu columns, %zu clusters), false alarms %s%s\n",
             m->profile ? m->profile : m->file, (unsigned long long)parts->n_rows, parts->n_columns, parts->k,
             budget_of(m, options),
             m->file ? "" : "; not checked: whether it has these columns, which it says when it runs");
    } else {
      printf("not watched for drift: %s\n", off ? "it is switched off" : "there is no profile");
    }
    ockham_model_free(model);
  }
}

static void put_source(const ockham_serve_model *m) {
  if (m->file) fputs(m->file, stderr);
  if (m->upstream) fputs(m->upstream, stderr);
  for (unsigned i = 0; i < m->n_command; i++) fprintf(stderr, "%s%s", i ? " " : "", m->command[i]);
}

static void print_models(const ockham_serve_options *options) {
  for (unsigned i = 0; i < options->n_models; i++) {
    const ockham_serve_model *m = &options->models[i];
    fprintf(stderr, "  %s%s%s%s: ", m->name, m->version ? " version " : "", m->version ? m->version : "",
            m->shadow ? " (shadow)" : "");
    put_source(m);
    put_limits(m);
    fputc('\n', stderr);
  }
}

static void print_start(const ockham_server *server, const ockham_serve_options *options) {
  const char *url = ockham_server_url(server), *admin = ockham_server_admin_url(server);
  fprintf(stderr, "ockham serves at %s", url);
  if (*admin) fprintf(stderr, ", its console is at %s", admin);
  fputs("\n", stderr);
  print_models(options);
  if (options->no_record)
    fputs("nothing is recorded\n", stderr);
  else
    fprintf(stderr, "requests are recorded in %s\n", options->folder ? options->folder : "ockham-data");
}

/* Once they have said what they take: a request that can be copied, for a few of them. */
static void print_examples(ockham_server *server, const ockham_serve_options *options) {
  enum { MOST = 3 };
  const char *last = "";
  for (unsigned i = 0, n = 0; i < options->n_models && n < MOST; i++) {
    const ockham_serve_model *m = &options->models[i];
    char *line = NULL;
    if (strcmp(m->name, last) == 0 || ockham_server_example(server, m->name, &line, NULL) || !line) continue;
    fprintf(stderr, "  %s\n", line);
    ockham_text_free(line);
    last = m->name;
    n++;
  }
}

static void print_line(void *user, const char *line) {
  const bool *quiet = user;
  if (!*quiet) fprintf(stderr, "ockham: %s\n", line);
}

/* ---- from start to end ---- */

/* What the command line and the configuration that it names say together; `file` owns what `options` names. */
typedef struct wanted {
  const serve_options *said;
  int n_arguments;
  char **arguments;
  ockham_serve_file *file;
  ockham_serve_options options;
} wanted;

/* Read and check it; an exit code after all that is wrong was told. */
static int read_wanted(wanted *w) {
  unsigned n_of_file = 0;
  int code = cli_served_read(w->n_arguments, w->arguments, &w->said->models, &w->said->upstreams, &w->file, &n_of_file);
  if (code) return code;
  w->options = *ockham_serve_file_look(w->file);
  put_options(w->said, n_of_file, &w->options);
  ockham_status status = ockham_serve_check_each(&w->options, w->file, cli_tell_problem, NULL, NULL);
  return status ? cli_problem_code(status) : EXIT_DONE;
}

static void reload(ockham_server *server, const wanted *first) {
  wanted again = *first;
  ockham_error err = {0};
  again.file = NULL;
  if (read_wanted(&again))
    fputs("ockham: what runs is left as it was\n", stderr);
  else if (ockham_server_reload(server, &again.options, &err))
    fprintf(stderr, "ockham: %s\n", err.message);
  else if (!first->said->quiet)
    fputs("reloaded\n", stderr);
  ockham_serve_file_free(again.file);
}

static int serve(const wanted *w) {
  enum { PATIENCE_MS = 30000 };
  ockham_server *server;
  ockham_error err = {0};
  bool quiet = w->said->quiet;
  catch_signals();
  if (ockham_server_start(&w->options, print_line, &quiet, &server, &err)) return cli_fail(&err);
  running = server;
  if (!quiet) print_start(server, &w->options);
  if (n_signals == 0 && ockham_server_wait(server, &err))
    fprintf(stderr, "ockham: %s\n", err.message); /* it goes on with the others */
  else if (!quiet && n_signals == 0)
    fputs("ready; Ctrl-C ends it\n", stderr);
  if (!quiet && n_signals == 0) print_examples(server, &w->options);
  while (wait_for_signal()) reload(server, w);
  if (!quiet) fputs("finishing what was accepted; once more ends at once\n", stderr);
  ockham_server_stop(server, PATIENCE_MS);
  return EXIT_DONE;
}

static int check_and_serve(wanted *w) {
  int code = read_wanted(w);
  if (code || !w->said->check) return code ? code : serve(w);
  unsigned n = w->options.n_models;
  if (w->said->quiet) return EXIT_DONE;
  printf("%u model%s, nothing wrong\n", n, n == 1 ? "" : "s");
  print_drift(&w->options);
  return EXIT_DONE;
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  serve_options o = {.sample = NAN};
  int n;
  bool stop;
  int code = cli_parse(command, n_arguments, arguments, &o, &n, &stop);
  if (!stop && n == 0 && o.models.n == 0 && o.upstreams.n == 0) {
    code = cli_fail_usage("expected a model, a configuration, --model or --upstream, found none");
    stop = true;
  }
  wanted w = {.said = &o, .n_arguments = n, .arguments = arguments};
  if (!stop) code = check_and_serve(&w);
  ockham_serve_file_free(w.file);
  cli_list_free(&o.models);
  cli_list_free(&o.upstreams);
  return code;
}

const cli_command cmd_serve = {
    .name = "serve",
    .usage = "[MODEL|FILE.yaml ...]",
    .summary = "serve models over HTTP",
    .details =
        "MODEL is a fitted model (of `ockham fit`): it is served by its file's name without the ending. FILE.yaml is\n"
        "a configuration (docs/serve.md); what the command line says goes before what it says. A program of --model\n"
        "answers on its standard input and output (docs/workers.md). SIGHUP reads all of it again, and takes over the\n"
        "models that changed without failing a request; SIGTERM and Ctrl-C finish what was accepted.",
    .max_arguments = 4096,
    .options = option_table,
    .run = run,
};
