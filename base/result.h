#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace tocsin {

/// What went wrong, in one sentence for a person, plus the little a caller may branch on.
///
/// Messages are lower case, have no full stop, name the thing and say what was expected. Context goes in front as the
/// error travels: `scrape node/10.0.0.7:9100: connect: timed out after 10s`. Never a secret.
struct Error {
    enum class Kind { InvalidInput, NotFound, Unavailable, Timeout, Cancelled, LimitExceeded, Internal };

    Kind kind = Kind::Internal;
    std::string message;
};

/// A value, or why there is none. For what the world may refuse; what a user wrote wrong is a Diagnostic.
template <class T>
using Result = tl::expected<T, Error>;

/// Success, or why not.
using Status = Result<void>;

inline tl::unexpected<Error> fail(Error::Kind kind, std::string message) {
    return tl::unexpected<Error>(Error{kind, std::move(message)});
}

/// The same error with `context` and a colon in front of its message.
inline tl::unexpected<Error> fail_with_context(std::string context, Error error) {
    error.message = std::move(context) + ": " + error.message;
    return tl::unexpected<Error>(std::move(error));
}

}  // namespace tocsin

#define TOCSIN_CONCAT_(a, b) a##b
#define TOCSIN_CONCAT(a, b) TOCSIN_CONCAT_(a, b)
#define TOCSIN_TRY_(name, declaration, expression)                                      \
    auto name = (expression);                                                           \
    if (!name) return ::tl::unexpected<::tocsin::Error>(std::move(name).error());       \
    declaration = *std::move(name)

/// TOCSIN_TRY(const auto body, read_file(path)); binds the value, or returns the error to the caller.
#define TOCSIN_TRY(declaration, expression) \
    TOCSIN_TRY_(TOCSIN_CONCAT(tocsin_result_, __COUNTER__), declaration, expression)
