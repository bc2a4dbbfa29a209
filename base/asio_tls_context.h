#pragma once

#include <string_view>

#include <boost/asio/ssl/context.hpp>

#include "base/asio_tls.h"

namespace tocsin {

/// What is inside of AsioTls, for the files that make it and the one that runs connections over it.
struct AsioTls::Context {
    boost::asio::ssl::context ssl;
    bool verify;
};

/// PEM, where it is given.
struct TlsTexts {
    std::string_view certificate, key, authorities;
};
Status load_texts(boost::asio::ssl::context& context, const TlsTexts& texts);
Status trust_the_system(boost::asio::ssl::context& context);

/// What holds for both sides: the versions, and that a key with a password is an error. Before anything is loaded.
void prepare_tls(SSL_CTX* context, TlsVersion least, TlsVersion most);

}  // namespace tocsin
