/* SPDX-License-Identifier: Apache-2.0 */
/* A worker on behalf of a program that knows lines only. Row by row, so that neither can wait for the other. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <ockham/worker.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/frame.h"
#include "worker/internal.h"

enum { MOST_FIELDS = 1024, MOST_FRAME = 1 << 30 };

typedef struct adapter {
  ock_arena arena;
  ock_field *columns, *outputs;
  size_t n_columns, n_outputs;
  int in, out; /* frames */
  pid_t program;
  FILE *to, *from; /* its input and output */
  bool ended;      /* it closed one of them */
  ock_frame_reader reader;
  ock_buffer *cells; /* of each output, of all rows of a request */
  char *line;
  size_t line_capacity;
} adapter;

/* ---- "age,city:BYTES" ---- */

static ockham_status read_field(adapter *a, const char *text, size_t length, ock_field *field, ockham_error *err) {
  const char *colon = memchr(text, ':', length);
  size_t name_length = colon ? (size_t)(colon - text) : length;
  const char *name = ock_arena_text(&a->arena, text, name_length);
  if (!name) return ock_fail_memory(err, "a column's name", name_length);
  *field = (ock_field){.name = name, .datatype = OCK_FP64, .n_dimensions = 1, .shape = {-1}};
  if (name_length == 0) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected a name before each ',' and ':'");
  if (!colon) return OCKHAM_OK;
  size_t type_length = length - name_length - 1;
  if (!ock_datatype_find(colon + 1, type_length, &field->datatype) || field->datatype == OCK_FP16 ||
      field->datatype == OCK_BF16)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected a datatype such as FP64, INT64 or BYTES for %s, found '%.*s'",
                    name, (int)type_length, colon + 1);
  return OCKHAM_OK;
}

static ockham_status read_fields(adapter *a, const char *what, const char *list, ock_field **fields, size_t *n,
                                 ockham_error *err) {
  size_t count = 1;
  for (const char *at = list; at && *at; at++) count += *at == ',';
  if (!list || !*list || count > MOST_FIELDS)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected 1 to %d %s, found %zu", MOST_FIELDS, what,
                    list && *list ? count : 0);
  *fields = ock_arena_array(&a->arena, count, sizeof **fields);
  if (!*fields) return ock_fail_memory(err, what, count * sizeof **fields);
  for (*n = 0; *n < count; list += strcspn(list, ",") + 1, ++*n)
    OCK_TRY(read_field(a, list, strcspn(list, ","), &(*fields)[*n], err));
  return OCKHAM_OK;
}

/* ---- frames ---- */

