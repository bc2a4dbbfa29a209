#include "cli/notification_output.h"

#include <string_view>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/past.h"

namespace tocsin::cli {
namespace {

/// A text that somebody wrote: on one line, whatever is in it.
std::string quoted_text(const Json& text) {
    return go_quote(text.as_string());
}

std::string names_text(const Json& texts) {
    std::string list;
    for (const Json& text : texts.items()) list += (list.empty() ? "" : ", ") + text.as_string();
    return list;
}

std::string silence_text(const Json& silence) {
    return fmt::format("  silenced by {} of {} until {}: {}\n", silence.at("id").as_string(),
                       quoted_text(silence.at("createdBy")), silence.at("endsAt").as_string(),
                       quoted_text(silence.at("comment")));
}

std::string inhibition_text(const Json& inhibition) {
    const Json* rule = inhibition.find("rule");
    return fmt::format("  inhibited by {}, which fires since {}{}\n", alert_text(inhibition.at("labels")),
                       inhibition.at("startsAt").as_string(),
                       rule == nullptr ? "" : " (rule " + quoted_text(*rule) + ")");
}

std::string time_mute_text(const Json& mute) {
    const bool inactive = mute.at("kind").as_string() == "active_time_interval";
    const Json* until = mute.find("until");
    return fmt::format("    {} {} until {}\n", inactive ? "muted outside its active time" : "muted by its mute time",
                       names_text(mute.at("intervals")), until == nullptr ? "further notice" : until->as_string());
}

/// Why a receiver's group has a flush then: `group_wait 30s`.
std::string timer_text(const Json& receiver, const Json& message) {
    if (message.at("reason").as_string() == "repeat interval elapsed") {
        return "repeat_interval " + receiver.at("repeatInterval").as_string();
    }
    const bool first = receiver.at("waitsFor").as_string() == "group_wait";
    return first ? "group_wait " + receiver.at("groupWait").as_string()
                 : "group_interval " + receiver.at("groupInterval").as_string();
}

std::string coming_text(const Json& receiver, const Json& integration) {
    const Json* message = integration.find("nextMessage");
    if (message == nullptr) return "";
    return fmt::format("; next message at {} ({}, {})", message->at("at").as_string(),
                       message->at("reason").as_string(), timer_text(receiver, *message));
}

std::string attempts_text(const Json& integration) {
    const std::int64_t attempts = integration.at("attempts").as_integer();
    return fmt::format("{} attempt{}", attempts, attempts == 1 ? "" : "s");
}

std::string retrying_text(const Json& integration) {
    std::string text = attempts_text(integration) + " failed";
    if (integration.at("attempts").as_integer() == 0) text = "the receiver asked for quiet";
    return "not taken yet: " + text + ", next attempt at " + integration.at("nextAttempt").as_string();
}

std::string queued_text(const Json& integration) {
    const Json* behind = integration.find("behind");
    std::string text = "a message waits ";
    text += behind == nullptr ? "until it is written down" : "for its turn";
    text += " since " + integration.at("queuedSince").as_string();
    if (behind == nullptr) return text;
    return text + fmt::format(", behind {} other{}", behind->as_integer(), behind->as_integer() == 1 ? "" : "s");
}

std::string told_text(const Json& receiver, const Json& integration) {
    const bool fires = integration.at("told").as_string() == "firing";
    return fmt::format("told that it {}, last message of the group at {}{}", fires ? "fires" : "ended",
                       integration.at("groupToldAt").as_string(), fires ? coming_text(receiver, integration) : "");
}

std::string not_told_text(const Json& integration, std::string_view why) {
    const bool was_told = integration.at("told").as_string() == "firing";
    return fmt::format("{}: {}", was_told ? "was told that it fires, not of the end" : "not told", why);
}

std::string verdict_text(const Json& receiver, const Json& integration) {
    const std::string& verdict = integration.at("verdict").as_string();
    if (verdict == "told") return told_text(receiver, integration);
    if (verdict == "retrying") return retrying_text(integration);
    if (verdict == "waiting") return not_told_text(integration, "waits" + coming_text(receiver, integration));
    if (verdict == "sending")
        return fmt::format("a message is being sent, attempt {}", integration.at("attempts").as_integer());
    if (verdict == "queued") return queued_text(integration);
    if (verdict == "not wanted") return not_told_text(integration, "it ended, and send_resolved is off");
    if (verdict == "unseen") return not_told_text(integration, "it ended, and there is nothing to tell");
    if (verdict == "leaving") return not_told_text(integration, "its routes lead elsewhere since a reload");
    if (verdict == "no group") return not_told_text(integration, "it is in no group: there are too many");
    return not_told_text(integration, verdict);
}

std::string integration_text(const Json& receiver, const Json& integration) {
    std::string text = fmt::format("    {}[{}]  {}", integration.at("integration").as_string(),
                                   integration.at("index").as_integer(), verdict_text(receiver, integration));
    if (const Json* error = integration.find("lastError")) {
        text += "; last error: " + escape_control_characters(error->as_string());
    }
    return text + "\n";
}

std::string explained_receiver_text(const Json& receiver) {
    std::string text =
        fmt::format("  {}  group {}\n", receiver.at("receiver").as_string(), receiver.at("groupKey").as_string());
    if (const Json* mute = receiver.find("mutedBy")) text += time_mute_text(*mute);
    for (const Json& integration : receiver.at("integrations").items()) text += integration_text(receiver, integration);
    if (receiver.at("integrations").items().empty()) text += "    tells nobody: it has no integrations\n";
    return text;
}

/// Why, and by what.
std::string reason_text(const Json& untold) {
    const std::string& why = untold.at("why").as_string();
    if (why == "unseen") return "it fired and ended between two flushes of its group";
    if (why == "no integration") return "the receiver has no integrations";
    if (why == "refused") return "refused: " + escape_control_characters(untold.at("error").as_string());
    return why + " " + names_text(untold.at("by"));
}

std::string state_text(const Json& alert) {
    const std::string& state = alert.at("state").as_string();
    if (state == "gone") return "over, and known from the history only";
    if (state == "firing") return "firing since " + alert.at("startsAt").as_string();
    return fmt::format("ended at {}, fired since {}", alert.at("endsAt").as_string(), alert.at("startsAt").as_string());
}

}  // namespace

/// `2026-11-28T03:12:05.000Z  oncall pagerduty[0]  firing  delivered, 2 attempts  (first notification)`
std::string told_message_line(const Json& message) {
    const std::int64_t attempts = message.at("attempts").as_integer();
    std::string verdict = message.at("result").as_string();
    if (attempts > 1) verdict += fmt::format(", {} attempts", attempts);
    if (message.find("error") != nullptr) verdict += ": " + message.at("error").as_string();
    return fmt::format("{}  {} {}[{}]  {}  {}  ({})", message.at("firstAttempt").as_string(),
                       message.at("receiver").as_string(), message.at("integration").as_string(),
                       message.at("index").as_integer(), message.at("status").as_string(), verdict,
                       message.at("reason").as_string());
}

std::string told_message_text(const Json& message) {
    std::string text = told_message_line(message) + "\n";
    for (const Json& alert : message.at("alerts").items()) {
        text += fmt::format("    {:<8} {}\n", alert.at("status").as_string(), alert_text(alert.at("labels")));
    }
    const std::int64_t told = message.at("firing").as_integer() + message.at("resolved").as_integer();
    const auto shown = static_cast<std::int64_t>(message.at("alerts").items().size());
    if (told > shown) text += fmt::format("    and {} more\n", told - shown);
    return text;
}

std::string explained_alert_text(const Json& alert) {
    std::string text = fmt::format("{}  {}  ({})\n", alert_text(alert.at("labels")), state_text(alert),
                                   alert.at("fingerprint").as_string());
    if (const Json* inhibition = alert.find("inhibitedBy")) text += inhibition_text(*inhibition);
    for (const Json& silence : alert.at("silencedBy").items()) text += silence_text(silence);
    for (const Json& receiver : alert.at("receivers").items()) text += explained_receiver_text(receiver);
    const auto& messages = alert.at("messages").items();
    if (!messages.empty()) text += "  messages with it:\n";
    for (auto at = messages.rbegin(); at != messages.rend(); ++at) {
        text += "    " + told_message_line(*at) + "  it was " + at->at("alertStatus").as_string() + "\n";
    }
    if (const std::int64_t doubtful = alert.at("mayTell").as_integer(); doubtful > 0) {
        text += fmt::format("  messages that had more alerts than are kept, and may have told of it: {}\n", doubtful);
    }
    for (const Json& untold : alert.at("untold").items()) text += "  not told: " + untold_alert_text(untold);
    return text;
}

std::string untold_alert_text(const Json& alert) {
    return fmt::format("{}  {} to {}  {}: {}\n", alert_text(alert.at("labels")), alert.at("startsAt").as_string(),
                       alert.at("endsAt").as_string(), alert.at("receiver").as_string(), reason_text(alert));
}

}  // namespace tocsin::cli
