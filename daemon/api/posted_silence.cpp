#include "daemon/api/posted_silence.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "daemon/api/alertmanager_error.h"
#include "daemon/api/posted_form.h"
#include "daemon/api/posted_time.h"

namespace tocsin::api {
namespace {

using Type = MemberForm::Type;

// In the order in which the original looks for what is missing.
constexpr std::array kSilence = {
    MemberForm{"id", Type::Text, ".id"},
    MemberForm{"annotations", Type::Texts, "Silence.annotations", "models.LabelSet"},
    MemberForm{"comment", Type::Text, "Silence.comment", "string", true},
    MemberForm{"createdBy", Type::Text, "Silence.createdBy", "string", true},
    MemberForm{"endsAt", Type::Time, "Silence.endsAt", "string", true},
    MemberForm{"matchers", Type::List, "Silence.matchers", "models.Matchers", true},
    MemberForm{"startsAt", Type::Time, "Silence.startsAt", "string", true},
};
constexpr std::array kMatcher = {
    MemberForm{"isEqual", Type::Flag, "Matcher.matchers.isEqual", "bool"},
    MemberForm{"isRegex", Type::Flag, "Matcher.matchers.isRegex", "bool", true},
    MemberForm{"name", Type::Text, "Matcher.matchers.name", "string", true},
    MemberForm{"value", Type::Text, "Matcher.matchers.value", "string", true},
};

std::optional<std::string> find_wrong_type_of(const Json& body) {
    if (!body.is_object() && !body.is_null()) return wrong_type_message(body, "value of type models.PostableSilence");
    if (auto wrong = find_wrong_type(body, kSilence)) return wrong;
    for (const Json& matcher : body.at("matchers").items()) {
        if (!matcher.is_object() && !matcher.is_null()) {
            return wrong_type_message(matcher, "struct field Silence.matchers of type models.Matcher");
        }
        if (auto wrong = find_wrong_type(matcher, kMatcher)) return wrong;
    }
    return std::nullopt;
}

std::optional<std::string> find_missing_in(const Json& body) {
    if (const auto missing = find_missing(body, kSilence)) return std::string(*missing);
    const auto& matchers = body.at("matchers").items();
    for (std::size_t i = 0; i < matchers.size(); ++i) {
        if (const auto missing = find_missing(matchers[i], kMatcher)) {
            return fmt::format("matchers.{}.{}", i, *missing);
        }
    }
    return std::nullopt;
}

Json with_known_names_of_silence(const Json& posted) {
    if (!posted.is_object()) return posted;
    const Json silence = with_known_names(posted, kSilence);
    Json::Object members = silence.members();
    for (auto& [name, value] : members) {
        if (name != "matchers" || !value.is_array()) continue;
        Json::Array matchers;
        for (const Json& item : value.items()) {
            matchers.push_back(item.is_object() ? with_known_names(item, kMatcher) : item);
        }
        value = Json(std::move(matchers));
    }
    return Json(std::move(members));
}

std::optional<ServerResponse> check_form(const Json& body) {
    if (const auto wrong = find_wrong_type_of(body)) {
        return form_error(400, "parsing silence body from \"\" failed, because " + *wrong);
    }
    if (const auto missing = find_missing_in(body)) return form_error(602, *missing + " in body is required");
    if (body.at("matchers").items().empty()) return form_error(612, "matchers in body should have at least 1 items");
    return std::nullopt;
}

Result<Matcher> read_matcher(const Json& json) {
    const bool regex = json.at("isRegex").as_bool();
    const bool equal = json.at("isEqual").is_null() || json.at("isEqual").as_bool();
    const MatchOp op =
        regex ? (equal ? MatchOp::Regex : MatchOp::NotRegex) : (equal ? MatchOp::Equal : MatchOp::NotEqual);
    return Matcher::create(json.at("name").as_string(), op, json.at("value").as_string(), Regex::Anchoring::FullNoDot);
}

Result<Silence> read_silence(const Json& json, MatchersSyntax syntax) {
    Silence silence;
    silence.id = json.at("id").as_string();
    silence.comment = json.at("comment").as_string();
    silence.created_by = json.at("createdBy").as_string();
    TOCSIN_TRY(silence.starts_at, read_posted_time(json.at("startsAt").as_string()));
    TOCSIN_TRY(silence.ends_at, read_posted_time(json.at("endsAt").as_string()));
    for (const Json& item : json.at("matchers").items()) {
        TOCSIN_TRY(Matcher matcher, read_matcher(item));
        if (!is_label_name(matcher.name(), syntax)) {
            return fail(Error::Kind::InvalidInput,
                        fmt::format("invalid silence: invalid label matcher {} in set 0: invalid label name {}",
                                    silence.matchers.size(), go_quote(matcher.name())));
        }
        silence.matchers.push_back(std::move(matcher));
    }
    for (const auto& [name, value] : json.at("annotations").members()) {
        silence.annotations.emplace_back(name, value.as_string());
    }
    return silence;
}

}  // namespace

tl::expected<Silence, ServerResponse> read_posted_silence(const Json& posted, MatchersSyntax syntax) {
    const Json body = with_known_names_of_silence(posted);
    if (auto refusal = check_form(body)) return tl::unexpected(*std::move(refusal));
    auto silence = read_silence(body, syntax);
    if (silence) return *std::move(silence);
    return tl::unexpected(handler_error(400, "Failed to create silence: " + silence.error().message));
}

}  // namespace tocsin::api
