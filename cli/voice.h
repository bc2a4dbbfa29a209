#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::cli {

/// What a command says beside its data: lines on stderr, `tocsin replay: …`, escaped.
class Voice {
public:
    /// `command` outlives it.
    explicit constexpr Voice(std::string_view command) : command_(command) {}

    void note(std::string_view what) const;
    /// Says why the command ends, and gives its exit code.
    int refuse(std::string_view message, int code) const;
    /// The code of the error: input that is bad, or something that could not be done.
    int refuse(const Error& error) const;

private:
    std::string_view command_;
};

}  // namespace tocsin::cli
