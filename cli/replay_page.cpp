#include "cli/replay_page.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/duration.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/html.h"
#include "cli/replay_chart.h"
#include "cli/replay_page_assets.h"
#include "cli/terminal.h"

namespace tocsin::cli {
namespace {

constexpr std::size_t kActiveRulesMax = 200;
constexpr std::size_t kQuietRulesMax = 200;
constexpr std::size_t kQuietCurvesMax = 2;
constexpr std::size_t kStretchesInWords = 6;

bool is_active(const RuleHistory& rule) {
    return rule.alerts.alerts > 0;
}

/// A SHA-256 as a policy names it.
std::string policy_hash(std::string_view text) {
    const std::string hex = sha256_hex(text);
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
    return "'sha256-" + base64_encode(bytes) + "'";
}

/// `name="value" …` without the alert's name, which is the rule's, and the labels that the rule itself gives.
std::string telling_labels(const LabelSet& labels, const RuleDefinition& rule) {
    std::string text;
    for (const Label label : labels) {
        const bool is_given = std::any_of(rule.labels.begin(), rule.labels.end(), [&](const RuleText& given) {
            return given.name == label.name && given.text == label.value;
        });
        if (label.name == kAlertNameLabel || is_given) continue;
        text += fmt::format("{}{}={}", text.empty() ? "" : " ", label.name, go_quote(label.value));
    }
    return text.empty() ? to_string(labels) : text;
}

/// The names of the labels that are the same in the first `curves` curves, if they are several; sorted.
std::vector<std::string> common_labels(const ValueCurvesView& values, std::size_t curves) {
    std::vector<std::string> names;
    if (curves < 2) return names;
    const auto end = values.curves.begin() + static_cast<std::ptrdiff_t>(curves);
    for (const Label label : values.curves.front().labels) {
        const bool is_common = std::all_of(values.curves.begin(), end, [&](const ValueCurve& curve) {
            return curve.labels.get(label.name) == label.value;
        });
        if (is_common) names.emplace_back(label.name);
    }
    return names;
}

std::string phase_text(AlertPhase phase) {
    return phase == AlertPhase::Firing ? "firing" : "pending";
}

std::string times(std::size_t count) {
    return count == 1 ? "once" : count == 2 ? "twice" : fmt::format("{} times", count);
}

std::string lasted(Duration duration) {
    return to_string(duration < std::chrono::minutes(1) ? duration
                                                        : std::chrono::floor<std::chrono::seconds>(duration));
}

std::string stretches_in_words(const TimeAxis& axis, const std::vector<AlertStretch>& stretches) {
    std::vector<std::string> parts;
    for (const AlertStretch& stretch : stretches) {
        if (parts.size() == kStretchesInWords) break;
        parts.push_back(fmt::format("{} {} to {}", phase_text(stretch.phase), axis.clock(stretch.from),
                                    stretch.until < axis.end() ? axis.clock(stretch.until) : "the end"));
    }
    const std::size_t more = stretches.size() - parts.size();
    return join(parts, ", ") + (more > 0 ? fmt::format(", and {} more", more) : "");
}

/// What the page is made of, in the order in which it stands there.
class Writer {
public:
    explicit Writer(const ReplayPage& page) : page_(page), view_(page.view), axis_(page.view.start, page.view.end) {
        for (const RuleHistory& rule : view_.rules) (is_active(rule) ? active_ : quiet_).push_back(&rule);
        number_rules();
    }

    std::string write() {
        html_.raw("<!DOCTYPE html>\n");
        html_.open("html", {{"lang", "en"}});
        write_head();
        html_.open("body");
        html_.element("a", {{"class", "skip"}, {"href", "#main"}}, "Skip to what happened");
        write_header();
        html_.open("main", {{"id", "main"},
                            {"data-start", std::to_string(to_unix_ms(view_.start))},
                            {"data-end", std::to_string(to_unix_ms(view_.end))}});
        write_overview();
        write_rules();
        write_quiet_rules();
        write_notifications();
        html_.close();
        write_footer();
        html_.raw("<script>").raw(kReplayPageScript).raw("</script>\n").close().close().raw("\n");
        return html_.take();
    }

private:
    void number_rules() {
        for (std::size_t i = 0; i < active_.size(); ++i) numbers_.push_back(fmt::format("rule-{}", i + 1));
    }

    // ---- around it

