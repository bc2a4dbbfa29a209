#include "daemon/alertmanager_version.h"

#include "base/version.h"

namespace tocsin {

std::string alertmanager_version() {
    return std::string("0.34.0+tocsin.") + version();
}

}  // namespace tocsin
