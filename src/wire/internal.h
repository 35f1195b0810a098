/* SPDX-License-Identifier: Apache-2.0 */
/* wire: the forms in which numbers travel, from bytes to typed tensors and back; nothing about sockets or processes.
 * Main types: ock_message (the tensors of a request or an answer, in one arena), ock_schema (what a model takes and
 *   gives), ock_buffer (bytes that are being written).
 * Invariants: a decoder reads each byte once, straight into the typed buffer; what it accepts is valid in every
 *   particular (shapes match counts, numbers fit their type, no key comes twice, text is UTF-8); what it refuses it
 *   names with field and byte offset; memory is bounded by a small multiple of the body's size.
 * Threads: functions are reentrant; a message or buffer belongs to one thread at a time.
 * Source: Open Inference Protocol v2 (kserve/open-inference-protocol, inference_rest.md) and Triton's binary tensor
 *   data extension; RFC 8259 (JSON), RFC 4180 (CSV). */
#ifndef OCK_WIRE_INTERNAL_H
#define OCK_WIRE_INTERNAL_H

#include "core/internal.h"

/* ---- bytes that grow ---- */

/* Zero-initialise; ock_buffer_clear(). Once memory ran out `failed` is set, and nothing more is added. */
typedef struct ock_buffer {
  char *bytes;
  size_t size, capacity;
  bool failed;
} ock_buffer;
void ock_buffer_put(ock_buffer *buffer, const void *bytes, size_t size);
void ock_buffer_text(ock_buffer *buffer, const char *text);
OCK_PRINTF(2, 3) void ock_buffer_print(ock_buffer *buffer, const char *format, ...);
/* A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void ock_buffer_json_string(ock_buffer *buffer, const char *text, size_t size);
void ock_buffer_json_text(ock_buffer *buffer, const char *text); /* the same of a text that ends with NUL */
/* ,"key":"text": a member of an object behind others; key as it stands. */
void ock_buffer_json_member(ock_buffer *buffer, const char *key, const char *text);
/* The shortest decimal that reads back; null for what JSON cannot say (NaN, infinities). */
void ock_buffer_json_number(ock_buffer *buffer, double value);
void ock_buffer_json_single(ock_buffer *buffer, float value); /* the shortest that reads back as this float32 */
/* Room for `size` more bytes at the end, to be written by the caller, who then adds to `size`; NULL when there is none.
 */
char *ock_buffer_room(ock_buffer *buffer, size_t size);
void ock_buffer_clear(ock_buffer *buffer);
/* Its bytes with a NUL behind them, which are the caller's, to be given to ock_free(); the buffer is cleared.
 * NO_MEMORY. */
ockham_status ock_buffer_give(ock_buffer *buffer, char **text, ockham_error *err);

/* ---- tensors ---- */

/* X(name, bytes of an element): BYTES elements differ in size. BF16 is Triton's; it and FP16 have no JSON form. */
#define OCK_DATATYPE_LIST(X) \
  X(BOOL, 1)                 \
  X(UINT8, 1)                \
  X(UINT16, 2)               \
  X(UINT32, 4)               \
  X(UINT64, 8) X(INT8, 1) X(INT16, 2) X(INT32, 4) X(INT64, 8) X(FP16, 2) X(BF16, 2) X(FP32, 4) X(FP64, 8) X(BYTES, 0)
#define OCK_DATATYPE_ENUM(name, size) OCK_##name,
typedef enum ock_datatype { OCK_DATATYPE_LIST(OCK_DATATYPE_ENUM) OCK_DATATYPE_COUNT } ock_datatype;
#undef OCK_DATATYPE_ENUM
const char *ock_datatype_name(ock_datatype datatype);
size_t ock_datatype_size(ock_datatype datatype); /* bytes of an element; 0 for BYTES */
bool ock_datatype_find(const char *name, size_t length, ock_datatype *datatype);

enum { OCK_DIMENSIONS = 8, OCK_NESTING = 32 };

/* data is as the binary extension has it: little-endian, row-major, without gaps; BOOL one byte of 0 or 1; BYTES a u32
 * length, then the bytes, for each element. 8-byte aligned. */
