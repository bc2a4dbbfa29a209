#include "tests/scenario/scenario_run.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/sample.h"
#include "base/text.h"
#include "parser/matchers_parser.h"
#include "parser/promql_parser.h"
#include "tests/daemon/simulated_daemon.h"
#include "tests/scenario/scenario_facts.h"
#include "tests/scenario/scenario_text.h"

namespace tocsin::tests {
namespace {

constexpr std::string_view kReceiverUrl = "http://receivers.test/";
constexpr std::string_view kOwnLabel = "scenario_";  // before `job` and `instance` of a series that has its own

/// Why a scenario cannot be played.
struct Unplayable {
    std::string why;
};

[[noreturn]] void give_up(std::size_t line, const std::string& why) {
    throw Unplayable{fmt::format("line {}: {}", line, why)};
}

Duration read_time(std::string_view text, std::size_t line) {
    const auto duration = parse_duration(trim(text));
    if (!duration) give_up(line, duration.error().message);
    return *duration;
}

std::string indented(const std::vector<Scenario::Line>& body, const std::string& by) {
    std::string text;
    for (const auto& line : body) text += by + line.text + "\n";
    return text;
}

std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> found;
    for (const std::string_view word : split(text, ' ')) {
        if (!word.empty()) found.emplace_back(word);
    }
    return found;
}

/// A series as a target exposes it, one value a step.
struct Loaded {
    std::string name;  // with labels, as in a body
    std::vector<SequenceValue> values;
};

/// A target, and what it says.
struct ScenarioTarget {
    Duration step{0};
    std::vector<Loaded> series;
    std::string mood = "up";  // or `down`, `hangs`
};

LabelSet exposed_labels(const LabelSet& labels) {
    LabelBuilder builder;
    for (const Label label : labels) {
        const bool is_own = label.name == "job" || label.name == "instance";
        builder.set(is_own ? std::string(kOwnLabel) + std::string(label.name) : std::string(label.name), label.value);
    }
    return builder.build();
}

std::string body_at(const ScenarioTarget& target, Duration elapsed) {
    const auto index = static_cast<std::size_t>(elapsed / target.step);
    std::string body;
    for (const Loaded& series : target.series) {
        if (index >= series.values.size()) continue;
        const SequenceValue& value = series.values[index];
        if (value.omitted || is_stale(value.value)) continue;
        body += fmt::format("{} {}\n", series.name, format_value(value.value));
    }
    return body;
}

class Stage {
public:
    explicit Stage(const Scenario& scenario) : scenario_(scenario) {}

    std::vector<ScenarioMismatch> play() {
        for (const auto& block : scenario_.blocks) {
            const auto command = kCommands.find(block.command);
            if (command == kCommands.end()) give_up(block.line, "unknown command " + block.command);
            (this->*command->second)(block);
        }
        report_unexpected();
        return std::move(mismatches_);
    }
    ~Stage() { world_.app.reset(); }

private:
    using Block = Scenario::Block;
    struct Told {
        Duration at;
        std::string text;
    };

    static const std::map<std::string, void (Stage::*)(const Block&), std::less<>> kCommands;

    // ---- setting up

    void route(const Block& block) {
        for (const auto& line : block.body) {
            const auto found = words(line.text);
            const auto key = std::find(found.begin(), found.end(), "receiver:");
            if (key != found.end() && key + 1 != found.end()) receivers_.insert(*(key + 1));
        }
        route_ = indented(block.body, "  ");
    }
    void inhibit(const Block& block) { inhibit_ = "inhibit_rules:\n" + indented(block.body, "  "); }
    void global(const Block& block) { global_ = indented(block.body, "  "); }
    void alert_relabel(const Block& block) { alert_relabel_ = indented(block.body, "  "); }

    // `alertmanager NAME` before the beginning, `alertmanager NAME well|hangs|STATUS` after it
    void alertmanager(const Block& block) {
        const auto given = words(block.argument);
        if (given.empty() || given.size() > 2) give_up(block.line, "expected `alertmanager NAME [well|hangs|STATUS]`");
        if (given.size() == 1 && is_begun_) give_up(block.line, "it has begun without that Alertmanager");
        alertmanagers_.insert(given.front());
        if (given.size() == 2) moods_[alertmanager_url(given.front())] = given.back();
    }
    static std::string alertmanager_url(const std::string& name) { return "http://" + name + ":9093/api/v2/alerts"; }

