/* SPDX-License-Identifier: Apache-2.0 */
/* Ask recorded requests again of another version, and say what it answers otherwise. */
#include <math.h>
#include <ockham/replay.h>
#include <ockham/serve.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

typedef struct replay_options {
  const char *against, *server, *model, *version, *id, *status;
  double tolerance;
  size_t limit, show;
  bool json, quiet, failed, slow, far, drift;
} replay_options;

static const cli_option option_table[] = {
    {"against", CLI_TEXT, "WHAT", "MODEL.ock, NAME=COMMAND, NAME:VERSION of a running server, or a server's URL",
     offsetof(replay_options, against), NULL},
    {"server", CLI_TEXT, "URL", "the running server (default: http://127.0.0.1:8080)", offsetof(replay_options, server),
     NULL},
    {"model", CLI_TEXT, "NAME", "only requests of this model", offsetof(replay_options, model), NULL},
    {"version", CLI_TEXT, "VERSION", "only requests that this version answered", offsetof(replay_options, version),
     NULL},
    {"id", CLI_TEXT, "ID", "only the request with this X-Request-Id", offsetof(replay_options, id), NULL},
    {"failed", CLI_FLAG, NULL, "only requests that failed", offsetof(replay_options, failed), NULL},
    {"slow", CLI_FLAG, NULL, "only slow ones", offsetof(replay_options, slow), NULL},
    {"far", CLI_FLAG, NULL, "only those with a row far from the training data", offsetof(replay_options, far), NULL},
    {"drift", CLI_FLAG, NULL, "those of the kind that there were more of during drift", offsetof(replay_options, drift),
     NULL},
    {"tolerance", CLI_REAL, "T", "relative, within which numbers are the same (default: 1e-6)",
     offsetof(replay_options, tolerance), NULL},
    {"limit", CLI_COUNT, "N", "at most so many requests (default: all)", offsetof(replay_options, limit), NULL},
    {"show", CLI_COUNT, "N", "print so many that differ (default: 10)", offsetof(replay_options, show), NULL},
    {"json", CLI_FLAG, NULL, "a line of JSON for each request, and one of the sums", offsetof(replay_options, json),
     NULL},
    {"quiet", CLI_FLAG, NULL, "no progress", offsetof(replay_options, quiet), NULL},
    {0},
};

static const char *const verdict_words[] = {
#define WORD(name, word) word,
    OCKHAM_REPLAY_VERDICT_LIST(WORD)
#undef WORD
};

/* ---- one after the other ---- */

typedef struct teller {
  const replay_options *options;
  const ockham_progress *progress;
  uint64_t n, n_shown;
} teller;

static void put_json_text(const char *text) {
  putchar('"');
  for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
    if (*p == '"' || *p == '\\')
      printf("\\%c", *p);
    else if (*p < ' ')
      printf("\\u%04x", *p);
    else
      putchar(*p);
  }
  putchar('"');
}

static void put_json_number(const char *key, double value) {
  if (isfinite(value))
    printf(",\"%s\":%.17g", key, value);
  else
    printf(",\"%s\":null", key);
}

static void put_json(const ockham_replayed *r) {
  printf("{\"number\":%llu,\"id\":", (unsigned long long)r->request->number);
  put_json_text(r->request->id);
  printf(",\"verdict\":\"%s\",\"status_then\":%u,\"status_now\":%u,\"values\":%llu,\"different\":%llu",
         verdict_words[r->verdict], r->request->status, r->status, (unsigned long long)r->n_values,
         (unsigned long long)r->n_different);
  put_json_number("worst", r->worst);
  put_json_number("ms_then", (double)r->request->total_ns / 1e6);
  put_json_number("ms_now", (double)r->total_ns / 1e6);
  fputs(",\"text\":", stdout);
  put_json_text(r->text);
  puts("}");
}

static bool tell(void *user, const ockham_replayed *r) {
  teller *t = user;
  t->n++;
  if (t->options->json) {
    put_json(r);
  } else if (r->verdict != OCKHAM_REPLAY_SAME && t->n_shown < (t->options->show ? t->options->show : 10)) {
    if (!t->n_shown++) cli_progress_end();
    printf("%-8llu %-16.16s %-14s ", (unsigned long long)r->request->number, r->request->id, verdict_words[r->verdict]);
    cli_put_name(r->text, strlen(r->text), stdout);
    putchar('\n');
  }
  return !t->progress || t->progress->report(t->progress->user, "asking again", t->n, t->options->limit);
}

/* ---- the sum ---- */

static void put_sum_json(const ockham_replay_result *r) {
  printf("{\"requests\":%llu", (unsigned long long)r->n);
  for (size_t v = 0; v < OCKHAM_REPLAY_VERDICT_COUNT; v++)
    printf(",\"%s\":%llu", verdict_words[v], (unsigned long long)r->n_verdicts[v]);
  printf(",\"values\":%llu,\"different_values\":%llu", (unsigned long long)r->n_values,
         (unsigned long long)r->n_different);
  put_json_number("worst", r->worst);
  put_json_number("seconds_then", r->seconds_then);
  put_json_number("seconds_now", r->seconds_now);
  puts("}");
}