    void write_head() {
        const std::string policy =
            fmt::format("default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
                        policy_hash(kReplayPageStyle), policy_hash(kReplayPageScript));
        html_.open("head");
        html_.leaf("meta", {{"charset", "utf-8"}});
        html_.leaf("meta", {{"http-equiv", "Content-Security-Policy"}, {"content", policy}});
        html_.leaf("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
        html_.leaf("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
        html_.element("title", {}, "Replay of " + join(page_.fixtures, ", "));
        html_.raw("<style>").raw(kReplayPageStyle).raw("</style>").close().raw("\n");
    }

    void write_header() {
        html_.open("header", {{"class", "top"}});
        html_.element("p", {{"class", "brand"}}, "tocsin replay");
        html_.element("h1", {}, join(page_.fixtures, ", "));
        html_.open("p", {{"class", "window"}});
        write_time(view_.start, day_text(view_.start) + ", " + clock_alone(view_.start));
        html_.text(" – ");
        const bool is_one_day = day_text(view_.start) == day_text(view_.end);
        write_time(view_.end, (is_one_day ? "" : day_text(view_.end) + ", ") + clock_alone(view_.end));
        html_.text(fmt::format(" UTC, {}", lasted(view_.end - view_.start))).close();
        write_figures();
        for (const std::string& note : page_.notes) html_.element("p", {{"class", "note"}}, note);
        html_.close();
    }

    static std::string clock_alone(Timestamp at) { return TimeAxis(at, at + Duration{1}).clock(at).substr(0, 8); }

    void write_time(Timestamp at, const std::string& text) {
        html_.element("time", {{"datetime", to_rfc3339_ms(at)}}, text);
    }

    void write_figures() {
        std::size_t notifications = 0, fired = 0, firing_alerts = 0;
        for (const ReceiverHistory& receiver : view_.receivers) {
            notifications += receiver.firing + receiver.resolved + receiver.failed;
        }
        for (const RuleHistory* rule : active_) {
            fired += rule->alerts.firings > 0 ? 1 : 0;
            firing_alerts += rule->alerts.firing_alerts;
        }
        html_.open("ul", {{"class", "figures"}});
        if (page_.has_routing) {
            write_figure(std::to_string(notifications), notifications == 1 ? "notification" : "notifications");
            write_figure(std::to_string(view_.receivers.size()),
                         view_.receivers.size() == 1 ? "receiver told" : "receivers told");
        }
        write_figure(std::to_string(firing_alerts), firing_alerts == 1 ? "alert fired" : "alerts fired");
        write_figure(fmt::format("{} of {}", fired, view_.rules.size()), "alerting rules fired");
        html_.close();
    }

    void write_figure(const std::string& number, std::string_view what) {
        html_.open("li", {}).element("b", {}, number).text(" ").text(what).close();
    }

    void write_footer() {
        html_.open("footer").text("Times are UTC. ");
        if (view_.recording_rules > 0) {
            html_.text(fmt::format("{} evaluated, too. ", counted(view_.recording_rules, "recording rule")));
        }
        html_.text("Nothing was sent: this is what would have happened. Made by tocsin ").text(version()).text(".");
        html_.close();
        html_.leaf("hr", {{"id", "cross"}, {"hidden", "hidden"}});
        html_.element("p", {{"id", "moment"}, {"hidden", "hidden"}, {"aria-hidden", "true"}}, "");
        html_.element("div", {{"id", "card"}, {"hidden", "hidden"}, {"role", "note"}}, "");
    }

    // ---- at a glance

    void write_overview() {
        html_.open("section", {{"aria-labelledby", "overview"}});
        html_.element("h2", {{"id", "overview"}}, "At a glance");
        write_legend();
        if (!page_.has_routing) {
            html_.element("p", {{"class", "empty"}}, "Nobody is told: there was no routing.");
        } else if (view_.receivers.empty()) {
            html_.element("p", {{"class", "empty"}}, "Nobody was told anything.");
        }
        html_.open("ul", {{"class", "rows"}});
        for (const ReceiverHistory& receiver : view_.receivers) write_receiver(receiver);
        const std::size_t shown = std::min(active_.size(), kActiveRulesMax);
        for (std::size_t i = 0; i < shown; ++i) write_glance(*active_[i], numbers_[i]);
        write_axis_row();
        html_.close();
        if (active_.empty()) html_.element("p", {{"class", "empty"}}, "No alert was ever pending or firing.");
        html_.close();
    }

    void write_legend() {
        html_.open("ul", {{"class", "legend"}, {"aria-hidden", "true"}});
        for (const auto& [kind, text] :
             {std::pair{"pending", "pending"}, {"firing", "firing"}, {"resolved", "resolved"}}) {
            html_.open("li").element("i", {{"class", kind}}, "").text(text).close();
        }
        if (page_.has_routing) {
            html_.open("li").element("i", {{"class", "told firing"}}, "▲").text("told: firing").close();
            html_.open("li").element("i", {{"class", "told resolved"}}, "○").text("told: resolved").close();
        }
        html_.close();
    }

    void open_row(const std::function<void()>& name, std::string_view sum) {
        html_.open("li", {{"class", "row"}}).open("div", {{"class", "name"}});
        name();
        if (!sum.empty()) html_.element("span", {{"class", "sum"}}, sum);
        html_.close().open("div", {{"class", "plot"}});
    }
    void close_row() { html_.close().close(); }

    void write_receiver(const ReceiverHistory& receiver) {
        std::string sum = fmt::format("{} firing, {} resolved", receiver.firing, receiver.resolved);
        if (receiver.failed > 0) sum += fmt::format(", {} failed", receiver.failed);
        open_row([&] { html_.element("b", {}, receiver.receiver); }, sum);
        draw_marks(html_, axis_, receiver.marks, view_.notifications,
                   fmt::format("{} was told: {}", receiver.receiver, sum));
        close_row();
    }

    void write_glance(const RuleHistory& rule, const std::string& id) {
        std::vector<AlertStretch> all;
        for (const AlertLane& lane : rule.alerts.lanes) {
            all.insert(all.end(), lane.stretches.begin(), lane.stretches.end());
        }
        open_row([&] { html_.element("a", {{"href", "#" + id}}, rule.rule.definition->name); }, verdict(rule));
        draw_lane(html_, axis_, all, fmt::format("{}: {}", rule.rule.definition->name, verdict(rule)));
        close_row();
    }

    void write_axis_row() {
        open_row([] {}, "");
        draw_axis(html_, axis_);
        close_row();
    }

    static std::string verdict(const RuleHistory& rule) {
        const AlertLanesView& alerts = rule.alerts;
        if (alerts.alerts == 0) return "quiet";
        const std::string of = alerts.alerts > 1 ? fmt::format("{} alerts, ", alerts.alerts) : "";
        if (alerts.firings == 0) return of + "pending only";
        return fmt::format("{}fired {}, {}{}", of, times(alerts.firings), alerts.is_partial_time ? "more than " : "",
                           lasted(alerts.firing_time));
    }

    // ---- rules

    void write_rules() {
        if (active_.empty()) return;
        html_.open("section", {{"aria-labelledby", "rules"}});
        html_.element("h2", {{"id", "rules"}}, "Rules with alerts");
        const std::size_t shown = std::min(active_.size(), kActiveRulesMax);
        for (std::size_t i = 0; i < shown; ++i) write_rule(*active_[i], numbers_[i]);
        write_left(active_.size() - shown, "more rules had alerts; replay them alone to see them");
        html_.close();
    }

    void write_left(std::size_t count, std::string_view what) {
        if (count > 0) html_.element("p", {{"class", "left"}}, fmt::format("… {} {}.", count, what));
    }

    void write_rule(const RuleHistory& rule, const std::string& id) {
        const RuleDefinition& definition = *rule.rule.definition;
        html_.open("article", {{"class", "rule"}, {"id", id}, {"aria-labelledby", id + "-name"}});
        html_.open("header").element("h3", {{"id", id + "-name"}}, definition.name);
        write_rule_facts(rule);
        html_.close();
        write_expression(definition);
        html_.open("ul", {{"class", "rows"}});
        if (rule.values) write_values_row(rule, rule.values->curves.size());
        if (!rule.marks.empty()) write_told_row(rule);
        for (const AlertLane& lane : rule.alerts.lanes) write_lane_row(lane, rule);
        write_axis_row();
        html_.close();
        write_left_lanes(rule.alerts);
        html_.close();
    }

    void write_rule_facts(const RuleHistory& rule) {
        const RuleDefinition& definition = *rule.rule.definition;
        html_.open("p", {{"class", "facts"}}).element("b", {{"class", "verdict"}}, verdict(rule));
        for (const RuleText& label : definition.labels) {
            html_.element("span", {{"class", "chip"}}, fmt::format("{}={}", label.name, go_quote(label.text)));
        }
        if (definition.for_duration > Duration{0}) write_fact("for " + to_string(definition.for_duration));
        if (definition.keep_firing_for > Duration{0})
            write_fact("keeps firing for " + to_string(definition.keep_firing_for));
        write_fact(fmt::format("{}, {}:{}", rule.group, rule.file, definition.where.line));
        html_.close();
        if (rule.rule.health == RuleHealth::Error) {
            html_.element("p", {{"class", "note"}}, "The last evaluation failed: " + rule.rule.last_error);
        }
    }

    void write_fact(const std::string& text) { html_.element("span", {}, text); }

    void write_expression(const RuleDefinition& definition) {
        html_.open("pre", {{"class", "expr"}, {"tabindex", "0"}, {"aria-label", "expression"}});
        html_.element("code", {}, trim(definition.expr_text)).close();
    }

    void write_values_row(const RuleHistory& rule, std::size_t curves_max) {
        const ValueCurvesView& values = *rule.values;
        const std::size_t curves = std::min(curves_max, values.curves.size());
        open_row([&] { write_curve_names(values, curves); }, "");
        draw_values(html_, axis_, values, curves_max, values_in_words(values));
        close_row();
    }

    static std::string values_in_words(const ValueCurvesView& values) {
        const std::string limit = fmt::format("{} {}", to_string(values.op), short_number(values.number));
        if (values.whole.empty()) return "no value was ever there to be compared with " + limit;
        return fmt::format("the value went from {} to {}; the alert is {}", short_number(values.whole.low),
                           short_number(values.whole.high), limit);
    }

    void write_curve_names(const ValueCurvesView& values, std::size_t curves) {
        html_.element("span", {{"class", "what"}}, "value and threshold");
        if (values.series == 0) html_.element("span", {{"class", "sum"}}, "no series was there");
        const std::vector<std::string> common = common_labels(values, curves);
        for (std::size_t i = 0; i < curves; ++i) {
            const LabelSet& labels = values.curves[i].labels;
            html_.open("span", {{"class", "curve-name"}, {"title", to_string(labels)}});
            html_.element("i", {{"class", fmt::format("c{}", i)}}, "").text(to_string(labels.without(common))).close();
        }
        if (values.series <= curves || values.band.empty()) return;
        html_.open("span", {{"class", "curve-name"}}).element("i", {{"class", "band"}}, "");
        html_.text(fmt::format("from the lowest to the highest of {} series", values.series)).close();
    }

    void write_told_row(const RuleHistory& rule) {
        std::size_t count = 0;
        for (const ToldMark& mark : rule.marks) count += mark.count();
        open_row([&] { html_.element("span", {{"class", "what"}}, "told"); }, counted(count, "notification"));
        draw_marks(html_, axis_, rule.marks, view_.notifications,
                   fmt::format("{} about {}", counted(count, "notification"), rule.rule.definition->name));
        close_row();
    }

    void write_lane_row(const AlertLane& lane, const RuleHistory& rule) {
        const std::string labels = telling_labels(lane.labels, *rule.rule.definition);
        std::string sum = lane.firings == 0
                              ? "pending only"
                              : fmt::format("fired {}, {}", times(lane.firings), lasted(lane.firing_time));
        if (lane.is_coarse) sum += fmt::format("; drawn in steps of {}", lasted(rule.alerts.resolution));
        open_row([&] { html_.element("span", {{"class", "labels"}, {"title", labels}}, labels); }, sum);
        draw_lane(html_, axis_, lane.stretches, labels + ": " + stretches_in_words(axis_, lane.stretches));
        close_row();
    }

    void write_left_lanes(const AlertLanesView& alerts) {
        const std::size_t left = alerts.alerts - alerts.lanes.size();
        if (left == 0) return;
        const auto shown_firing = static_cast<std::size_t>(std::count_if(
            alerts.lanes.begin(), alerts.lanes.end(), [](const AlertLane& lane) { return lane.firings > 0; }));
        write_left(left, fmt::format("more alerts of this rule are not drawn, {} of which fired",
                                     alerts.firing_alerts - shown_firing));
    }

    // ---- quiet ones

    void write_quiet_rules() {
        if (quiet_.empty()) return;
        html_.open("section", {{"aria-labelledby", "quiet"}}).element("h2", {{"id", "quiet"}}, "Quiet rules");
        html_.open("p", {{"class", "hint"}});
        html_.text("Never pending. Unfold one to see how near it came.").close();
        const std::size_t shown = std::min(quiet_.size(), kQuietRulesMax);
        for (std::size_t i = 0; i < shown; ++i) write_quiet_rule(*quiet_[i]);
        write_left(quiet_.size() - shown, "more rules were quiet");
        html_.close();
    }

    void write_quiet_rule(const RuleHistory& rule) {
        html_.open("details", {{"class", "quiet"}});
        html_.open("summary").element("b", {}, rule.rule.definition->name);
        html_.element("span", {{"class", "sum"}}, quiet_words(rule)).close();
        html_.open("p", {{"class", "facts"}});
        write_fact(fmt::format("{}, {}:{}", rule.group, rule.file, rule.rule.definition->where.line));
        html_.close();
        write_expression(*rule.rule.definition);
        if (rule.values && rule.values->series > 0) {
            html_.open("ul", {{"class", "rows"}});
            write_values_row(rule, kQuietCurvesMax);
            write_axis_row();
            html_.close();
        }
        html_.close();
    }

    static std::string quiet_words(const RuleHistory& rule) {
        if (rule.rule.health == RuleHealth::Error) return "failed: " + rule.rule.last_error;
        if (!rule.values) return "no comparison with a number";
        if (rule.values->whole.empty()) return "no value was ever there";
        const bool below = rule.values->op == BinaryOp::Less || rule.values->op == BinaryOp::LessOrEqual;
        const double nearest = below ? rule.values->whole.low : rule.values->whole.high;
        return fmt::format("{} {}, the alert is {} {}", below ? "lowest" : "highest", short_number(nearest),
                           to_string(rule.values->op), short_number(rule.values->number));
    }

    // ---- notifications

    void write_notifications() {
        if (view_.notifications.empty()) return;
        html_.open("section", {{"aria-labelledby", "notifications"}});
        html_.element("h2", {{"id", "notifications"}}, "Notifications");
        html_.open("table", {{"role", "table"}, {"aria-labelledby", "notifications"}});
        html_.open("thead", {{"role", "rowgroup"}}).open("tr", {{"role", "row"}});
        for (const char* name : {"Time", "Receiver", "Status", "About", "Message"}) {
            html_.element("th", {{"scope", "col"}, {"role", "columnheader"}}, name);
        }
        html_.close().close().open("tbody", {{"role", "rowgroup"}});
        for (std::size_t i = 0; i < view_.notifications.size(); ++i) write_notification(i);
        html_.close().close();
        write_left(view_.notifications_left, "more notifications came after these; their marks are above");
        html_.close();
    }

    void write_notification(std::size_t index) {
        const ToldNotification& told = view_.notifications[index];
        html_.open("tr", {{"role", "row"}, {"id", fmt::format("n{}", index + 1)}, {"tabindex", "-1"}});
        html_.open("td", {{"role", "cell"}, {"class", "when"}});
        write_time(told.at, axis_.clock(told.at));
        html_.close().open("td", {{"role", "cell"}, {"class", "who"}}).element("b", {}, told.receiver);
        html_.element("span", {{"class", "sum"}}, told.integration).close();
        html_.open("td", {{"role", "cell"}});
        const std::string status = told.problem.starts_with("not sent") ? "failed" : told.status;
        html_.element("span", {{"class", "status " + status}}, status).close();
        html_.open("td", {{"role", "cell"}, {"class", "about"}});
        html_.element("span", {{"class", "labels"}}, to_string(told.group_labels));
        html_.element("span", {{"class", "sum"}}, told.reason);
        if (!told.problem.empty()) html_.element("span", {{"class", "note"}}, told.problem);
        html_.close().open("td", {{"role", "cell"}, {"class", "message"}});
        write_message(told);
        html_.close().close();
    }

    void write_message(const ToldNotification& told) {
        html_.open("details");
        html_.element("summary", {}, counted(told.alerts.size() + told.more_alerts, "alert") + " and the message");
        html_.open("ul", {{"class", "alerts"}});
        for (const ToldNotification::Alert& alert : told.alerts) write_alert(alert);
        if (told.more_alerts > 0) html_.element("li", {{"class", "left"}}, fmt::format("… {} more", told.more_alerts));
        html_.close();
        if (!told.message.empty()) {
            html_.open("pre", {{"tabindex", "0"}, {"aria-label", "rendered message"}}).text(told.message).close();
        }
        if (told.message_left > 0) {
            html_.element("p", {{"class", "left"}}, fmt::format("… {} more bytes.", told.message_left));
        }
        html_.close();
    }

    void write_alert(const ToldNotification::Alert& alert) {
        const std::string_view status = alert.firing ? "firing" : "resolved";
        html_.open("li").element("span", {{"class", fmt::format("status {}", status)}}, status);
        html_.text(" ").element("span", {{"class", "labels"}}, to_string(alert.labels));
        html_.element("span", {{"class", "sum"}}, "since " + axis_.clock(alert.since)).close();
    }

    const ReplayPage& page_;
    const ReplayView& view_;
    TimeAxis axis_;
    std::vector<const RuleHistory*> active_, quiet_;
    std::vector<std::string> numbers_;
    Html html_;
};

}  // namespace

std::string to_html(const ReplayPage& page) {
    return Writer(page).write();
}

}  // namespace tocsin::cli
