#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/text.h"
#include "notifiers/global_config.h"
#include "notifiers/integrations/mail_addresses.h"
#include "notifiers/integrations/mail_message.h"
#include "notifiers/integrations/notifier.h"
#include "notifiers/integrations/templated_text.h"

namespace tocsin::integrations {
namespace {

constexpr const char* kImplicitTlsPort = "465";

enum class ThreadBy { Nothing, Group, GroupAndDay };

struct EmailConfig final : IntegrationConfig {
    SmtpConfig smtp;
    TemplateField to, from;
    std::map<std::string, std::string> headers;  // by canonical name; templates
    TemplateField html{R"({{ template "email.default.html" . }})", {}};
    TemplateField text;
    ThreadBy thread_by = ThreadBy::Nothing;
};

struct HostPort {
    std::string host;
    std::string port;
};

/// Of a text that was checked when it was read.
HostPort split_host_port(const std::string& text) {
    const auto colon = text.rfind(':');
    std::string host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return {std::move(host), text.substr(colon + 1)};
}

std::optional<std::uint16_t> parse_port(const std::string& text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

/// `Fri, 02 Jan 2026 05:00:00 +0000` (RFC 5322 3.3).
std::string mail_date(Timestamp t) {
    return templates::GoTime(t).format("Mon, 02 Jan 2006 15:04:05 -0700");
}

class Email final : public Notifier {
public:
    Email(std::shared_ptr<const EmailConfig> config, const NotifierContext& context)
        : config_(std::move(config)),
          templates_(context.templates),
          mail_(context.mail),
          disk_(context.disk),
          random_(context.random),
          label_(fmt::format("email {}", context.receiver)) {}

    AttemptId notify(Notification notification, Duration timeout, Done done) override {
        const AttemptId id = next_attempt_++;
        FieldExpander expand(notification);
        std::string unread;
        auto mail = compose(notification, expand, unread);
        if (!mail) {
            Outcome outcome;
            outcome.kind = Outcome::Kind::Failed;
            outcome.message = mail.error().message;
            done(std::move(outcome));
            return id;
        }
        // Those who were left are not among the recipients any more.
        if (mail->to.empty() && !notification.only_to.empty()) {
            done(Outcome{});
            return id;
        }
        mail->timeout = timeout;
        // The entry is made first: a client may answer before send() returns.
        running_[id] = 0;
        const auto mail_id = mail_.send(*std::move(mail), [this, id, error = expand.error(), unread = std::move(unread),
                                                           done = std::move(done)](const Result<MailReceipt>& verdict) {
            running_.erase(id);
            Outcome outcome = outcome_of(verdict);
            outcome.template_error = error;
            if (!verdict && !unread.empty()) outcome.message += fmt::format(" ({})", unread);
            done(std::move(outcome));
        });
        if (const auto entry = running_.find(id); entry != running_.end()) entry->second = mail_id;
        return id;
    }

    void cancel(AttemptId id) override {
        const auto running = running_.find(id);
        if (running == running_.end()) return;
        mail_.cancel(running->second);
        running_.erase(running);
    }

private:
    /// `unread` says which secret could not be read: the server may ask for another one, or for none.
    Result<Mail> compose(const Notification& notification, FieldExpander& expand, std::string& unread) const {
        TOCSIN_TRY(Mail mail, addressed(notification));
        mail.username = config_->smtp.auth_username;
        if (!mail.username.empty()) {
            mail.password = read_secret(config_->smtp.auth_password, unread);
            mail.secret = read_secret(config_->smtp.auth_secret, unread);
        }
        mail.identity = config_->smtp.auth_identity;
        mail.content = message(notification, mail.from, expand).text();
        return mail;
    }

    Secret read_secret(const SecretText& text, std::string& unread) const {
        auto secret = text.resolve(disk_);
        if (secret) return Secret(*std::move(secret));
        unread = secret.error().message;
        return {};
    }

    /// With server, sender and recipients. Without them there is nobody to tell, so their templates must not fail.
    Result<Mail> addressed(const Notification& notification) const {
        TOCSIN_TRY(const std::string from, expand_address(config_->from, notification));
        TOCSIN_TRY(const std::string to, expand_address(config_->to, notification));
        TOCSIN_TRY(const auto senders, parse_mail_addresses(from));
        if (senders.size() != 1) return fail(Error::Kind::InvalidInput, "must be exactly one from address");
        Mail mail;
        TOCSIN_TRY(mail.to, parse_mail_addresses(to));
        const auto& only = notification.only_to;
        if (!only.empty()) {
            std::erase_if(mail.to, [&](const auto& one) { return std::count(only.begin(), only.end(), one) == 0; });
        }
        mail.from = senders.front();
        mail.label = label_;
        const HostPort server = split_host_port(config_->smtp.smarthost);
        const auto port = parse_port(server.port);
        if (!port) {
            return fail(Error::Kind::InvalidInput,
                        fmt::format("port {} of the smarthost is no number", go_quote(server.port)));
        }
        mail.host = server.host;
        mail.port = *port;
        mail.hello = config_->smtp.hello;
        mail.encryption = encryption_for(server.port);
        mail.tls = config_->smtp.tls.options();
        return mail;
    }

    Mail::Encryption encryption_for(const std::string& port) const {
        const bool implicit = config_->smtp.force_implicit_tls.value_or(port == kImplicitTlsPort);
        if (implicit) return Mail::Encryption::Implicit;
        return config_->smtp.require_tls ? Mail::Encryption::StartTls : Mail::Encryption::None;
    }

    Result<std::string> expand_address(const TemplateField& field, const Notification& notification) const {
        auto text = templates_.of(field.text).expand(notification.data, notification.now);
        if (!text) return fail(Error::Kind::InvalidInput, "failed to template 'from' or 'to': " + text.error().message);
        return text;
    }

    /// All of it is there before anything is sent: a template that fails leaves a mail with the plain facts.
    MailMessage message(const Notification& notification, const std::string& from, FieldExpander& expand) const {
        MailMessage message;
        for (const auto& [name, text] : config_->headers) {
            const std::string replacement = name == "Subject" ? plain_subject(notification.data) : std::string();
            message.header.push_back({name, expand.expand_or(templates_.of(text), replacement)});
        }
        const std::string domain = from.substr(from.rfind('@') + 1);
        add_unless_configured(message, "Message-Id",
                              fmt::format("<{}.{}@{}>", to_unix_ms(notification.now), random_.next(), domain));
        add_thread(message, notification);
        add_unless_configured(message, "Date", mail_date(notification.now));
        message.boundary = fmt::format("{:016x}{:016x}{:016x}", random_.next(), random_.next(), random_.next());
        message.parts = parts(notification, expand);
        return message;
    }

    /// Mails with two of a kind are refused by who is strict.
    void add_unless_configured(MailMessage& message, const char* name, std::string value) const {
        if (config_->headers.count(name) == 0) message.header.push_back({name, std::move(value)});
    }

    /// Mail programs show what refers to the same mail, be there one or not, together.
    void add_thread(MailMessage& message, const Notification& notification) const {
        if (config_->thread_by == ThreadBy::Nothing) return;
        const bool daily = config_->thread_by == ThreadBy::GroupAndDay;
        const std::string day = daily ? templates::GoTime(notification.now).format("2006-01-02") : std::string();
        const std::string id =
            fmt::format("<alert-{}-{}@alertmanager>", sha256_hex(notification.group_key).substr(0, 16), day);
        message.header.push_back({"References", id});
        message.header.push_back({"In-Reply-To", id});
    }

    std::vector<MailMessage::Part> parts(const Notification& notification, FieldExpander& expand) const {
        std::vector<MailMessage::Part> parts;
        if (!config_->text.text.empty()) {
            parts.push_back({"text/plain; charset=UTF-8", expand(templates_.of(config_->text.text))});
        }
        if (!config_->html.text.empty()) {
            parts.push_back(
                {"text/html; charset=UTF-8", expand(templates_.of(config_->html.text, TemplatedText::Kind::Html))});
        }
        if (expand.error().empty()) return parts;
        return {{"text/plain; charset=UTF-8", with_plain_facts({}, notification.data, expand.error())}};
    }

    static Outcome outcome_of(const Result<MailReceipt>& verdict) {
        Outcome outcome;
        if (verdict) {
            for (const auto& [address, reason, for_now] : verdict->refused) {
                outcome.refused.push_back(fmt::format("{}: {}", address, reason));
                if (for_now) outcome.still_to_tell.push_back(address);
            }
            return outcome;
        }
        const bool hopeless = verdict.error().kind == Error::Kind::InvalidInput;
        outcome.kind = hopeless ? Outcome::Kind::Failed : Outcome::Kind::RetryLater;
        if (hopeless) outcome.reason = FailureReason::ClientError;
        if (verdict.error().kind == Error::Kind::Timeout) outcome.reason = FailureReason::DeadlineExceeded;
        outcome.message = verdict.error().message;
        return outcome;
    }

    std::shared_ptr<const EmailConfig> config_;
    FieldTemplates templates_;
    MailClient& mail_;
    Disk& disk_;
    Random& random_;
    std::string label_;
    std::map<AttemptId, MailClient::MailId> running_;
    AttemptId next_attempt_ = 1;
};

/// As Go's textproto.CanonicalMIMEHeaderKey: `reply-to` is `Reply-To`.
std::string canonical_header(std::string_view text) {
    std::string name = to_lower(text);
    bool start = true;
    for (char& c : name) {
        if (start && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        start = c == '-';
    }
    return name;
}

bool is_header_name(std::string_view name) {
    return !name.empty() &&
           std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~' && c != ':'; });
}

void read_mail_headers(ConfigFields& fields, EmailConfig& config) {
    std::vector<std::pair<std::string, std::string>> headers;
    fields.read("headers", headers);
    const YamlNode* node = fields.get("headers");
    if (node == nullptr || !node->is_map()) return;
    ConfigReading& reading = fields.reading();
    for (const auto& entry : node->entries) {
        const std::string name = canonical_header(entry.key);
        if (!is_header_name(name)) {
            reading.problem(entry.key_where, fmt::format("{} cannot be the name of a header", go_quote(entry.key)));
        } else if (config.headers.count(name) > 0) {
            reading.problem(entry.key_where, fmt::format("duplicate header {} in email config", go_quote(name)));
        } else {
            config.headers.emplace(name, entry.value.text);
        }
    }
}

void read_threading(ConfigFields& fields, EmailConfig& config) {
    const YamlNode* node = fields.get("threading");
    if (node == nullptr || node->is_null()) return;
    ConfigFields threading(*node, "threading", fields.reading());
    bool enabled = false;
    std::string by_date;
    threading.read("enabled", enabled);
    threading.read("thread_by_date", by_date);
    if (enabled && by_date != "none" && by_date != "daily") {
        threading.report("thread_by_date", fmt::format("invalid thread_by_date value {}", go_quote(by_date)),
                         "none or daily");
    }
    threading.finish();
    if (!enabled) return;
    config.thread_by = by_date == "daily" ? ThreadBy::GroupAndDay : ThreadBy::Group;
    for (const auto* header : {"References", "In-Reply-To"}) {
        if (config.headers.count(header) == 0) continue;
        threading.report(
            "enabled",
            fmt::format("conflicting configuration: threading.enabled conflicts with custom {} header", header));
    }
}

/// What a mail must have and what comes from its other fields.
void add_default_headers(EmailConfig& config) {
    config.headers.emplace("Subject", R"({{ template "email.default.subject" . }})");
    config.headers.emplace("To", config.to.text);
    config.headers.emplace("From", config.from.text);
}

std::shared_ptr<const IntegrationConfig> read_email(const YamlNode& node, ConfigReading& reading,
                                                    const GlobalConfig& global, const std::string& directory) {
    ConfigFields fields(node, "email config", reading);
    auto config = std::make_shared<EmailConfig>();
    config->send_resolved = false;
    config->where = node.where;
    fields.read("send_resolved", config->send_resolved);
    config->smtp = global.smtp;
    read_smtp_config(fields, "", directory, config->smtp);
    config->http.unsupported = config->smtp.unsupported_tls;
    config->from.text = config->smtp.from;
    fields.read_template("from", config->from);
    fields.read_template("to", config->to);
    fields.read_template("html", config->html);
    fields.read_template("text", config->text);
    read_mail_headers(fields, *config);
    read_threading(fields, *config);
    add_default_headers(*config);
    if (config->to.text.empty()) fields.report({}, "missing to address in email config");
    if (config->smtp.smarthost.empty()) fields.report({}, "no global SMTP smarthost set");
    if (config->from.text.empty()) fields.report({}, "no global SMTP from set");
    fields.finish();
    return config;
}

std::unique_ptr<Notifier> create_email(std::shared_ptr<const IntegrationConfig> config,
                                       const NotifierContext& context) {
    return std::make_unique<Email>(std::static_pointer_cast<const EmailConfig>(std::move(config)), context);
}

}  // namespace

extern const IntegrationType email;
const IntegrationType email{.name = "email", .config_key = "email_configs", .read = read_email, .create = create_email};

}  // namespace tocsin::integrations