static ockham_status write_all(int descriptor, const char *bytes, size_t size, ockham_error *err) {
  while (size) {
    ssize_t n = write(descriptor, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ock_fail(err, OCKHAM_IO, "cannot write to the server: %s", strerror(errno));
    bytes += n;
    size -= (size_t)n;
  }
  return OCKHAM_OK;
}

static ockham_status send_frame(adapter *a, unsigned type, uint32_t id, ock_buffer *out, ockham_error *err) {
  if (out->failed) return ock_fail_memory(err, "an answer", 0);
  ock_frame frame = {.type = type, .length = (uint32_t)(out->size - OCK_FRAME_HEADER), .id = id};
  ock_frame_pack(&frame, (unsigned char *)out->bytes);
  return write_all(a->out, out->bytes, out->size, err);
}

static void begin_frame(ock_buffer *out, size_t more) {
  if (ock_buffer_room(out, OCK_FRAME_HEADER + more)) out->size = OCK_FRAME_HEADER + more;
}

static ockham_status send_hello(adapter *a, ockham_error *err) {
  ock_buffer out = {0};
  ock_schema schema = {
      .inputs = a->columns, .n_inputs = a->n_columns, .outputs = a->outputs, .n_outputs = a->n_outputs};
  begin_frame(&out, 0);
  ock_buffer_text(&out, "{");
  ock_schema_write(&schema, &out);
  ock_buffer_text(&out, "}");
  ockham_status status = send_frame(a, OCK_FRAME_HELLO, 0, &out, err);
  ock_buffer_clear(&out);
  return status;
}

static ockham_status send_error(adapter *a, uint32_t id, const char *text, bool refused, ockham_error *err) {
  ock_buffer out = {0};
  begin_frame(&out, 0);
  ock_buffer_text(&out, "{\"error\":");
  ock_buffer_json_text(&out, text);
  ock_buffer_text(&out, refused ? ",\"status\":400}" : "}");
  ockham_status status = send_frame(a, OCK_FRAME_ERROR, id, &out, err);
  ock_buffer_clear(&out);
  return status;
}

/* ---- a row out ---- */

static void put_number(FILE *to, double value) {
  ock_buffer text = {0};
  ock_buffer_json_number(&text, value);
  ock_buffer_put(&text, "", 1);
  if (isfinite(value))
    fputs(text.failed ? "nan" : text.bytes, to);
  else
    fputs(isnan(value) ? "nan" : value > 0 ? "inf" : "-inf", to);
  ock_buffer_clear(&text);
}

static void put_text(FILE *to, const char *text, size_t length) {
  bool plain = !memchr(text, ',', length) && !memchr(text, '"', length);
  if (plain) {
    fwrite(text, 1, length, to);
    return;
  }
  fputc('"', to);
  for (size_t i = 0; i < length; i++) {
    if (text[i] == '"') fputc('"', to);
    fputc(text[i], to);
  }
  fputc('"', to);
}

/* Elements of BYTES follow each other: where each tensor is. */
typedef struct place {
  const ock_tensor *tensor;
  size_t at;
} place;

static uint32_t next_length(const place *p) {
  const unsigned char *bytes = p->tensor->data + p->at;
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* Before anything of the row is written: half a line could not be taken back. */
static ockham_status check_row(const adapter *a, const place *places, size_t row, ockham_error *err) {
  for (size_t i = 0; i < a->n_columns; i++) {
    const place *p = &places[i];
    if (p->tensor->datatype != OCK_BYTES) continue;
    const char *text = (const char *)p->tensor->data + p->at + 4;
    if (memchr(text, '\n', next_length(p)) || memchr(text, '\r', next_length(p)))
      return ock_fail_at(err, OCKHAM_BAD_DATA, row + 1, i + 1, "expected text of one line in row %zu, column %s",
                         row + 1, a->columns[i].name);
  }
  return OCKHAM_OK;
}

static ockham_status put_row(adapter *a, place *places, size_t row, ockham_error *err) {
  OCK_TRY(check_row(a, places, row, err));
  for (size_t i = 0; i < a->n_columns; i++) {
    place *p = &places[i];
    if (i) fputc(',', a->to);
    if (p->tensor->datatype != OCK_BYTES) {
      put_number(a->to, ock_tensor_number(p->tensor, row));
      continue;
    }
    uint32_t length = next_length(p);
    put_text(a->to, (const char *)p->tensor->data + p->at + 4, length);
    p->at += 4 + (size_t)length;
  }
  fputc('\n', a->to);
  if (fflush(a->to)) a->ended = true;
  return OCKHAM_OK;
}

/* ---- a row back ---- */

/* The next cell, unquoted in place; *text goes behind it, NULL at the end of the line. */
static char *next_cell(char **text) {
  char *start = *text, *to = start, *at = start;
  bool quoted = *at == '"';
  if (quoted) at++;
  for (; *at && (quoted || *at != ','); at++) {
    if (quoted && *at == '"') {
      if (at[1] == '"')
        at++;
      else {
        quoted = false;
        continue;
      }
    }
    *to++ = *at;
  }
  *text = *at == ',' ? at + 1 : NULL;
  *to = '\0';
  return start;
}

static bool put_integer(ock_buffer *cells, const ock_field *field, double value) {
  static const struct {
    double least, most;
  } ranges[OCK_DATATYPE_COUNT] = {[OCK_BOOL] = {0, 1},
                                  [OCK_UINT8] = {0, UINT8_MAX},
                                  [OCK_UINT16] = {0, UINT16_MAX},
                                  [OCK_UINT32] = {0, UINT32_MAX},
                                  [OCK_UINT64] = {0, 9007199254740992.0},
                                  [OCK_INT8] = {INT8_MIN, INT8_MAX},
                                  [OCK_INT16] = {INT16_MIN, INT16_MAX},
                                  [OCK_INT32] = {INT32_MIN, INT32_MAX},
                                  [OCK_INT64] = {-9007199254740992.0, 9007199254740992.0}};
  if (value != floor(value) || value < ranges[field->datatype].least || value > ranges[field->datatype].most)
    return false;
  int64_t whole = (int64_t)value;
  ock_buffer_put(cells, &whole, ock_datatype_size(field->datatype)); /* little-endian: the low bytes come first */
  return true;
}

static bool put_cell(ock_buffer *cells, const ock_field *field, const char *text) {
  if (field->datatype == OCK_BYTES) {
    uint32_t length = (uint32_t)strlen(text);
    ock_buffer_put(cells, &length, 4);
    ock_buffer_put(cells, text, length);
    return true;
  }
  char *end;
  double value = strtod(text, &end);
  if (end == text || end[strspn(end, " \t")]) return false;
  float single = (float)value;
  if (field->datatype == OCK_FP64)
    ock_buffer_put(cells, &value, 8);
  else if (field->datatype == OCK_FP32)
    ock_buffer_put(cells, &single, 4);
  else
    return put_integer(cells, field, value);
  return true;
}

static ockham_status take_cells(adapter *a, char *line, ockham_error *err) {
  char *rest = line;
  size_t n = 0;
  for (; rest && n < a->n_outputs; n++) {
    char *cell = next_cell(&rest);
    if (!put_cell(&a->cells[n], &a->outputs[n], cell))
      return ock_fail(err, OCKHAM_BAD_DATA, "expected %s for %s in the program's line, found '%.64s'",
                      ock_datatype_name(a->outputs[n].datatype), a->outputs[n].name, cell);
  }
  if (rest || n < a->n_outputs)
    return ock_fail(err, OCKHAM_BAD_DATA, "expected %zu cells in the program's line, found %s", a->n_outputs,
                    rest ? "more" : "fewer");
  return OCKHAM_OK;
}

/* Refused: the status is BAD_ARGUMENT. */
static ockham_status take_row(adapter *a, ockham_error *err) {
  static const char error_mark[] = "error:";
  ssize_t n = getline(&a->line, &a->line_capacity, a->from);
  if (n < 0) {
    a->ended = true;
    return ock_fail(err, OCKHAM_IO, "the program ended");
  }
  while (n && (a->line[n - 1] == '\n' || a->line[n - 1] == '\r')) a->line[--n] = '\0';
  if (strncmp(a->line, error_mark, sizeof error_mark - 1) != 0) return take_cells(a, a->line, err);
  const char *text = a->line + sizeof error_mark - 1;
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s", text + strspn(text, " "));
}

/* ---- a request ---- */

static ockham_status find_tensors(adapter *a, const ock_message *request, place *places, ockham_error *err) {
  for (size_t i = 0; i < a->n_columns; i++) {
    const ock_tensor *tensor = ock_message_find(request, a->columns[i].name);
    places[i] = (place){.tensor = tensor};
    if (!tensor || tensor->datatype != a->columns[i].datatype || tensor->n_elements != places[0].tensor->n_elements)
      return ock_fail(err, OCKHAM_BAD_DATA, "expected input %s as declared", a->columns[i].name);
  }
  return OCKHAM_OK;
}

static ockham_status run_rows(adapter *a, ock_message *request, ockham_error *err) {
  place *places = ock_arena_array(&request->arena, a->n_columns, sizeof *places);
  if (!places) return ock_fail_memory(err, "a request's columns", a->n_columns * sizeof *places);
  OCK_TRY(find_tensors(a, request, places, err));
  for (size_t i = 0; i < a->n_outputs; i++) a->cells[i].size = 0;
  for (size_t row = 0; row < places[0].tensor->n_elements; row++) {
    OCK_TRY(put_row(a, places, row, err));
    OCK_TRY(take_row(a, err));
  }
  return OCKHAM_OK;
}

static ockham_status make_answer(adapter *a, const ock_message *request, ock_message *answer, ockham_error *err) {
  for (size_t i = 0; i < a->n_outputs; i++) {
    const ock_buffer *cells = &a->cells[i];
    uint64_t n_rows = ock_message_find(request, a->columns[0].name)->n_elements;
    if (cells->failed) return ock_fail_memory(err, "an answer", cells->size);
    ock_tensor *tensor = ock_message_add(answer, a->outputs[i].name, a->outputs[i].datatype, &n_rows, 1, cells->size);
    if (!tensor) return ock_fail_memory(err, "an answer", cells->size);
    if (cells->size) memcpy(tensor->data, cells->bytes, cells->size);
  }
  return OCKHAM_OK;
}

static ockham_status send_answer(adapter *a, uint32_t id, const ock_message *answer, ockham_error *err) {
  ock_message all = {.binary_output = true};
  ock_buffer out = {0};
  size_t json_size = 0;
  begin_frame(&out, 4);
  ock_oip_encode_answer("lines", NULL, &all, answer, &out, &json_size);
  uint32_t n = (uint32_t)(json_size ? json_size : out.size - OCK_FRAME_HEADER - 4);
  for (int i = 0; i < 4 && !out.failed; i++) out.bytes[OCK_FRAME_HEADER + i] = (char)(n >> (8 * i));
  ockham_status status = send_frame(a, OCK_FRAME_RESULT, id, &out, err);
  ock_buffer_clear(&out);
  return status;
}

static ockham_status decode(adapter *a, ock_message *request, ockham_error *err) {
  const unsigned char *payload = (const unsigned char *)a->reader.payload;
  size_t size = a->reader.n_payload, json_size = 0;
  for (int i = 3; i >= 0 && size >= 4; i--) json_size = json_size << 8 | payload[i];
  if (size < 4 || json_size > size - 4)
    return ock_fail(err, OCKHAM_BAD_DATA, "expected a request, found %zu bytes", size);
  return ock_oip_decode_request(a->reader.payload + 4, size - 4, json_size, request, err);
}

static ockham_status serve_request(adapter *a, ockham_error *err) {
  ock_message request = {0}, answer = {0};
  ockham_error own = {0};
  uint32_t id = a->reader.frame.id;
  ockham_status status = decode(a, &request, &own);
  if (!status) status = run_rows(a, &request, &own);
  if (!status) status = make_answer(a, &request, &answer, &own);
  ockham_status sent = OCKHAM_OK;
  if (!a->ended)
    sent = status ? send_error(a, id, own.message, status == OCKHAM_BAD_ARGUMENT || own.row, err)
                  : send_answer(a, id, &answer, err);
  ock_message_clear(&request);
  ock_message_clear(&answer);
  return sent;
}

static ockham_status send_pong(adapter *a, ockham_error *err) {
  ock_buffer out = {0};
  begin_frame(&out, 0);
  ockham_status status = send_frame(a, OCK_FRAME_PONG, a->reader.frame.id, &out, err);
  ock_buffer_clear(&out);
  return status;
}

static ockham_status serve_all(adapter *a, ockham_error *err) {
  OCK_TRY(send_hello(a, err));
  while (!a->ended) {
    ock_frame_state state = ock_frame_read(&a->reader, a->in, MOST_FRAME, err);
    if (state == OCK_FRAME_BAD) return OCKHAM_BAD_DATA;
    if (state == OCK_FRAME_END || a->reader.frame.type == OCK_FRAME_SHUTDOWN) return OCKHAM_OK;
    if (a->reader.frame.type == OCK_FRAME_INFER) OCK_TRY(serve_request(a, err));
    if (a->reader.frame.type == OCK_FRAME_PING) OCK_TRY(send_pong(a, err));
  }
  return OCKHAM_OK;
}

/* ---- the program ---- */

static _Noreturn void become(const char *const *command, int input, int output) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_DFL);
  if (dup2(input, 0) >= 0 && dup2(output, 1) >= 0) execvp(command[0], (char *const *)command);
  fprintf(stderr, "cannot run '%s': %s\n", command[0], strerror(errno));
  _exit(127);
}

