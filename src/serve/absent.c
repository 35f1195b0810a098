/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of serve.h and record.h in a build that cannot serve. */
#include <ockham/record.h>
#include <ockham/serve.h>

#include "core/internal.h"
