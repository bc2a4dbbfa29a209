#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/yaml.h"
#include "notifiers/notification.h"

namespace tocsin {

/// A field of a receiver, parsed once. One that is no template fails when it is expanded, as in Alertmanager: a mistake
/// in one message must not keep the others from being sent.
class TemplatedText {
public:
    enum class Kind { Text, Html };

    /// As HTML, every value is escaped for the place where it stands.
    TemplatedText(const templates::NotificationTemplates& templates, std::string_view text, Kind kind = Kind::Text);

    Result<std::string> expand(const templates::NotificationData& data, Timestamp now) const;

private:
    tl::expected<templates::NotificationTemplate, std::string> parsed_;
};

/// The fields of one integration, each parsed when it is first used. For texts of the configuration only: nothing is
/// ever dropped.
class FieldTemplates {
public:
    explicit FieldTemplates(const templates::NotificationTemplates& templates) : templates_(templates) {}

    const TemplatedText& of(const std::string& text, TemplatedText::Kind kind = TemplatedText::Kind::Text) const;
    const templates::NotificationTemplates& set() const { return templates_; }

private:
    templates::NotificationTemplates templates_;
    mutable std::map<std::pair<TemplatedText::Kind, std::string>, TemplatedText> parsed_;
};

/// Expands the fields of one message and keeps the first failure.
class FieldExpander {
public:
    explicit FieldExpander(const Notification& notification) : data_(notification.data), now_(notification.now) {}

    /// Empty for a field that fails.
    std::string operator()(const TemplatedText& field);
    /// The same, with something to say in its place.
    std::string expand_or(const TemplatedText& field, std::string_view replacement);

    const std::string& error() const { return error_; }

private:
    const templates::NotificationData& data_;
    Timestamp now_;
    std::string error_;
};

/// A value of any shape whose texts are templates: PagerDuty's `details`, the webhook's `payload`.
///
/// What a text expands to is read as YAML, and where that gives something other than a text it is taken as such: `{{ …
/// | toJson }}` becomes an object, `{{ len .Alerts }}` a number (Alertmanager's template.DeepCopyWithTemplate).
class FreeForm {
public:
    static FreeForm from_text(const templates::NotificationTemplates& templates, std::string_view text);
    static FreeForm from_yaml(const templates::NotificationTemplates& templates, const YamlNode& node);

    /// Members sorted by name, as Go writes a map. A text that fails becomes null.
    Json expand(FieldExpander& expand) const;

private:
    struct Member;
    std::variant<Json, TemplatedText, std::vector<FreeForm>, std::vector<Member>> value_;
};

struct FreeForm::Member {
    TemplatedText name;
    FreeForm value;
};

/// The JSON that a YAML value means by the rules of YAML 1.1. Members are sorted; those whose key is not a text are
/// left out, as Alertmanager does.
Json yaml_to_json(const YamlNode& node);

/// Cut to `runes_max` characters, the last of them `…`.
std::string truncate_in_runes(std::string text, std::size_t runes_max);

/// What a message says when its template fails: `[FIRING:2] alertname=… (2 alerts)` and below it each alert with its
/// labels and annotations.
std::string plain_subject(const templates::NotificationData& data);
std::string plain_facts(const templates::NotificationData& data);

/// What was made of a text although a template failed, the plain facts, and the failure.
std::string with_plain_facts(std::string text, const templates::NotificationData& data, std::string_view error);

}  // namespace tocsin