static void put_sum(const ockham_replay_result *r) {
  printf("%llu request%s asked again: %llu answered the same", (unsigned long long)r->n, r->n == 1 ? "" : "s",
         (unsigned long long)r->n_verdicts[OCKHAM_REPLAY_SAME]);
  for (size_t v = 1; v < OCKHAM_REPLAY_VERDICT_COUNT; v++)
    if (r->n_verdicts[v]) printf(", %llu %s", (unsigned long long)r->n_verdicts[v], verdict_words[v]);
  putchar('\n');
  if (r->n_different)
    printf("%llu of %llu values differ, the largest relative difference is %.3g (request %llu)\n",
           (unsigned long long)r->n_different, (unsigned long long)r->n_values, r->worst,
           (unsigned long long)r->worst_number);
  if (r->seconds_then > 0)
    printf("answered in %.3g s then (at the server), %.3g s now (seen from here)\n", r->seconds_then, r->seconds_now);
}

/* ---- whom to ask ---- */

static bool is_url(const char *text) {
  return strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
}

/* A server of our own for a model that none has yet. */
static ockham_status start_own(const char *what, ockham_serve_file **file, ockham_server **server, const char **name,
                               ockham_error *err) {
  ockham_status status = ockham_serve_file_new(file, err);
  const char *equals = strchr(what, '=');
  char *given = equals ? strndup(what, (size_t)(equals - what)) : NULL;
  if (!status && equals && !given) status = cli_no_memory("the name of a model", err);
  if (!status)
    status = ockham_serve_file_add(*file, equals ? OCKHAM_SERVE_COMMAND : OCKHAM_SERVE_FITTED, given,
                                   equals ? equals + 1 : what, err);
  free(given);
  if (status) return status;
  ockham_serve_options options = *ockham_serve_file_look(*file);
  options.listen = "127.0.0.1:0";
  options.admin = "none";
  options.no_record = true;
  *name = options.models[0].name;
  status = ockham_server_start(&options, NULL, NULL, server, err);
  return status ? status : ockham_server_wait(*server, err);
}

typedef struct target {
  ockham_serve_file *file;
  ockham_server *server;
  char *model; /* "NAME:VERSION", cut in two */
} target;

static ockham_status find_target(const replay_options *o, target *t, ockham_replay_options *replay, ockham_error *err) {
  const char *what = o->against, *colon = what ? strrchr(what, ':') : NULL;
  replay->url = o->server ? o->server : "http://127.0.0.1:8080";
  if (!what) return OCKHAM_OK;
  if (is_url(what)) {
    replay->url = what;
    return OCKHAM_OK;
  }
  if (!colon || strchr(what, '=') || strchr(what, '/')) {
    ockham_status status = start_own(what, &t->file, &t->server, &replay->model, err);
    if (!status) replay->url = ockham_server_url(t->server);
    return status;
  }
  t->model = strdup(what);
  if (!t->model) return cli_no_memory("the name of a model", err);
  t->model[colon - what] = '\0';
  replay->model = t->model;
  replay->version = t->model + (colon - what) + 1;
  return OCKHAM_OK;
}

/* Nothing was compared, which must not look like a pass. */
static int fail_none(const char *folder) {
  fprintf(stderr, "ockham: %s: expected a request that was asked for and whose body is kept, found none\n", folder);
  return EXIT_DATA;
}

static int replay(const char *folder, const replay_options *o) {
  teller t = {.options = o, .progress = cli_progress_start(o->quiet || o->json)};
  ockham_replay_options options = {
      .folder = folder,
      .filter = {.model = o->model,
                 .version = o->version,
                 .id = o->id,
                 .least_status = o->failed ? 400 : 0,
                 .marks = (o->slow ? OCKHAM_MARK_SLOW : 0u) | (o->far ? OCKHAM_MARK_FAR : 0u) |
                          (o->drift ? OCKHAM_MARK_DRIFT : 0u)},
      .limit = o->limit,
      .tolerance = o->tolerance,
      .each = tell,
      .user = &t,
  };
  target asked = {0};
  ockham_replay_result result;
  ockham_error err = {0};
  ockham_status status = find_target(o, &asked, &options, &err);
  if (!status) status = ockham_replay(&options, &result, &err);
  cli_progress_end();
  if (!status && o->json)
    put_sum_json(&result);
  else if (!status)
    put_sum(&result);
  ockham_server_stop(asked.server, 1000);
  ockham_serve_file_free(asked.file);
  free(asked.model);
  if (status) return cli_fail(&err);
  if (result.n == 0) return fail_none(folder);
  return result.n_verdicts[OCKHAM_REPLAY_SAME] == result.n ? EXIT_DONE : EXIT_DATA;
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  replay_options options = {0};
  int n_positional;
  bool stop;
  int code = cli_parse(command, n_arguments, arguments, &options, &n_positional, &stop);
  if (stop) return code;
  if (options.tolerance < 0) return cli_fail_usage("--tolerance must be at least 0, found %g", options.tolerance);
  return replay(n_positional ? arguments[0] : "ockham-data", &options);
}

const cli_command cmd_replay = {
    .name = "replay",
    .usage = "[FOLDER] [options]",
    .summary = "ask recorded requests again of another version",
    .details =
        "FOLDER is what `ockham serve` recorded into (default: ockham-data). Requests whose bodies were kept are\n"
        "sent again, one after the other, by the route by which they came; answers are compared output by output.\n"
        "Exit code 1 says that something was answered otherwise.",
    .min_arguments = 0,
    .max_arguments = 1,
    .options = option_table,
    .run = run,
};
