#include "daemon/api/posted_form.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "daemon/api/posted_time.h"

namespace tocsin::api {
namespace {

using Type = MemberForm::Type;

std::string_view go_kind(const Json& value) {
    if (value.is_string()) return "string";
    if (value.is_bool()) return "bool";
    if (value.is_number()) return "number";
    return value.is_array() ? "array" : "object";
}

bool has_type(const Json& value, Type type) {
    switch (type) {
        case Type::Text:
        case Type::Time:
            return value.is_string();
        case Type::Flag:
            return value.is_bool();
        case Type::List:
            return value.is_array();
        case Type::Texts:
            return value.is_object();
    }
    return false;
}

std::string wrong_type_of_field(const Json& value, const MemberForm& member, std::string_view type_name) {
    return wrong_type_message(value, fmt::format("struct field {} of type {}", member.field, type_name));
}

std::optional<std::string> wrong_text(const Json& texts, const MemberForm& member) {
    for (const auto& [name, value] : texts.members()) {
        if (!value.is_string() && !value.is_null()) return wrong_type_of_field(value, member, "string");
    }
    return std::nullopt;
}

std::optional<std::string> wrong_value(const Json& value, const MemberForm& member) {
    if (value.is_null()) return std::nullopt;
    if (!has_type(value, member.type)) return wrong_type_of_field(value, member, member.type_name);
    if (member.type == Type::Texts) return wrong_text(value, member);
    if (member.type != Type::Time) return std::nullopt;
    const auto time = read_posted_time(value.as_string());
    return time ? std::nullopt : std::optional(time.error().message);
}

}  // namespace

Json with_known_names(const Json& object, std::span<const MemberForm> members) {
    // Looked for once: there may be as many spellings as fit into a body.
    std::vector<std::string_view> missing;
    for (const MemberForm& member : members) {
        if (object.find(member.name) == nullptr) missing.push_back(member.name);
    }
    Json::Object renamed;
    for (const auto& [name, value] : object.members()) {
        const auto meant =
            std::ranges::find_if(missing, [&name = name](std::string_view known) { return iequals(known, name); });
        renamed.emplace_back(meant == missing.end() ? name : std::string(*meant), value);
    }
    return Json(std::move(renamed));
}

std::string wrong_type_message(const Json& value, std::string_view into) {
    return fmt::format("json: cannot unmarshal {} into Go {}", go_kind(value), into);
}

std::optional<std::string> find_wrong_type(const Json& object, std::span<const MemberForm> members) {
    for (const MemberForm& member : members) {
        if (auto wrong = wrong_value(object.at(member.name), member)) return wrong;
    }
    return std::nullopt;
}

std::optional<std::string_view> find_missing(const Json& object, std::span<const MemberForm> members) {
    const auto missing = std::find_if(members.begin(), members.end(), [&](const MemberForm& member) {
        return member.is_required && object.at(member.name).is_null();
    });
    if (missing == members.end()) return std::nullopt;
    return missing->name;
}

}  // namespace tocsin::api
