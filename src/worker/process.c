/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/process.h"

#include <jansson.h>
#include <string.h>

enum { PREFIX = OCK_FRAME_HEADER + 4, SHUTDOWN_MS = 1000 };
static const uint64_t sample_pause_ns = 200000000;

/* ---- open: start it, and hear what it takes ---- */

static ockham_status prepare(ock_hand *hand, ock_process *process, ockham_error *err) {
  if (process->is_prepared) return OCKHAM_OK;
  const ock_limits *limits = &hand->options->limits;
  OCK_TRY(ock_cage_make(limits, &process->cage, err));
  ockham_status status = ock_sandbox_make(limits->deny_syscalls, limits->no_network, &process->sandbox, err);
  process->is_prepared = status == OCKHAM_OK;
  if (status) ock_cage_remove(&process->cage);
  return status;
}

static ockham_status start(ock_hand *hand, ock_process *process, ockham_error *err) {
  ock_spawn spawn = {.options = hand->options, .cage = &process->cage, .sandbox = &process->sandbox};
  ock_child child;
  hand->process = 0;
  pthread_mutex_lock(&hand->lock);
  process->child = (ock_child){.handle = -1, .in = -1, .out = -1, .log = -1};
  pthread_mutex_unlock(&hand->lock);
  OCK_TRY(prepare(hand, process, err));
  OCK_TRY(ock_log_begin(&process->log, err));
  ock_cage_mark(&process->cage);
  OCK_TRY(ock_spawn_child(&spawn, &child, err));
  pthread_mutex_lock(&hand->lock);
  process->child = child;
  process->has_cpu_clock = clock_getcpuclockid(child.process, &process->cpu_clock) == 0;
  pthread_mutex_unlock(&hand->lock);
  process->log_ended = process->is_ready = process->json = false;
  process->out_ended_ns = process->pinged_ns = 0;
  process->outgoing.size = process->n_sent = 0;
  hand->process = (long)child.process;
  return OCKHAM_OK;
}

/* "encoding": "json" or "binary"; the rest of HELLO is the schema's. */
static ockham_status read_encoding(const char *text, size_t size, bool *json, ockham_error *err) {
  json_error_t error;
  json_t *hello = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
  if (!hello)
    return ock_fail(err, OCKHAM_BAD_DATA, "expected JSON in HELLO: %s at byte %d", error.text, error.position);
  const json_t *encoding = json_object_get(hello, "encoding");
  const char *name = encoding ? json_string_value(encoding) : "binary";
  *json = name && strcmp(name, "json") == 0;
  bool known = name && (*json || strcmp(name, "binary") == 0);
  json_decref(hello);
  return known ? OCKHAM_OK
               : ock_fail(err, OCKHAM_BAD_DATA, "expected \"encoding\" in HELLO to be \"binary\" or \"json\"");
}

static ockham_status read_hello(ock_process *process, ock_schema *schema, ockham_error *err) {
  const ock_frame_reader *reader = &process->reader;
  if (reader->frame.type != OCK_FRAME_HELLO)
    return ock_fail(err, OCKHAM_BAD_DATA, "expected HELLO first, found %s", ock_frame_name(reader->frame.type));
  OCK_TRY(read_encoding(reader->payload, reader->n_payload, &process->json, err));
  return ock_schema_parse(reader->payload, reader->n_payload, schema, err);
}

static ock_got await_hello(ock_hand *hand, ock_process *process, ockham_error *err) {
  uint64_t until = ock_clock_ns() + (uint64_t)hand->options->startup_ms * 1000000u;
  for (;;) {
    ock_got got = ock_pump(hand, process, until, err);
    if (got != OCK_GOT_WAKE) return got;
    ock_hand_woken(hand);
    if (ock_hand_is_ending(hand)) return got;
  }
}

