/* SPDX-License-Identifier: Apache-2.0 */
/* What was asked of a server, what it answered, and what happened. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "requests.h"

enum { USUAL_LIMIT = 50 };

typedef struct requests_options {
  const char *model, *version, *status, *since, *until, *id, *key, *hash, *show, *export_to;
  bool slow, far, drift, shadow, died, follow, json, events;
  double least_ms;
  size_t limit; /* 0: not given */
} requests_options;

// clang-format off
static const cli_option option_table[] = {
    {"model", CLI_TEXT, "NAME", "only this model", offsetof(requests_options, model), NULL},
    {"version", CLI_TEXT, "NAME", "only this version", offsetof(requests_options, version), NULL},
    {"status", CLI_TEXT, "STATUS", "only these: 404, 5xx, 400-499", offsetof(requests_options, status), NULL},
    {"slow", CLI_FLAG, NULL, "those that took long; --slow --far: those that are one or the other",
     offsetof(requests_options, slow), NULL},
    {"far", CLI_FLAG, NULL, "those far from all that the model was fitted on", offsetof(requests_options, far), NULL},
    {"drift", CLI_FLAG, NULL, "those of the kind that there were more of during drift", offsetof(requests_options, drift),
     NULL},
    {"shadow", CLI_FLAG, NULL, "the copies that a shadow got", offsetof(requests_options, shadow), NULL},
    {"died", CLI_FLAG, NULL, "those that a worker died on", offsetof(requests_options, died), NULL},
    {"since", CLI_TEXT, "TIME", "2026-11-29T10:00 (UTC), or ago: 30s, 10m, 2h, 1d", offsetof(requests_options, since),
     NULL},
    {"until", CLI_TEXT, "TIME", "likewise", offsetof(requests_options, until), NULL},
    {"least-ms", CLI_REAL, "MS", "those that took at least so many milliseconds", offsetof(requests_options, least_ms),
     NULL},
    {"id", CLI_TEXT, "ID", "those of this X-Request-Id", offsetof(requests_options, id), NULL},
    {"key", CLI_TEXT, "KEY", "those of this X-Unit-Key", offsetof(requests_options, key), NULL},
    {"hash", CLI_TEXT, "HEX", "those whose body has this hash", offsetof(requests_options, hash), NULL},
    {"limit", CLI_COUNT, "N", "the latest N (default: 50; --export: all)", offsetof(requests_options, limit), NULL},
    {"follow", CLI_FLAG, NULL, "then go on with those that come", offsetof(requests_options, follow), NULL},
    {"json", CLI_FLAG, NULL, "a line of JSON each, with all there is", offsetof(requests_options, json), NULL},
    {"show", CLI_TEXT, "ID", "everything of one request, its bodies decoded", offsetof(requests_options, show), NULL},
    {"events", CLI_FLAG, NULL, "what happened instead: deaths of workers, models loaded, ...",
     offsetof(requests_options, events), NULL},
    {"export", CLI_OUTPUT, "FILE", "write those whose bodies were kept into a recording of its own",
     offsetof(requests_options, export_to), NULL},
    {0},
};
// clang-format on

typedef struct viewer {
  const requests_options *options;
  ockham_recording *recording;
  ockham_request_filter filter;
  char **lines; /* the latest: a ring, or newest first */
  size_t n_lines;
} viewer;

/* ---- the filter ---- */

static int read_time(const char *name, const char *text, uint64_t *time_ns) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
  if (!text || cli_parse_time(text, now_ns, time_ns)) return EXIT_DONE;
  return cli_fail_usage("--%s must be a time such as 2026-11-29T10:00, or ago such as 10m, 2h or 1d, found '%s'", name,
                        text);
}

static int read_hash(const char *text, uint64_t *hash) {
  char *end;
  if (!text) return EXIT_DONE;
  errno = 0;
  *hash = strtoull(text, &end, 16);
  if (*text && !*end && !errno && strlen(text) <= 16 && strspn(text, "0123456789abcdefABCDEF") == strlen(text))
    return EXIT_DONE;
  return cli_fail_usage("--hash must be up to 16 hexadecimal digits, found '%s'", text);
}

static int read_filter(const requests_options *o, ockham_request_filter *filter) {
  *filter = (ockham_request_filter){.model = o->model,
                                    .version = o->version,
                                    .id = o->show ? o->show : o->id,
                                    .key = o->key,
                                    .with_body = o->export_to != NULL};
  if (o->slow) filter->marks |= OCKHAM_MARK_SLOW;
  if (o->far) filter->marks |= OCKHAM_MARK_FAR;
  if (o->drift) filter->marks |= OCKHAM_MARK_DRIFT;
  if (o->shadow) filter->marks |= OCKHAM_MARK_SHADOW;
  if (o->died) filter->marks |= OCKHAM_MARK_DIED;
  if (o->least_ms < 0 || o->least_ms > 1e12)
    return cli_fail_usage("--least-ms must be 0 or more, found %g", o->least_ms);
  filter->least_total_ns = (uint64_t)(o->least_ms * 1e6 + 0.5);
  if (o->status && !cli_parse_status(o->status, &filter->least_status, &filter->most_status))
    return cli_fail_usage("--status must be one such as 404, 5xx or 400-499, found '%s'", o->status);
  int code = read_time("since", o->since, &filter->since_ns);
  if (!code) code = read_time("until", o->until, &filter->until_ns);
  return code ? code : read_hash(o->hash, &filter->hash);
}

