#pragma once

#include <string>

namespace tocsin {

/// What clients of Alertmanager are told, some of which work with known versions only: the one whose API this is, and
/// behind it tocsin's own, where semantic versioning has what does not count: `0.34.0+tocsin.1.2.3`.
std::string alertmanager_version();

}  // namespace tocsin
