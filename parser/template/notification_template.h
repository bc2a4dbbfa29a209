#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "base/time.h"
#include "parser/template/go_time.h"
#include "parser/template/template_problem.h"

namespace tocsin::templates {

class Template;
class TemplateSet;

/// An alert as notification templates see it.
struct NotificationAlert {
    std::string status;  // "firing" or "resolved"
    LabelSet labels;
    LabelSet annotations;
    GoTime starts_at;
    GoTime ends_at;  // Go's zero time while it is firing
    std::string generator_url;
    std::string fingerprint;  // 16 hexadecimal digits
};

/// What notification templates see as `.`, and what `toJson .` writes: Alertmanager's template.Data.
struct NotificationData {
    std::string receiver;  // as Alertmanager has it: quoted as by regexp.QuoteMeta
    std::string status;
    std::vector<NotificationAlert> alerts;
    std::string notification_reason;
    LabelSet group_labels;
    LabelSet common_labels;
    LabelSet common_annotations;
    LabelSet route_labels;  // expanded; seen as .RouteLabels and by the function routeLabels
    std::string external_url;
};

/// The text of one field of a receiver, parsed. Immutable, cheap to copy, to be used from any thread at once. A text
/// without actions costs a copy.
class NotificationTemplate {
public:
    /// `now` is what `now` and `since` go by. The message of a failure is Go's: `template: :1:2: executing "" at
    /// <.Nope>: …`.
    Result<std::string> expand(const NotificationData& data, Timestamp now) const;

    /// Has no actions: expands to itself.
    bool is_plain() const;

    /// Fields that do not exist, templates that are not defined (also those reached through others), label names that
    /// are used.
    TemplateFacts facts() const;

private:
    friend class NotificationTemplates;
    explicit NotificationTemplate(std::shared_ptr<const Template> compiled) : compiled_(std::move(compiled)) {}
    std::shared_ptr<const Template> compiled_;
};

/// A file named by `templates:` of the configuration.
struct TemplateFile {
    std::string name;  // its path; templates are named after the last part, as in Go
    std::string text;
};

/// The templates that every field can use: Alertmanager's default ones (`__subject`, `slack.default.title`,
/// `email.default.html`, …) and the user's files, later definitions over earlier ones.
///
/// Immutable, cheap to copy, to be used from any thread at once.
class NotificationTemplates {
public:
    /// Only the default templates.
    NotificationTemplates();

    /// All files are tried; the problems of all of them are told (`name` is the file's).
    static TemplateParsed<NotificationTemplates> create(const std::vector<TemplateFile>& files,
                                                        const TemplateLimits& limits = {});

    /// A field that is text. Templates which it defines are seen by itself only.
    TemplateParsed<NotificationTemplate> parse_text(std::string_view text) const;

    /// A field that is HTML (the body of a mail): every value is escaped for the place where it stands, as
    /// html/template does.
    TemplateParsed<NotificationTemplate> parse_html(std::string_view text) const;

private:
    explicit NotificationTemplates(std::shared_ptr<const TemplateSet> set) : set_(std::move(set)) {}
    std::shared_ptr<const TemplateSet> set_;
};

}  // namespace tocsin::templates