/* ---- what one request or event becomes ---- */

static ockham_status print_json(char *json, FILE *out) {
  fprintf(out, "%s\n", json);
  ockham_text_free(json);
  return OCKHAM_OK;
}

static ockham_status print_request(const viewer *v, const ockham_request *request, FILE *out, ockham_error *err) {
  char *json;
  if (v->options->json) {
    ockham_status status = ockham_request_json(request, true, &json, err);
    return status ? status : print_json(json, out);
  }
  if (v->options->show) return cli_print_request_page(request, out, err);
  cli_print_request(request, out);
  return OCKHAM_OK;
}

static ockham_status print_event(const viewer *v, const ockham_event *event, FILE *out, ockham_error *err) {
  char *json;
  if (v->options->json) {
    ockham_status status = ockham_event_json(event, &json, err);
    return status ? status : print_json(json, out);
  }
  cli_print_event(event, out);
  return OCKHAM_OK;
}

/* One of them as text from malloc. */
static ockham_status make_text(const viewer *v, const ockham_request *request, const ockham_event *event, char **text,
                               ockham_error *err) {
  size_t size;
  *text = NULL;
  FILE *out = open_memstream(text, &size);
  if (!out) return cli_no_memory("a line", err);
  ockham_status status = request ? print_request(v, request, out, err) : print_event(v, event, out, err);
  if (fclose(out) && !status) status = cli_no_memory("a line", err);
  if (status) {
    free(*text);
    *text = NULL;
  }
  return status;
}

static ockham_status make_lines(viewer *v, size_t limit, ockham_error *err) {
  v->lines = calloc(limit, sizeof *v->lines);
  return v->lines ? OCKHAM_OK : cli_no_memory("the latest lines", err);
}

static void free_lines(viewer *v, size_t limit) {
  for (size_t i = 0; v->lines && i < limit; i++) free(v->lines[i]);
  free(v->lines);
}

static size_t limit_of(const requests_options *o) {
  enum { MOST = 1 << 24 };
  if (o->limit) return o->limit < MOST ? o->limit : MOST;
  return USUAL_LIMIT;
}

static bool wait_a_moment(void) {
  nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
  return fflush(stdout) == 0;
}

/* ---- requests ---- */

/* The latest that pass, the newest last; *newest is the number of the newest of all, passing or not. */
static ockham_status print_latest(viewer *v, uint64_t *newest, ockham_error *err) {
  ockham_request request;
  bool found;
  size_t limit = limit_of(v->options);
  ockham_recording_rewind(v->recording, true);
  ockham_status status = ockham_recording_next(v->recording, NULL, &request, &found, err);
  if (status) return status;
  *newest = found ? request.number : 0;
  status = make_lines(v, limit, err);
  ockham_recording_rewind(v->recording, true);
  while (!status && v->n_lines < limit) {
    status = ockham_recording_next(v->recording, &v->filter, &request, &found, err);
    if (status || !found) break;
    if (request.number <= *newest) status = make_text(v, &request, NULL, &v->lines[v->n_lines], err);
    if (!status && v->lines[v->n_lines]) v->n_lines++;
  }
  for (size_t i = v->n_lines; i-- > 0 && !status;)
    printf("%s%s", v->lines[i], v->options->show && !v->options->json && i ? "\n" : "");
  free_lines(v, v->n_lines);
  return status;
}

static ockham_status follow_requests(viewer *v, uint64_t newest, ockham_error *err) {
  ockham_request request;
  bool found;
  ockham_status status;
  v->filter.after_number = newest;
  ockham_recording_rewind(v->recording, false);
  while (!(status = ockham_recording_next(v->recording, &v->filter, &request, &found, err))) {
    if (found && (status = print_request(v, &request, stdout, err))) break;
    if (!found && !wait_a_moment()) break;
  }
  return status;
}

static ockham_status view_requests(viewer *v, ockham_error *err) {
  uint64_t newest;
  ockham_status status = print_latest(v, &newest, err);
  if (status || (v->options->show && v->n_lines) || !(v->options->show || v->options->follow)) return status;
  if (!v->options->show) return follow_requests(v, newest, err);
  *err = (ockham_error){.status = OCKHAM_BAD_DATA};
  snprintf(err->message, sizeof err->message, "no request '%.200s' is in the recording", v->options->show);
  return OCKHAM_BAD_DATA;
}

/* ---- events ---- */