typedef struct ock_tensor {
  const char *name;
  ock_datatype datatype;
  bool binary; /* it came, or shall go, as binary data */
  size_t n_dimensions;
  uint64_t shape[OCK_DIMENSIONS];
  size_t n_elements; /* the product of shape */
  unsigned char *data;
  size_t size_bytes;
} ock_tensor;

/* Element i of a numeric tensor (not BYTES) as a double. */
double ock_tensor_number(const ock_tensor *tensor, size_t i);

typedef struct ock_wanted {
  const char *name;
  int binary; /* 1 or 0 as asked, -1 when not said */
} ock_wanted;

/* How a request of rows came, and so how it is answered. */
typedef enum ock_answering {
  OCK_ANSWER_LIST = 0, /* a list of rows */
  OCK_ANSWER_SINGLE,   /* ROWS: a row by itself */
  OCK_ANSWER_COLUMNS   /* INSTANCES: {"inputs": ...}, which TensorFlow Serving answers by {"outputs": ...} */
} ock_answering;

/* A request or an answer. Zero-initialise; ock_message_clear(). Everything lies in the arena. */
typedef struct ock_message {
  ock_arena arena;
  const char *id;         /* NULL: none */
  const char *parameters; /* the JSON text of the object "parameters"; NULL: none */
  ock_tensor *tensors;
  size_t n_tensors;
  ock_wanted *wanted; /* outputs that a request asks for; none: all */
  size_t n_wanted;
  bool binary_output; /* outputs shall be binary where their own `binary` does not say otherwise */
  ock_answering answering;
  uint64_t n_rows; /* the first dimension of the first tensor */
} ock_message;
void ock_message_clear(ock_message *message);
/* A new tensor at the end with room for n_elements (numeric datatypes) or size_bytes (BYTES); its data are not set.
 * NULL: no memory. Tensors added before may move. */
ock_tensor *ock_message_add(ock_message *message, const char *name, ock_datatype datatype, const uint64_t *shape,
                            size_t n_dimensions, size_t size_bytes);
const ock_tensor *ock_message_find(const ock_message *message, const char *name);
/* Does a request want this output? *binary (NULL allowed): as ock_wanted has it. */
bool ock_message_wants(const ock_message *request, const char *name, int *binary);

/* ---- what a model takes and gives ---- */

typedef struct ock_field {
  const char *name;
  ock_datatype datatype;
  size_t n_dimensions;
  int64_t shape[OCK_DIMENSIONS]; /* -1: any */
} ock_field;

/* How rows of named values (objects, CSV) become tensors. */
typedef enum ock_layout {
  OCK_LAYOUT_NONE = 0, /* they do not: only tensors are taken */
  OCK_LAYOUT_MATRIX,   /* one input of shape [-1, n_columns] */
  OCK_LAYOUT_COLUMNS   /* each input has shape [-1] or [-1, 1]; its name is that of the column */
} ock_layout;

/* Lives in its arena. Zero-initialise; ock_schema_clear(). */
typedef struct ock_schema {
  ock_arena arena;
  ock_field *inputs, *outputs;
  size_t n_inputs, n_outputs;
  const char **columns; /* MATRIX: the names given, or NULL: rows are then arrays, not objects; COLUMNS: the inputs' */
  size_t n_columns;     /* 0 with OCK_LAYOUT_NONE */
  ock_layout layout;
} ock_schema;
/* From JSON {"inputs": [{"name", "datatype", "shape"}, ...], "outputs": [...], "columns": ["a", ...]}: the metadata of
 * the protocol, which columns extend. The layout follows. BAD_DATA names what is wrong. */
ockham_status ock_schema_parse(const char *json, size_t size, ock_schema *schema, ockham_error *err);
void ock_schema_clear(ock_schema *schema);
const ock_field *ock_field_find(const ock_field *fields, size_t n, const char *name); /* NULL: there is none */
bool ock_schema_has_column(const ock_schema *schema, const char *name);               /* by the names given */
/* "inputs":[...],"outputs":[...] and, where there are columns, "columns":[...]; without braces. */
void ock_schema_write(const ock_schema *schema, ock_buffer *out);
/* BAD_DATA unless a request has exactly the schema's inputs, of its datatypes and shapes, with one number of rows, and
 * wants only outputs there are. With `convert`, any numeric datatype is taken where a number is expected, and with
 * MATRIX also one tensor a column; ock_message_matrix() turns them into one. */
