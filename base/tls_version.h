#pragma once

namespace tocsin {

/// Those that are spoken at all.
enum class TlsVersion { Tls12, Tls13 };

}  // namespace tocsin
