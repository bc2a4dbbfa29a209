#pragma once

#include <boost/asio/ssl/context.hpp>

#include "base/asio_tls.h"

namespace tocsin {

/// What is inside of AsioTls, for the one file that runs connections over it.
struct AsioTls::Context {
    boost::asio::ssl::context ssl;
    bool verify;
};

}  // namespace tocsin
