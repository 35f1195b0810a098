/* SPDX-License-Identifier: Apache-2.0 */
/* The table of loops of one instruction set, OCK_VECTOR_ISA; without it, of plain C. */
#include "lm/loops.h"

#include "lm/loops_norm.h"
/* what the parts below stand on comes first */
#include "lm/loops_ffn.h"
#include "lm/loops_move.h"
#include "lm/loops_softmax.h"

#define NAME_(isa) ock_lm_loops_##isa
#define NAME(isa) NAME_(isa)
#define TEXT_(isa) #isa
#define TEXT(isa) TEXT_(isa)

extern const ock_lm_loops NAME(OCK_VECTOR_ISA);
const ock_lm_loops NAME(OCK_VECTOR_ISA) = {
    .isa = TEXT(OCK_VECTOR_ISA),
    .rms = rms,
    .rms_backward = rms_backward,
    .layer = layer,
    .layer_backward = layer_backward,
    .add = add_scaled,
    .scale = scale,
    .dot = dot,
    .add_row = add_row,
    .sum_rows = sum_rows,
    .rope = rope,
    .activate = activate,
    .activate_backward = activate_backward,
    .softmax = softmax,
    .softmax_backward = softmax_backward,
    .cap = cap,
    .cap_backward = cap_backward,
    .cross_entropy = cross_entropy,
    .dropout = dropout,
    .to_bf16 = to_bf16,
    .round_to_bf16 = round_to_bf16,
};