    // `rules NAME every 1m`, both may be missing; what stands before the first rule belongs to the group.
    void rules(const Block& block) {
        const auto given = words(block.argument);
        const bool is_named = !given.empty() && given.front() != "every";
        const std::string name = is_named ? given.front() : "rules";
        const auto first_rule = std::find_if(block.body.begin(), block.body.end(),
                                             [](const auto& line) { return line.text.starts_with("- "); });
        std::string text = fmt::format("- name: {}\n", name);
        if (given.size() > (is_named ? 2 : 1)) text += fmt::format("  interval: {}\n", given.back());
        text += indented({block.body.begin(), first_rule}, "  ") + "  rules:\n";
        text += indented({first_rule, block.body.end()}, "  ");
        if (std::none_of(groups_.begin(), groups_.end(), [&](const auto& one) { return one.first == name; })) {
            groups_.emplace_back(name, "");
        }
        for (auto& [group, old] : groups_) {
            if (group == name) old = first_rule == block.body.end() ? "" : text;
        }
    }

    // `load STEP`, or `load STEP from TARGET`.
    void load(const Block& block) {
        const auto given = words(block.argument);
        if (given.empty()) give_up(block.line, "load needs a step");
        ScenarioTarget& target = targets_[given.size() > 2 ? given.back() : "target"];
        target.step = read_time(given.front(), block.line);
        for (const auto& line : block.body) {
            auto series = parse_series_description(line.text);
            if (!series) give_up(line.number, series.error().front().message);
            target.series.push_back({series_text(series->labels), std::move(series->values)});
        }
    }
    static std::string series_text(const LabelSet& labels) {
        const std::string name(labels.get(kMetricNameLabel));
        const LabelSet rest = exposed_labels(LabelBuilder(labels).remove(kMetricNameLabel).build());
        return rest.empty() ? name : name + to_string(rest);
    }

    // `options for-grace-period 10m resend-delay 1m`.
    void options(const Block& block) {
        const auto given = words(block.argument);
        for (std::size_t i = 0; i + 1 < given.size(); i += 2) {
            const Duration value = read_time(given[i + 1], block.line);
            if (given[i] == "for-outage-tolerance") {
                world_.options.outage.tolerance = value;
            } else if (given[i] == "for-grace-period") {
                world_.options.outage.grace = value;
            } else if (given[i] == "resend-delay") {
                world_.options.resend_delay = value;
            } else {
                give_up(block.line, "unknown option " + given[i]);
            }
        }
    }

    void write_files() {
        if (route_.empty()) route_ = "  receiver: nobody\n";
        std::string jobs;
        for (const auto& [name, target] : targets_) {
            jobs += fmt::format(
                "- job_name: {0}\n  scrape_interval: {1}\n  scrape_timeout: {3}\n"
                "  static_configs: [{{targets: ['{0}:80']}}]\n  metric_relabel_configs:\n"
                "  - {{regex: job|instance, action: labeldrop}}\n"
                "  - {{regex: {2}(.+), action: labelmap}}\n  - {{regex: {2}.+, action: labeldrop}}\n",
                name, to_string(target.step), kOwnLabel, to_string(target.step / 2));
        }
        world_.put("prometheus.yml", fmt::format("global:\n  evaluation_interval: {}\n{}rule_files: [rules.yml]\n"
                                                 "{}scrape_configs:\n{}",
                                                 to_string(shortest_step()), global_, alerting_text(), jobs));
        write_rules();
        std::string receivers;
        for (const std::string& name : receivers_) {
            receivers += fmt::format("- name: {0}\n  webhook_configs: [{{url: '{1}{0}'}}]\n", name, kReceiverUrl);
        }
        if (receivers_.empty()) receivers = "- name: nobody\n";
        world_.put("alertmanager.yml", fmt::format("route:\n{}receivers:\n{}{}", route_, receivers, inhibit_));
    }
    std::string alerting_text() const {
        if (alertmanagers_.empty()) return {};
        std::string targets;
        for (const std::string& name : alertmanagers_) targets += fmt::format("'{}:9093',", name);
        const std::string relabel =
            alert_relabel_.empty() ? std::string() : "  alert_relabel_configs:\n" + alert_relabel_;
        return fmt::format("alerting:\n{}  alertmanagers: [{{static_configs: [{{targets: [{}]}}]}}]\n", relabel, targets);
    }
    void write_rules() {
        std::string text;
        for (const auto& [name, group] : groups_) text += group;
        world_.put("rules.yml", text.empty() ? "groups: []\n" : "groups:\n" + text);
    }
    Duration shortest_step() const {
        Duration shortest = std::chrono::minutes(1);
        for (const auto& [name, target] : targets_) shortest = std::min(shortest, target.step);
        return shortest;
    }

    // ---- what happens

