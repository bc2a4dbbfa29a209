#pragma once

namespace tocsin {

/// `0.1.0`: of the whole program, from CMakeLists.txt.
const char* version();

}  // namespace tocsin
