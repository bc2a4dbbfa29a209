#include "notifiers/config_fields.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/text.h"
#include "base/url.h"
#include "notifiers/masking.h"

namespace tocsin {
namespace {

std::string_view scheme_of(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return {};
    const std::string_view scheme = text.substr(0, colon);
    const bool letters = std::all_of(scheme.begin(), scheme.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
               c == '.';
    });
    return letters ? scheme : std::string_view{};
}

}  // namespace

void ConfigReading::problem(const SourceRange& where, std::string message, std::string expected) {
    problems.push_back({.severity = Severity::Error,
                        .check = {},
                        .file = file,
                        .where = where,
                        .message = std::move(message),
                        .expected = std::move(expected),
                        .hint = {}});
}

void ConfigReading::warn(const SourceRange& where, std::string message, std::string hint) {
    warnings.push_back({.severity = Severity::Warning,
                        .check = {},
                        .file = file,
                        .where = where,
                        .message = std::move(message),
                        .expected = {},
                        .hint = std::move(hint)});
}

std::string url_problem(std::string_view text, bool secret) {
    const std::string scheme = to_lower(scheme_of(text));
    if (scheme != "http" && scheme != "https") {
        return secret ? "unsupported scheme for URL" : fmt::format("unsupported scheme {} for URL", go_quote(scheme));
    }
    const auto url = parse_url(text);
    return url ? "" : url.error().message;
}

bool ConfigFields::read_template(std::string_view key, TemplateField& into) {
    if (!read(key, into.text)) return false;
    into.where = get(key)->where;
    return true;
}

bool ConfigFields::read_secret_template(std::string_view key, SecretTemplateField& into) {
    if (!read_secret(key, into.text)) return false;
    into.where = get(key)->where;
    return true;
}

bool ConfigFields::read_secret(std::string_view key, Secret& into) {
    std::string text;
    if (!read(key, text)) return false;
    reading_.secrets.push_back(get(key));
    into = Secret(std::move(text));
    return true;
}

bool ConfigFields::read_url(std::string_view key, std::string& into) {
    std::string text;
    if (!read(key, text)) return false;
    if (auto problem = url_problem(text); !problem.empty()) {
        report(key, std::move(problem), "an absolute http or https URL");
        return false;
    }
    into = std::move(text);
    return true;
}

bool ConfigFields::read_secret_url(std::string_view key, Secret& into) {
    Secret secret;
    if (!read_secret(key, secret)) return false;
    if (secret.reveal() != kMask) {
        if (auto problem = url_problem(secret.reveal(), true); !problem.empty()) {
            report(key, std::move(problem), "an absolute http or https URL");
            return false;
        }
    }
    into = std::move(secret);
    return true;
}

bool ConfigFields::read_go_duration(std::string_view key, Duration& into) {
    std::string text;
    if (!read(key, text)) return false;
    const auto duration = parse_go_duration(text);
    if (!duration) {
        report(key, duration.error().message);
        return false;
    }
    into = std::chrono::ceil<Duration>(*duration);
    return true;
}

void ConfigFields::read_each(std::string_view key, const std::function<void(const YamlNode&)>& each,
                             std::string_view missing_entry) {
    const YamlNode* list = get(key);
    if (list == nullptr || list->is_null()) return;
    if (!list->is_sequence()) {
        report(key, fmt::format("{} is not a list", key), "a list");
        return;
    }
    for (const YamlNode& item : list->items) {
        if (item.is_null() && !missing_entry.empty()) {
            fields_.report(item.where, std::string(missing_entry));
        } else {
            each(item);
        }
    }
}

bool ConfigFields::has(std::string_view key) {
    const YamlNode* value = get(key);
    return value != nullptr && !value->is_null() && !(value->is_scalar() && value->text.empty());
}

void ConfigFields::at_most_one(std::initializer_list<std::string_view> keys, std::string_view prefix) {
    const auto set = std::count_if(keys.begin(), keys.end(), [&](std::string_view key) { return has(key); });
    if (set < 2) return;
    std::string names;
    std::string_view last;
    std::size_t number = 0;
    for (const std::string_view key : keys) {
        if (number > 0) names += number + 1 == keys.size() ? " & " : ", ";
        names += key;
        if (has(key)) last = key;
        ++number;
    }
    report(last, fmt::format("at most one of {}{} must be configured", prefix, names));
}

void ConfigFields::report(std::string_view key, std::string message, std::string expected) {
    const YamlNode* value = get(key);
    // Without braces and lines of its own a mapping is where its first key is; good enough to find it.
    fields_.report(value != nullptr ? value->where : node().where, std::move(message), std::move(expected));
}

}  // namespace tocsin
