/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of serve.h, record.h, certify.h and replay.h in a build that cannot serve. */
#include <ockham/certify.h>
#include <ockham/record.h>
#include <ockham/replay.h>
#include <ockham/serve.h>
#include <ockham/worker.h>

#include "core/internal.h"

#define ABSENT(handle, err)                                                                     \
  do {                                                                                          \
    *(handle) = NULL;                                                                           \
    return ock_fail(err, OCKHAM_UNSUPPORTED, "this build cannot serve: %s", OCK_SERVE_PROBLEM); \
  } while (0)

ockham_status ockham_serve_file_read(const char *path, ockham_serve_file **file, ockham_error *err) {
  (void)path;
  ABSENT(file, err);
}

ockham_status ockham_serve_file_read_each(const char *path, ockham_serve_problem *tell, void *user,
                                          ockham_serve_file **file, ockham_error *err) {
  (void)path, (void)tell, (void)user;
  ABSENT(file, err);
}

ockham_status ockham_serve_file_new(ockham_serve_file **file, ockham_error *err) {
  ABSENT(file, err);
}

ockham_status ockham_serve_file_add(ockham_serve_file *file, ockham_serve_kind kind, const char *name, const char *text,
                                    ockham_error *err) {
  (void)kind, (void)name, (void)text;
  ABSENT(&file, err);
}

const ockham_serve_options *ockham_serve_file_look(const ockham_serve_file *file) {
  (void)file;
  return NULL; /* there is no file to look at */
}

void ockham_serve_file_free(ockham_serve_file *file) {
  (void)file;
}

ockham_status ockham_serve_check_each(const ockham_serve_options *options, const ockham_serve_file *file,
                                      ockham_serve_problem *tell, void *user, ockham_error *err) {
  (void)options, (void)tell, (void)user;
  ABSENT(&file, err);
}

ockham_status ockham_serve_check(const ockham_serve_options *options, const ockham_serve_file *file,
                                 ockham_error *err) {
  return ockham_serve_check_each(options, file, NULL, NULL, err);
}

ockham_status ockham_server_start(const ockham_serve_options *options, void (*log)(void *user, const char *line),
                                  void *user, ockham_server **server, ockham_error *err) {
  (void)options, (void)log, (void)user;
  ABSENT(server, err);
}

ockham_status ockham_server_wait(ockham_server *server, ockham_error *err) {
  ABSENT(&server, err);
}

ockham_status ockham_server_reload(ockham_server *server, const ockham_serve_options *options, ockham_error *err) {
  (void)options;
  ABSENT(&server, err);
}

ockham_status ockham_server_example(ockham_server *server, const char *model, char **line, ockham_error *err) {
  (void)server, (void)model;
  ABSENT(line, err);
}

const char *ockham_server_url(const ockham_server *server) {
  (void)server;
  return "";
}

const char *ockham_server_admin_url(const ockham_server *server) {
  (void)server;
  return "";
}

void ockham_server_interrupt(ockham_server *server) {
  (void)server;
}

void ockham_server_stop(ockham_server *server, unsigned timeout_ms) {
  (void)server, (void)timeout_ms;
}

ockham_status ockham_request_json(const ockham_request *request, bool with_bodies, char **json, ockham_error *err) {
  (void)request, (void)with_bodies;
  ABSENT(json, err);
}

ockham_status ockham_request_explain(const ockham_request *request, bool answer, char **json, ockham_error *err) {
  (void)request, (void)answer;
  ABSENT(json, err);
}

ockham_status ockham_event_json(const ockham_event *event, char **json, ockham_error *err) {
  (void)event;
  ABSENT(json, err);
}

ockham_status ockham_recording_open(const char *folder, ockham_recording **recording, ockham_error *err) {
  (void)folder;
  ABSENT(recording, err);
}

ockham_status ockham_recording_next(ockham_recording *recording, const ockham_request_filter *filter,
                                    ockham_request *request, bool *found, ockham_error *err) {
  (void)filter, (void)request;
  *found = false;
  ABSENT(&recording, err);
}

void ockham_recording_rewind(ockham_recording *recording, bool newest_first) {
  (void)recording, (void)newest_first;
}

ockham_status ockham_recording_event(ockham_recording *recording, uint64_t after_number, const char *kind,
                                     ockham_event *event, bool *found, ockham_error *err) {
  (void)after_number, (void)kind, (void)event;
  *found = false;
  ABSENT(&recording, err);
}

uint64_t ockham_recording_damaged(const ockham_recording *recording) {
  (void)recording;
  return 0;
}

void ockham_recording_close(ockham_recording *recording) {
  (void)recording;
}

ockham_status ockham_capture_create(const char *path, ockham_capture **capture, ockham_error *err) {
  (void)path;
  ABSENT(capture, err);
}

ockham_status ockham_capture_put(ockham_capture *capture, const ockham_request *request, ockham_error *err) {
  (void)request;
  ABSENT(&capture, err);
}

ockham_status ockham_capture_commit(ockham_capture *capture, ockham_error *err) {
  ABSENT(&capture, err);
}

void ockham_capture_abandon(ockham_capture *capture) {
  (void)capture;
}

/* ---- certify.h ---- */

static ockham_status absent(ockham_error *err) {
  return ock_fail(err, OCKHAM_UNSUPPORTED, "this build cannot serve: %s", OCK_SERVE_PROBLEM);
}

const char *ockham_fit_text(ockham_fit fit) {
  (void)fit;
  return "-";
}

ockham_status ockham_certify(const ockham_certify_options *options, ockham_certificate *certificate,
                             ockham_error *err) {
  (void)options;
  *certificate = (ockham_certificate){0};
  return absent(err);
}

ockham_status ockham_certificate_write(const ockham_certificate *certificate, const char *model, const char *path,
                                       ockham_error *err) {
  (void)certificate, (void)model, (void)path;
  return absent(err);
}

ockham_status ockham_budget_read(const char *path, ockham_budget *budget, ockham_error *err) {
  (void)path;
  *budget = (ockham_budget){0};
  return absent(err);
}

/* ---- replay.h ---- */

ockham_status ockham_replay(const ockham_replay_options *options, ockham_replay_result *result, ockham_error *err) {
  (void)options;
  *result = (ockham_replay_result){0};
  return absent(err);
}

/* ---- worker.h ---- */

ockham_status ockham_worker_lines(const ockham_worker_lines_options *options, int *exit_code, ockham_error *err) {
  (void)options, (void)exit_code;
  return absent(err);
}

ockham_status ockham_worker_helpers(const char *folder, ockham_error *err) {
  (void)folder;
  return absent(err);
}
