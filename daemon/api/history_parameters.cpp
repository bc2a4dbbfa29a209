#include "daemon/api/history_parameters.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/moment.h"
#include "parser/matchers_parser.h"

namespace tocsin::api {
namespace {

// An answer is made while nothing is polled, evaluated or told.
constexpr std::size_t kRecordsMax = 5000;

Status read_limit(const std::string& text, std::size_t& into) {
    if (text.empty()) return {};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
    if (error == std::errc{} && end == text.data() + text.size() && into > 0) {
        into = std::min(into, kRecordsMax);
        return {};
    }
    return fail(Error::Kind::InvalidInput, "invalid parameter \"limit\": expected a number above 0");
}

}  // namespace

Status read_period(const Parameters& parameters, Timestamp& start, Timestamp& end) {
    for (const auto& [name, moment] : {std::pair{"start", &start}, std::pair{"end", &end}}) {
        const std::string text = parameters.get(name);
        if (text.empty()) continue;
        auto parsed = parse_moment(text);
        if (!parsed) return fail_with_context(fmt::format("invalid parameter \"{}\"", name), parsed.error());
        *moment = *parsed;
    }
    return {};
}

Result<HistoryParameters> read_history_parameters(const Context& context, const Parameters& parameters) {
    HistoryParameters read;
    read.end = context.scheduler.now();
    if (auto period = read_period(parameters, read.start, read.end); !period) return tl::unexpected(period.error());
    if (auto limit = read_limit(parameters.get("limit"), read.limit); !limit) return tl::unexpected(limit.error());
    for (const std::string& text : parameters.all("filter")) {
        auto matcher = parse_matcher(text, context.options.matchers_syntax);
        if (!matcher) return fail_with_context("invalid parameter \"filter\"", matcher.error());
        read.matchers.push_back(*std::move(matcher));
    }
    return read;
}

}  // namespace tocsin::api
