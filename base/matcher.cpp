#include "base/matcher.h"

#include <algorithm>

#include "base/text.h"

namespace tocsin {

std::string_view to_string(MatchOp op) {
    switch (op) {
        case MatchOp::Equal:
            return "=";
        case MatchOp::NotEqual:
            return "!=";
        case MatchOp::Regex:
            return "=~";
        case MatchOp::NotRegex:
            return "!~";
    }
    return "";
}

Result<Matcher> Matcher::create(std::string name, MatchOp op, std::string value, Regex::Anchoring anchoring) {
    if (op == MatchOp::Equal || op == MatchOp::NotEqual) {
        return Matcher(std::move(name), op, std::move(value), std::nullopt);
    }
    TOCSIN_TRY(Regex regex, Regex::compile(value, anchoring));
    return Matcher(std::move(name), op, std::move(value), std::move(regex));
}

Matcher Matcher::equal(std::string name, std::string value) {
    return Matcher(std::move(name), MatchOp::Equal, std::move(value), std::nullopt);
}

bool Matcher::matches(std::string_view value) const {
    switch (op_) {
        case MatchOp::Equal:
            return value == value_;
        case MatchOp::NotEqual:
            return value != value_;
        case MatchOp::Regex:
            return regex_->matches(value);
        case MatchOp::NotRegex:
            return !regex_->matches(value);
    }
    return false;
}

bool all_match(const Matchers& matchers, const LabelSet& labels) {
    return std::all_of(matchers.begin(), matchers.end(),
                       [&labels](const Matcher& matcher) { return matcher.matches(labels); });
}

std::string to_string(const Matcher& matcher) {
    const std::string name = is_legacy_label_name(matcher.name()) ? matcher.name() : go_quote(matcher.name());
    return name + std::string(to_string(matcher.op())) + go_quote(matcher.value());
}

}  // namespace tocsin