static ockham_status start_program(adapter *a, const char *const *command, ockham_error *err) {
  int to[2], from[2];
  if (pipe2(to, O_CLOEXEC)) return ock_fail(err, OCKHAM_IO, "cannot make a pipe: %s", strerror(errno));
  if (pipe2(from, O_CLOEXEC)) {
    close(to[0]);
    close(to[1]);
    return ock_fail(err, OCKHAM_IO, "cannot make a pipe: %s", strerror(errno));
  }
  signal(SIGPIPE, SIG_IGN); /* its death is seen where it does not answer */
  a->program = fork();
  if (a->program == 0) become(command, to[0], from[1]);
  close(to[0]);
  close(from[1]);
  a->to = fdopen(to[1], "w");
  a->from = fdopen(from[0], "r");
  if (!a->to) close(to[1]);
  if (!a->from) close(from[0]);
  return a->program > 0 && a->to && a->from
             ? OCKHAM_OK
             : ock_fail(err, OCKHAM_IO, "cannot start '%s': %s", command[0], strerror(errno));
}

/* It ends when its input does; a program that does not is killed with this process. */
static int end_program(adapter *a) {
  int status = 0;
  bool by_itself = a->ended;
  if (a->to) fclose(a->to);
  if (a->from) fclose(a->from);
  if (a->program <= 0) return 0;
  for (int i = 0; !by_itself && i < 100; i++) {
    if (waitpid(a->program, &status, WNOHANG) != 0) return 0;
    usleep(5000);
  }
  if (!by_itself) kill(a->program, SIGKILL);
  while (waitpid(a->program, &status, 0) < 0 && errno == EINTR) {
  }
  if (!by_itself) return 0;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status) ? WEXITSTATUS(status) : 1;
}