static bool event_passes(const viewer *v, const ockham_event *event) {
  const ockham_request_filter *f = &v->filter;
  if (f->model && strcmp(f->model, event->model) != 0) return false;
  if (f->version && strcmp(f->version, event->version) != 0) return false;
  return event->time_ns >= f->since_ns && (!f->until_ns || event->time_ns <= f->until_ns);
}

static ockham_status print_latest_events(viewer *v, uint64_t *newest, ockham_error *err) {
  size_t limit = limit_of(v->options);
  ockham_event event;
  bool found = true;
  ockham_status status = make_lines(v, limit, err);
  *newest = 0;
  while (!status && !(status = ockham_recording_event(v->recording, *newest, NULL, &event, &found, err)) && found) {
    *newest = event.number;
    if (!event_passes(v, &event)) continue;
    char **line = &v->lines[v->n_lines++ % limit];
    free(*line);
    *line = NULL;
    status = make_text(v, NULL, &event, line, err);
  }
  for (size_t i = v->n_lines > limit ? v->n_lines - limit : 0; i < v->n_lines && !status; i++)
    fputs(v->lines[i % limit], stdout);
  free_lines(v, limit);
  return status;
}

static ockham_status view_events(viewer *v, ockham_error *err) {
  uint64_t newest;
  ockham_event event;
  bool found;
  ockham_status status = print_latest_events(v, &newest, err);
  while (!status && v->options->follow) {
    status = ockham_recording_event(v->recording, newest, NULL, &event, &found, err);
    if (status || (!found && !wait_a_moment())) break;
    if (!found) continue;
    newest = event.number;
    if (event_passes(v, &event)) status = print_event(v, &event, stdout, err);
  }
  return status;
}

/* ---- export ---- */

/* Leave out all but the latest so many. */
static ockham_status limit_export(viewer *v, ockham_error *err) {
  ockham_request request;
  bool found = true;
  ockham_status status = OCKHAM_OK;
  ockham_recording_rewind(v->recording, true);
  for (size_t i = 0; i < v->options->limit && found && !status; i++) {
    status = ockham_recording_next(v->recording, &v->filter, &request, &found, err);
    if (!status && found && i + 1 == v->options->limit) v->filter.after_number = request.number - 1;
  }
  ockham_recording_rewind(v->recording, false);
  return status;
}

static ockham_status export_requests(viewer *v, ockham_error *err) {
  ockham_capture *capture;
  ockham_request request;
  bool found = true;
  size_t n = 0;
  ockham_status status = limit_export(v, err);
  if (!status) status = ockham_capture_create(v->options->export_to, &capture, err);
  if (status) return status;
  while (!(status = ockham_recording_next(v->recording, &v->filter, &request, &found, err)) && found) {
    if ((status = ockham_capture_put(capture, &request, err))) break;
    n++;
  }
  if (status) {
    ockham_capture_abandon(capture);
    return status;
  }
  status = ockham_capture_commit(capture, err);
  bool to_output = strcmp(v->options->export_to, "-") == 0;
  if (!status) fprintf(to_output ? stderr : stdout, "%zu request%s written\n", n, n == 1 ? "" : "s");
  return status;
}

/* ---- the command ---- */

static void note_damage(const viewer *v) {
  uint64_t n = ockham_recording_damaged(v->recording);
  if (!n) return;
  fprintf(stderr, "ockham: note: %" PRIu64 " request%s damaged, or never written to the end: passed over\n", n,
          n == 1 ? " is" : "s are");
}

static int view(const char *folder, const requests_options *o) {
  viewer v = {.options = o};
  ockham_error err = {0};
  int code = read_filter(o, &v.filter);
  if (code) return code;
  ockham_status status = ockham_recording_open(folder, &v.recording, &err);
  if (status) return cli_fail(&err);
  if (o->export_to)
    status = export_requests(&v, &err);
  else
    status = o->events ? view_events(&v, &err) : view_requests(&v, &err);
  note_damage(&v);
  ockham_recording_close(v.recording);
  return status ? cli_fail(&err) : EXIT_DONE;
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  requests_options options = {0};
  int n_positional;
  bool stop;
  int code = cli_parse(command, n_arguments, arguments, &options, &n_positional, &stop);
  if (stop) return code;
  if ((options.show != NULL) + (options.export_to != NULL) + options.events + options.follow > 1 &&
      !(options.events && options.follow))
    return cli_fail_usage("--show, --export, --events and --follow exclude each other (but --events --follow)");
  return view(n_positional ? arguments[0] : "ockham-data", &options);
}

const cli_command cmd_requests = {
    .name = "requests",
    .usage = "[FOLDER] [options]",
    .summary = "what a server was asked, and what happened",
    .details =
        "FOLDER (default: ockham-data) is where a server records, or a file that --export wrote. One line a request,\n"
        "the newest last: when it came (UTC), its id, model and version, status, how long it took and what took\n"
        "longest of that, its rows, what is worth telling of it (slow, far, died, ...), and why it failed.",
    .min_arguments = 0,
    .max_arguments = 1,
    .reads_files = true,
    .options = option_table,
    .run = run,
};
