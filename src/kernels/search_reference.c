/* SPDX-License-Identifier: Apache-2.0 */
/* The plain twins of the search kernels, on floats and on doubles. */
#include <math.h>

#include "kernels/internal.h"
#include "kernels/tables.h"

#define element float
#define PLAIN(name) name##_float
#include "kernels/search_plain.h"
#undef element
#undef PLAIN

#define element double
#define PLAIN(name) name##_double
#include "kernels/search_plain.h"
#undef element
#undef PLAIN

const ock_search_kernels ock_search_reference_float = {
    .element_bytes = sizeof(float),
    .nearest = nearest_float,
    .nearest_two = nearest_two_float,
    .take_side = take_side_float,
    .sum_panel = sum_panel_float,
};

const ock_search_kernels ock_search_reference_double = {
    .element_bytes = sizeof(double),
    .nearest = nearest_double,
    .nearest_two = nearest_two_double,
    .take_side = take_side_double,
    .sum_panel = sum_panel_double,
};
