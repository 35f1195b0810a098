/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table.h"

void ockham_table_free(ockham_table *table) {
  if (!table) return;
  if (table->names)
    for (size_t j = 0; j < table->n_columns; j++) ock_free(table->names[j]);
  ock_free(table->names);
  ock_free(table->values);
  ock_free(table->label);
  ock_labels_clear(&table->labels);
  ock_free(table);
}