/* It did not come up: the error is the certificate with its last words. */
static ockham_status fail_start(ock_hand *hand, ock_process *process, const char *reason, ockham_error *err) {
  char text[400], last_words[160];
  ock_death death = {.reason = reason, .quiet = ock_hand_is_ending(hand)};
  ock_process_end(hand, process, &death, text, sizeof text);
  ock_log_last_line(&process->log, last_words, sizeof last_words);
  return ock_fail(err, OCKHAM_IO, "%s%s%s", text, last_words[0] ? "; it said: " : "", last_words);
}

static void tell_not_started(ock_hand *hand, const ockham_error *error) {
  ock_worker_event event = {.kind = OCK_WORKER_DIED, .text = error->message, .exit_code = -1};
  ock_hand_tell(hand, &event);
}

static ockham_status open_process(ock_hand *hand, ock_schema *schema, ockham_error *err) {
  ock_process *process = hand->state;
  ockham_error error = {0};
  char reason[200];
  if (start(hand, process, &error)) {
    tell_not_started(hand, &error);
    if (err) *err = error;
    return error.status;
  }
  ock_got got = await_hello(hand, process, &error);
  if (got == OCK_GOT_FRAME && read_hello(process, schema, &error) == OCKHAM_OK) {
    process->is_ready = true;
    return OCKHAM_OK;
  }
  if (got == OCK_GOT_DEATH) return fail_start(hand, process, NULL, err);
  if (got == OCK_GOT_WAKE) return fail_start(hand, process, "the server ends", err);
  if (got == OCK_GOT_TIME)
    snprintf(reason, sizeof reason, "it did not say HELLO within %.3f s", hand->options->startup_ms * 1e-3);
  else
    snprintf(reason, sizeof reason, "%.180s", error.message);
  return fail_start(hand, process, reason, err);
}

/* ---- watch: nothing to do, but it may die, print, or hang ---- */

static bool lose(ock_hand *hand, ock_process *process, const char *reason) {
  char text[400];
  ock_process_end(hand, process, &(ock_death){.reason = reason}, text, sizeof text);
  return false;
}

static void ping(ock_process *process) {
  process->outgoing.size = 0;
  if (!ock_buffer_room(&process->outgoing, OCK_FRAME_HEADER)) return;
  process->outgoing.size = OCK_FRAME_HEADER;
  process->pinged_ns = ock_clock_ns();
  ock_pump_send(process, OCK_FRAME_PING, ++process->last_id);
}

static bool watch_process(ock_hand *hand) {
  ock_process *process = hand->state;
  const ock_crew_options *o = hand->options;
  for (;;) {
    ockham_error error = {0};
    uint64_t pause_ms = process->pinged_ns ? o->timeout_ms : o->ping_ms;
    uint64_t from = process->pinged_ns ? process->pinged_ns : ock_clock_ns();
    switch (ock_pump(hand, process, from + pause_ms * 1000000u, &error)) {
      case OCK_GOT_WAKE:
        return true;
      case OCK_GOT_DEATH:
        return lose(hand, process, NULL);
      case OCK_GOT_GARBAGE:
        return lose(hand, process, error.message);
      case OCK_GOT_FRAME:
        return lose(hand, process, "it sent a frame that nobody asked for");
      case OCK_GOT_TIME:
        if (process->pinged_ns && ock_clock_ns() >= process->pinged_ns + (uint64_t)o->timeout_ms * 1000000u)
          return lose(hand, process, "it did not answer a PING");
        if (!process->pinged_ns) ping(process);
    }
  }
}

/* ---- call: a job ---- */

typedef struct turn { /* one job's */
  ock_hand *hand;
  ock_process *process;
  ock_job *job;
  ock_hand_result *result;
  uint64_t started_ns, give_up_ns, cpu_before_ns;
} turn;

