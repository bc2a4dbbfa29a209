#include "daemon/api/history_parameters.h"

#include <charconv>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/moment.h"
#include "parser/matchers_parser.h"

namespace tocsin::api {
namespace {

Status read_period(const Parameters& parameters, HistoryParameters& into) {
    for (const auto& [name, moment] : {std::pair{"start", &into.start}, std::pair{"end", &into.end}}) {
        const std::string text = parameters.get(name);
        if (text.empty()) continue;
        auto parsed = parse_moment(text);
        if (!parsed) return fail_with_context(fmt::format("invalid parameter \"{}\"", name), parsed.error());
        *moment = *parsed;
    }
    return {};
}

Status read_limit(const std::string& text, std::size_t& into) {
    if (text.empty()) return {};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
    if (error == std::errc{} && end == text.data() + text.size() && into > 0) return {};
    return fail(Error::Kind::InvalidInput, "invalid parameter \"limit\": expected a number above 0");
}

}  // namespace

Result<HistoryParameters> read_history_parameters(const Context& context, const Parameters& parameters) {
    HistoryParameters read;
    read.end = context.scheduler.now();
    if (auto period = read_period(parameters, read); !period) return tl::unexpected(period.error());
    if (auto limit = read_limit(parameters.get("limit"), read.limit); !limit) return tl::unexpected(limit.error());
    for (const std::string& text : parameters.all("filter")) {
        auto matcher = parse_matcher(text, context.options.matchers_syntax);
        if (!matcher) return fail_with_context("invalid parameter \"filter\"", matcher.error());
        read.matchers.push_back(*std::move(matcher));
    }
    return read;
}

}  // namespace tocsin::api