static ockham_status find_frames(adapter *a, ockham_error *err) {
  const char *in = getenv("OCKHAM_IN"), *out = getenv("OCKHAM_OUT");
  if (!in || !out) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected to be started by `ockham serve`, as a worker");
  a->in = atoi(in);
  a->out = atoi(out);
  (void)fcntl(a->in, F_SETFD, FD_CLOEXEC);
  (void)fcntl(a->out, F_SETFD, FD_CLOEXEC);
  return OCKHAM_OK;
}

static ockham_status run(adapter *a, const ockham_worker_lines_options *options, ockham_error *err) {
  OCK_TRY(read_fields(a, "columns", options->columns, &a->columns, &a->n_columns, err));
  OCK_TRY(read_fields(a, "outputs", options->outputs, &a->outputs, &a->n_outputs, err));
  if (!options->command || !options->command[0]) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected a program to run");
  OCK_TRY(find_frames(a, err));
  a->cells = ock_alloc_zeroed(a->n_outputs, sizeof *a->cells);
  if (!a->cells) return ock_fail_memory(err, "an answer's columns", a->n_outputs * sizeof *a->cells);
  OCK_TRY(start_program(a, options->command, err));
  return serve_all(a, err);
}

ockham_status ockham_worker_lines(const ockham_worker_lines_options *options, int *exit_code, ockham_error *err) {
  adapter a = {0};
  ockham_status status = run(&a, options, err);
  int code = end_program(&a);
  for (size_t i = 0; a.cells && i < a.n_outputs; i++) ock_buffer_clear(&a.cells[i]);
  ock_free(a.cells);
  free(a.line);
  ock_frame_reader_clear(&a.reader);
  ock_arena_clear(&a.arena);
  *exit_code = code;
  return status;
}
