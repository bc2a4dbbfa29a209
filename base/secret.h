#pragma once

#include <string>
#include <utility>

namespace tocsin {

/// A text that must not be seen: there is no formatter, and what prints it by hand gets `<secret>`. Call reveal() only where
/// the text leaves for the one it is meant for.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}

    const std::string& reveal() const { return text_; }
    bool empty() const { return text_.empty(); }
    bool operator==(const Secret&) const = default;

private:
    std::string text_;
};

inline std::string to_string(const Secret& secret) { return secret.empty() ? "" : "<secret>"; }

}  // namespace tocsin
