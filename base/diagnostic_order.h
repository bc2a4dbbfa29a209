#pragma once

#include "base/diagnostic.h"

namespace tocsin {

/// Findings as a person goes through them: file by file, in the order in which the files first come, and within a file
/// by line and column. Those of one place stay in their order.
void sort_by_place(Diagnostics& findings);

}  // namespace tocsin