ockham_status ock_schema_check(const ock_schema *schema, const ock_message *request, bool convert, ockham_error *err);
/* BAD_DATA unless an answer to a request has outputs of the schema only, all that are wanted, of their datatypes and
 * shapes. */
ockham_status ock_schema_check_answer(const ock_schema *schema, const ock_message *request, const ock_message *answer,
                                      ockham_error *err);
/* The rows of a checked request of layout MATRIX as float64: a view of the tensor where it lies as needed, else a copy
 * in the message's arena. NO_MEMORY; BAD_DATA (row, column set) for a value that is not finite. */
ockham_status ock_message_matrix(const ock_schema *schema, ock_message *request, ockham_rows *rows, ockham_error *err);

/* ---- Open Inference Protocol ----
 * Bodies must be followed by OCK_BODY_PADDING readable zero bytes. json_size: the Inference-Header-Content-Length, or
 * the body's size without one. Messages must be zero-initialised and be cleared by the caller, also after a failure.
 * Failures: BAD_DATA (what is wrong, e.g. "inputs[0].data[17] at byte 311: expected a number, found '\"a\"'"),
 * NO_MEMORY. */
enum { OCK_BODY_PADDING = 64 };
ockham_status ock_oip_decode_request(const char *body, size_t size, size_t json_size, ock_message *request,
                                     ockham_error *err);
ockham_status ock_oip_decode_answer(const char *body, size_t size, size_t json_size, ock_message *answer,
                                    ockham_error *err);
/* The answer to a request: its id and the outputs it wants, binary where it wants them so. *json_size is set to the
 * size of the JSON part when tensors follow it, else to 0. version may be NULL. Memory: out->failed. */
void ock_oip_encode_answer(const char *model, const char *version, const ock_message *request,
                           const ock_message *answer, ock_buffer *out, size_t *json_size);
/* A request, all tensors binary or none (FP16, BF16 are always binary). */
void ock_oip_encode_request(const ock_message *request, bool binary, ock_buffer *out, size_t *json_size);

/* ---- rows ---- */

typedef enum ock_form {
  OCK_FORM_OIP = 0,
  OCK_FORM_ROWS,      /* [{"age": 3, ...}, ...], [[3, ...], ...], one such row, or {"rows": ...}; answered alike */
  OCK_FORM_INSTANCES, /* TensorFlow Serving: {"instances": [...]} and {"predictions": [...]}, or {"inputs": ...} (a
                         column a name, or rows) and {"outputs": ...} */
  OCK_FORM_FRAME,     /* MLflow: {"dataframe_split": {"columns", "data"}}, {"dataframe_records": [...]}, or those of
                         INSTANCES; {"predictions": [...]} */
  OCK_FORM_CSV,       /* header optional where every cell is a number and there are as many as columns */
  OCK_FORM_NDJSON,    /* one row a line, answered so */
  OCK_FORM_COUNT
} ock_form;
/* Decode rows into the schema's inputs: each column by its name, or by its place in rows without names; a name that is
 * missing, unknown (CSV: unknown columns are passed over) or twice, and a value of another type, fail with BAD_DATA,
 * the row and the column. UNSUPPORTED when the schema has no layout, with what the model takes. */
ockham_status ock_rows_decode(ock_form form, const char *body, size_t size, const ock_schema *schema,
                              ock_message *request, ockham_error *err);
/* Encode an answer: each output has n_rows as its first dimension, and gives one cell a row, or an array (JSON) or
 * name_0, name_1, ... (CSV). An answer of other shapes fails with UNSUPPORTED. */
ockham_status ock_rows_encode(ock_form form, const ock_message *request, const ock_message *answer, ock_buffer *out,
                              ockham_error *err);

/* ---- what both sides of a recording need ---- */

uint64_t ock_hash(const void *bytes, size_t size); /* XXH3, 64 bits */
/* Any body that these decoders know, as JSON for people: binary tensors become numbers, CSV stays text in a string.
 * What cannot be decoded is shown as a string with a note. content_type may be NULL. The body needs no padding: it is
 * copied. Memory: out->failed. */
void ock_body_explain(const char *content_type, size_t json_size, const char *body, size_t size, ock_buffer *out);

#endif
