#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/regex.h"
#include "base/result.h"

namespace tocsin {

enum class MatchOp { Equal, NotEqual, Regex, NotRegex };

/// `=`, `!=`, `=~`, `!~`.
std::string_view to_string(MatchOp op);

/// One condition on one label. An absent label has the value "". Immutable, cheap to copy.
class Matcher {
public:
    /// Fails only for a bad regular expression. PromQL anchors with (?s:…), Alertmanager with (?:…).
    static Result<Matcher> create(std::string name, MatchOp op, std::string value,
                                  Regex::Anchoring anchoring = Regex::Anchoring::Full);
    static Matcher equal(std::string name, std::string value);

    const std::string& name() const { return name_; }
    MatchOp op() const { return op_; }
    const std::string& value() const { return value_; }

    bool matches(std::string_view value) const;
    bool matches(const LabelSet& labels) const { return matches(labels.get(name_)); }
    bool matches_empty() const { return matches(std::string_view{}); }

    bool operator==(const Matcher& other) const {
        return name_ == other.name_ && op_ == other.op_ && value_ == other.value_;
    }

private:
    Matcher(std::string name, MatchOp op, std::string value, std::optional<Regex> regex)
        : name_(std::move(name)), op_(op), value_(std::move(value)), regex_(std::move(regex)) {}

    std::string name_;
    MatchOp op_;
    std::string value_;
    std::optional<Regex> regex_;
};

using Matchers = std::vector<Matcher>;

/// Whether every one of them holds; true for none.
bool all_match(const Matchers& matchers, const LabelSet& labels);

/// `name="value"`, the name quoted when it is no legacy label name, the value in Go's quotes.
std::string to_string(const Matcher& matcher);

}  // namespace tocsin