    void begin(const Block& block) {
        if (is_begun_) return;
        is_begun_ = true;
        write_files();
        answer_for_everybody();
        start(block);
    }

    void answer_for_everybody() {
        world_.targets.handle([this](const HttpRequest& request) {
            const std::string name = request.url.substr(7, request.url.find(':', 7) - 7);
            const ScenarioTarget& target = targets_.at(name);
            if (target.mood == "down") return fakes::FakeAnswer::fails(fakes::FakeAnswer::Fault::Refused);
            if (target.mood == "hangs") return fakes::FakeAnswer::fails(fakes::FakeAnswer::Fault::NeverAnswers);
            return fakes::FakeAnswer::ok(body_at(target, world_.elapsed()))
                .header("Content-Type", "text/plain; version=0.0.4");
        });
        world_.receivers.handle([this](const HttpRequest& request) {
            const auto mood = moods_.find(request.url);
            const std::string how = mood == moods_.end() ? "well" : mood->second;
            if (how == "hangs") return fakes::FakeAnswer::fails(fakes::FakeAnswer::Fault::NeverAnswers);
            if (how != "well") return fakes::FakeAnswer::with_status(std::stoi(how), "no");
            told_.push_back({world_.elapsed(), message_text(request)});
            return fakes::FakeAnswer::ok();
        });
    }
    std::string message_text(const HttpRequest& request) const {
        const Json body = *parse_json(request.body);
        if (request.url.starts_with(kReceiverUrl)) {
            return notification_text(request.url.substr(kReceiverUrl.size()), body);
        }
        const auto sent_to = std::find_if(alertmanagers_.begin(), alertmanagers_.end(), [&](const std::string& name) {
            return alertmanager_url(name) == request.url;
        });
        const std::string name = sent_to == alertmanagers_.end() ? request.url : *sent_to;
        return sent_text(name, body, SimulatedDaemon::kStart, world_.scheduler.now());
    }

    void start(const Block& block) {
        const auto started = world_.start();
        if (!started) give_up(block.line, "it does not start: " + started.error().message);
        if (!started->ok()) give_up(block.line, "it does not start: " + to_string(started->errors.front()));
    }
    void start_again(const Block& block) {
        begin(block);
        if (!world_.app) start(block);
    }
    void kill(const Block& block) {
        begin(block);
        world_.app.reset();
    }
    // In order: what waits is sent, and state is written.
    void stop_in_order(const Block& block) {
        begin(block);
        bool stopped = false;
        world_.app->stop([&] { stopped = true; });
        world_.advance(Duration{0});
        if (!stopped) give_up(block.line, "it does not stop at once");
        world_.app.reset();
    }

    void reload(const Block& block) {
        begin(block);
        write_rules();
        const auto reply = world_.server.start({.method = "POST", .target = "/-/reload"});
        world_.advance(Duration{0});
        if (!*reply) give_up(block.line, "the reload takes its time");
        const bool refused = block.argument == "refused";
        if (((*reply)->status == 200) == refused) give_up(block.line, "the reload said: " + (*reply)->body);
    }

    // `target [NAME] up|down|hangs`
    void target(const Block& block) {
        begin(block);
        const auto given = words(block.argument);
        if (given.empty()) give_up(block.line, "target needs up, down or hangs");
        const auto found = targets_.find(given.size() > 1 ? given.front() : "target");
        if (found == targets_.end()) give_up(block.line, "there is no such target");
        found->second.mood = given.back();
    }
    // `receiver NAME well|hangs|STATUS`
    void receiver(const Block& block) {
        begin(block);
        const auto given = words(block.argument);
        if (given.size() != 2 || !receivers_.contains(given.front())) give_up(block.line, "there is no such receiver");
        moods_[std::string(kReceiverUrl) + given.front()] = given.back();
    }

    // `silence {severity="page"} for 10m`
    void silence(const Block& block) {
        begin(block);
        const std::size_t end = block.argument.rfind(" for ");
        if (end == std::string::npos) give_up(block.line, "expected `silence {…} for TIME`");
        const auto matchers = parse_matchers(block.argument.substr(0, end));
        if (!matchers) give_up(block.line, matchers.error().message);
        Json list = Json::array();
        for (const Matcher& matcher : matchers->matchers) {
            list.push(matcher_json(matcher));
        }
        const Timestamp now = world_.scheduler.now();
        const Json asked =
            Json::Object{{"matchers", std::move(list)},
                         {"startsAt", to_rfc3339(now)},
                         {"endsAt", to_rfc3339(now + read_time(block.argument.substr(end + 5), block.line))},
                         {"createdBy", "scenario"},
                         {"comment", "scenario"}};
        const auto answer = world_.server.post("/api/v2/silences", dump(asked));
        if (!answer || answer->status != 200) give_up(block.line, "the silence is refused");
        silence_ = parse_json(answer->body)->at("silenceID").as_string();
    }
    static Json matcher_json(const Matcher& matcher) {
        const bool is_regex = matcher.op() == MatchOp::Regex || matcher.op() == MatchOp::NotRegex;
        const bool is_equal = matcher.op() == MatchOp::Equal || matcher.op() == MatchOp::Regex;
        return Json::Object{
            {"name", matcher.name()}, {"value", matcher.value()}, {"isRegex", is_regex}, {"isEqual", is_equal}};
    }
    void expire(const Block& block) {
        const auto answer = world_.server.request({.method = "DELETE", .target = "/api/v2/silence/" + silence_});
        if (!answer || answer->status != 200) give_up(block.line, "the silence does not end");
    }