static bool encode(turn *t) {
  ock_process *process = t->process;
  ock_buffer *out = &process->outgoing;
  size_t start = process->json ? OCK_FRAME_HEADER : PREFIX, json_size = 0;
  out->size = 0;
  if (ock_buffer_room(out, PREFIX)) {
    out->size = start;
    ock_oip_encode_request(&t->job->request, !process->json, out, &json_size);
  }
  bool fits = !out->failed && out->size - OCK_FRAME_HEADER <= UINT32_MAX;
  if (fits && !process->json) {
    uint32_t n = (uint32_t)(json_size ? json_size : out->size - start);
    for (int i = 0; i < 4; i++) out->bytes[OCK_FRAME_HEADER + i] = (char)(n >> (8 * i));
  }
  t->result->encode_ns = ock_clock_ns() - t->started_ns;
  return fits;
}

static void fail_encode(turn *t) {
  ock_buffer_clear(&t->process->outgoing);
  t->process->n_sent = 0;
  t->result->outcome = OCK_FAILED;
  ock_fail_memory(&t->result->error, "a request's frame", 0);
}

static ockham_status decode_result(turn *t) {
  const ock_frame_reader *reader = &t->process->reader;
  ockham_error *err = &t->result->error;
  size_t size = reader->n_payload, json_size = size;
  const char *body = reader->payload;
  if (!t->process->json) {
    if (size < 4) return ock_fail(err, OCKHAM_BAD_DATA, "expected 4 bytes or more in RESULT, found %zu", size);
    const unsigned char *prefix = (const unsigned char *)body;
    json_size = prefix[0] | (size_t)prefix[1] << 8 | (size_t)prefix[2] << 16 | (size_t)prefix[3] << 24;
    body += 4;
    size -= 4;
    if (json_size > size)
      return ock_fail(err, OCKHAM_BAD_DATA, "expected %zu bytes of JSON in RESULT, found %zu bytes in all", json_size,
                      size);
  }
  return ock_oip_decode_answer(body, size, json_size, &t->result->answer, err);
}

static void take_result(turn *t) {
  uint64_t start = ock_clock_ns();
  ockham_status status = decode_result(t);
  t->result->decode_ns = ock_clock_ns() - start;
  t->result->outcome = status == OCKHAM_OK ? OCK_DONE : OCK_BAD_ANSWER;
}

/* ERROR: {"error": text, "status": 400?} */
static void take_error(turn *t) {
  const ock_frame_reader *reader = &t->process->reader;
  json_t *root = json_loadb(reader->payload, reader->n_payload, JSON_REJECT_DUPLICATES, NULL);
  const char *text = json_string_value(json_object_get(root, "error"));
  bool refused = json_integer_value(json_object_get(root, "status")) == 400;
  t->result->outcome = !text ? OCK_BAD_ANSWER : refused ? OCK_REFUSED : OCK_FAILED;
  ock_fail(&t->result->error, OCKHAM_BAD_DATA, "%.500s", text ? text : "expected JSON with \"error\" in ERROR");
  for (char *c = t->result->error.message; *c; c++)
    if ((unsigned char)*c < ' ') *c = ' '; /* one line */
  json_decref(root);
}

/* End the process over this job. */
static void end_over(turn *t, ock_outcome outcome, const char *reason, bool blamed, bool again) {
  ock_hand_result *result = t->result;
  char text[400];
  ock_death death = {
      .reason = reason, .job = t->job, .started_ns = t->started_ns, .quiet = ock_hand_is_ending(t->hand)};
  uint64_t cpu_ns = ock_process_end(t->hand, t->process, &death, text, sizeof text);
  result->cpu_ns = cpu_ns > t->cpu_before_ns ? cpu_ns - t->cpu_before_ns : 0;
  result->outcome = outcome;
  result->lost = true;
  result->blamed = blamed;
  result->again = again;
  ock_fail(&result->error, OCKHAM_IO, "%s", text);
}

static void time_out(turn *t) {
  char reason[80];
  snprintf(reason, sizeof reason, "the request took longer than its time-out of %.3f s",
           t->hand->options->timeout_ms * 1e-3);
  end_over(t, OCK_TIMED_OUT, reason, true, false);
}

