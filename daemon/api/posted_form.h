#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"

/// The form of what is posted to Alertmanager's API: which members have which types. Messages are those of the original
/// (encoding/json and go-openapi), which names the fields of its own structures.
namespace tocsin::api {

/// A member that the API knows; others are ignored, and null is as good as absent.
struct MemberForm {
    enum class Type { Text, Time, Flag, List, Texts };  // Texts: an object of texts

    std::string_view name;
    Type type = Type::Text;
    std::string_view field;  // as the original names it: `Silence.comment`
    std::string_view type_name = "string";
    bool is_required = false;
};

/// The object with the names that the API knows where it has them in other letters (`Labels`), since encoding/json of
/// Go does not look at the case. Of a name in both, the exact one counts.
Json with_known_names(const Json& object, std::span<const MemberForm> members);

/// `json: cannot unmarshal number into Go struct field Silence.comment of type string`, of the first member whose value
/// has another type; nothing when all are good.
std::optional<std::string> find_wrong_type(const Json& object, std::span<const MemberForm> members);

/// `json: cannot unmarshal number into Go value of type …`.
std::string wrong_type_message(const Json& value, std::string_view into);

/// The first of the members that is required and not there.
std::optional<std::string_view> find_missing(const Json& object, std::span<const MemberForm> members);

}  // namespace tocsin::api