    // ---- what is looked at

    void at(const Block& block) {
        const Duration time = go_to(block);
        compare(
            block, [time](const Told& told) { return told.at == time; }, [](const Told& told) { return told.text; });
    }
    void until(const Block& block) {
        const Duration time = go_to(block);
        compare(
            block, [time](const Told& told) { return told.at <= time; },
            [](const Told& told) { return to_string(told.at) + "  " + told.text; });
    }
    Duration go_to(const Block& block) {
        begin(block);
        const Duration time = read_time(block.argument, block.line);
        if (time < world_.elapsed()) give_up(block.line, "that time is over");
        world_.scheduler.advance_to(SimulatedDaemon::kStart + time);
        return time;
    }

    // Notifications and what Alertmanagers are sent are two stories: a block may tell one of them alone.
    template <class Concerns, class Show>
    void compare(const Block& block, Concerns concerns, Show show) {
        std::vector<std::string> expected, seen;
        compare_alerts(block, expected, seen);
        compare_facts(block, expected, seen);
        for (const Story& story : kStories) {
            const auto of_story = [&](const Told& told) { return told.text.starts_with(story.prefix) && concerns(told); };
            if (!expect_messages(block, story, expected)) continue;
            const std::size_t before = seen.size();
            for (const Told& told : told_) {
                if (!of_story(told)) continue;
                const bool is_timeless = seen.size() < expected.size() && expected[seen.size()] == told.text;
                seen.push_back(is_timeless ? told.text : show(told));
            }
            std::erase_if(told_, of_story);
            if (seen.size() == before) seen.emplace_back(story.nothing);
        }
        if (expected != seen) {
            mismatches_.push_back(
                {block.line, block.command + " " + block.argument, std::move(expected), std::move(seen)});
        }
    }

    struct Story {
        std::string_view prefix, nothing;
    };
    static constexpr Story kStories[] = {{"notification to ", "no notifications"}, {"sent to ", "nothing sent"}};

    static bool is_about(std::string_view line, const Story& story) {
        return !is_scenario_fact(line) && (line == story.nothing || line.find(story.prefix) != line.npos);
    }
    static bool is_message(std::string_view line) {
        return std::any_of(std::begin(kStories), std::end(kStories),
                           [&](const Story& story) { return is_about(line, story); });
    }

    // Whether the block says anything about them.
    static bool expect_messages(const Block& block, const Story& story, std::vector<std::string>& expected) {
        bool asks = false;
        for (const auto& line : block.body) {
            if (!is_about(line.text, story)) continue;
            asks = true;
            const std::size_t begin = line.text.find(story.prefix);
            if (begin == line.text.npos) {
                expected.push_back(line.text);
                continue;
            }
            const auto text = canonical_notification(line.text.substr(begin));
            if (!text) give_up(line.number, text.error().message);
            const std::string time(trim(line.text.substr(0, begin)));
            expected.push_back(time.empty() ? *text : time + "  " + *text);
        }
        return asks;
    }

    void compare_facts(const Block& block, std::vector<std::string>& expected, std::vector<std::string>& seen) {
        for (const auto& line : block.body) {
            if (!is_scenario_fact(line.text)) continue;
            const auto fact = seen_fact(world_, line.text);
            if (!fact) give_up(line.number, fact.error().message);
            expected.push_back(expected_fact(line.text));
            seen.push_back(*fact);
        }
    }

