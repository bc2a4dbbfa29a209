#include "base/version.h"

namespace tocsin {

const char* version() { return TOCSIN_VERSION; }

}  // namespace tocsin