static void take_frame(turn *t) {
  const ock_frame *frame = &t->process->reader.frame;
  char reason[120];
  if (frame->id == t->process->last_id && frame->type == OCK_FRAME_RESULT) {
    take_result(t);
  } else if (frame->id == t->process->last_id && frame->type == OCK_FRAME_ERROR) {
    take_error(t);
  } else {
    snprintf(reason, sizeof reason, "expected RESULT or ERROR with id %u, found %s with id %u", t->process->last_id,
             ock_frame_name(frame->type), frame->id);
    end_over(t, OCK_BAD_ANSWER, reason, true, false);
  }
}

/* Returns whether the job goes on. */
static bool follow(turn *t, ock_got got, const ockham_error *error) {
  switch (got) {
    case OCK_GOT_FRAME:
      take_frame(t);
      return false;
    case OCK_GOT_DEATH:
      end_over(t, OCK_DIED, NULL, true, true);
      return false;
    case OCK_GOT_GARBAGE:
      end_over(t, OCK_BAD_ANSWER, error->message, true, false);
      return false;
    case OCK_GOT_TIME:
      time_out(t);
      return false;
    default:
      ock_hand_woken(t->hand);
      if (!ock_hand_is_ending(t->hand)) return true;
      end_over(t, OCK_STOPPED, "the model is being unloaded", false, false);
      return false;
  }
}

static void note_use(turn *t) {
  ock_process *process = t->process;
  uint64_t cpu_ns = ock_process_cpu_ns(process);
  if (cpu_ns > t->cpu_before_ns) t->result->cpu_ns = cpu_ns - t->cpu_before_ns;
  pthread_mutex_lock(&t->hand->lock);
  uint64_t now = ock_clock_ns();
  if (now - process->sampled_ns >= sample_pause_ns) {
    process->sampled_ns = now;
    ock_process_sample(process);
  }
  pthread_mutex_unlock(&t->hand->lock);
}

static void call_process(ock_hand *hand, ock_job *job, uint64_t give_up_ns, ock_hand_result *result) {
  ock_process *process = hand->state;
  turn t = {hand, process, job, result, ock_clock_ns(), give_up_ns, ock_process_cpu_ns(process)};
  ockham_error error = {0};
  if (!encode(&t)) {
    fail_encode(&t);
    return;
  }
  ock_pump_send(process, OCK_FRAME_INFER, ++process->last_id);
  while (follow(&t, ock_pump(hand, process, give_up_ns, &error), &error)) {
  }
  if (!result->lost) note_use(&t);
}

/* ---- the end ---- */

static void close_process(ock_hand *hand) {
  ock_process *process = hand->state;
  char text[400];
  if (process->child.process) {
    ock_death death = {.reason = "it is not needed any more", .grace_ms = SHUTDOWN_MS, .quiet = true};
    ock_process_end(hand, process, &death, text, sizeof text);
  }
  pthread_mutex_lock(&hand->lock);
  ock_child_close(&process->child);
  pthread_mutex_unlock(&hand->lock);
  ock_frame_reader_reset(&process->reader);
  process->outgoing.size = process->n_sent = 0;
}

static void look_process(ock_hand *hand, ock_hand_figures *figures) {
  ock_process *process = hand->state;
  figures->memory_bytes = ock_process_sample(process);
  figures->peak_memory_bytes = process->peak_memory_bytes;
  figures->cpu_seconds = process->ended_cpu_seconds + (double)ock_process_cpu_ns(process) * 1e-9;
}

static void free_process(ock_hand *hand) {
  ock_process *process = hand->state;
  if (process->is_prepared) ock_cage_remove(&process->cage);
  ock_sandbox_clear(&process->sandbox);
  ock_frame_reader_clear(&process->reader);
  ock_log_clear(&process->log);
  ock_buffer_clear(&process->outgoing);
}

const ock_hand_kind ock_hand_process = {.noun = "worker",
                                        .state_bytes = sizeof(ock_process),
                                        .tells_deaths = true,
                                        .open = open_process,
                                        .watch = watch_process,
                                        .call = call_process,
                                        .close = close_process,
                                        .look = look_process,
                                        .free = free_process};