    void compare_alerts(const Block& block, std::vector<std::string>& expected, std::vector<std::string>& seen) {
        std::map<std::string, ScenarioAlert> wanted;
        bool asks = false;
        for (const auto& line : block.body) {
            if (line.text.empty() || is_message(line.text) || is_scenario_fact(line.text)) continue;
            asks = true;
            if (line.text == "no alerts") {
                expected.push_back(line.text);
                continue;
            }
            auto alert = read_scenario_alert(line.text);
            if (!alert) give_up(line.number, alert.error().message);
            expected.push_back(alert_text(*alert));
            wanted.emplace(alert->name, *std::move(alert));
        }
        if (!asks) return;
        std::sort(expected.begin(), expected.end());
        for (const ScenarioAlert& alert : active_alerts(block)) {
            const auto found = wanted.find(alert.name);
            seen.push_back(alert_text(alert, found == wanted.end() ? nullptr : &found->second));
        }
        std::sort(seen.begin(), seen.end());
        if (seen.empty()) seen.emplace_back("no alerts");
    }

    std::vector<ScenarioAlert> active_alerts(const Block& block) {
        if (!world_.app) give_up(block.line, "it does not run, so there are no alerts to look at");
        const auto answer = world_.server.get("/api/v1/alerts");
        if (!answer) give_up(block.line, "the API does not answer");
        std::vector<ScenarioAlert> alerts;
        const Json body = *parse_json(answer->body);
        for (const Json& alert : body.at("data").at("alerts").items()) alerts.push_back(alert_of(alert));
        return alerts;
    }
    static ScenarioAlert alert_of(const Json& json) {
        LabelBuilder labels;
        for (const auto& [name, value] : json.at("labels").members()) labels.set(name, value.as_string());
        ScenarioAlert alert{alert_title(labels.build()), json.at("state").as_string(), {}};
        const auto since = [](const Json& time) {
            return to_string(*parse_rfc3339(time.as_string()) - SimulatedDaemon::kStart);
        };
        alert.facts.emplace_back("since", since(json.at("activeAt")));
        if (json.find("keepFiringSince") != nullptr)
            alert.facts.emplace_back("kept", since(json.at("keepFiringSince")));
        alert.facts.emplace_back("value", format_value(std::stod(json.at("value").as_string())));
        return alert;
    }

    void report_unexpected() {
        if (told_.empty()) return;
        ScenarioMismatch mismatch{0, "what nobody expected", {}, {}};
        for (const Told& told : told_) mismatch.seen.push_back(to_string(told.at) + "  " + told.text);
        mismatches_.push_back(std::move(mismatch));
    }

    const Scenario& scenario_;
    SimulatedDaemon world_;
    bool is_begun_ = false;
    std::string route_, inhibit_, global_, alert_relabel_, silence_;
    std::set<std::string> receivers_;
    std::vector<std::pair<std::string, std::string>> groups_;
    std::map<std::string, ScenarioTarget> targets_;
    std::set<std::string> alertmanagers_;
    std::map<std::string, std::string> moods_;  // of receivers and Alertmanagers, by URL
    std::vector<Told> told_;  // and not yet expected
    std::vector<ScenarioMismatch> mismatches_;
};

const std::map<std::string, void (Stage::*)(const Scenario::Block&), std::less<>> Stage::kCommands{
    {"route", &Stage::route},   {"inhibit", &Stage::inhibit},    {"global", &Stage::global},
    {"rules", &Stage::rules},   {"load", &Stage::load},          {"options", &Stage::options},
    {"at", &Stage::at},         {"until", &Stage::until},        {"reload", &Stage::reload},
    {"kill", &Stage::kill},     {"stop", &Stage::stop_in_order}, {"start", &Stage::start_again},
    {"target", &Stage::target}, {"receiver", &Stage::receiver},  {"silence", &Stage::silence},
    {"expire", &Stage::expire}, {"alertmanager", &Stage::alertmanager},
    {"alert_relabel_configs", &Stage::alert_relabel},
};

}  // namespace

ScenarioOutcome run_scenario(const Scenario& scenario) {
    try {
        return {Stage(scenario).play(), ""};
    } catch (const Unplayable& reason) {
        return {{}, reason.why};
    }
}

std::string side_by_side(const ScenarioMismatch& mismatch) {
    std::size_t width = 8;
    for (const std::string& line : mismatch.expected) width = std::max(width, line.size());
    std::string text =
        fmt::format("line {}: {}\n      {:<{}}  seen\n", mismatch.line, mismatch.what, "expected", width);
    for (std::size_t i = 0; i < std::max(mismatch.expected.size(), mismatch.seen.size()); ++i) {
        const std::string left = i < mismatch.expected.size() ? mismatch.expected[i] : "";
        const std::string right = i < mismatch.seen.size() ? mismatch.seen[i] : "";
        text += fmt::format("    {} {:<{}}  {}\n", left == right ? ' ' : '!', left, width, right);
    }
    return text;
}

}  // namespace tocsin::tests
