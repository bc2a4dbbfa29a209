#include "rules/rule_test_expectation.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/text.h"

namespace tocsin {
namespace {

bool texts_match(const std::vector<ExpectedText>& expected, const LabelSet& seen, AlertTestCase::Match match) {
    std::size_t present = 0;
    for (const ExpectedText& text : expected) {
        if (!text.matches(seen.get(text.name))) return false;
        present += seen.has(text.name) ? 1 : 0;
    }
    return match == AlertTestCase::Match::Partial || present == seen.size();
}

// An annotation may be empty, and be there all the same.
bool matches(const ExpectedAlert& expected, const SeenAlert& seen, AlertTestCase::Match match) {
    return texts_match(expected.labels, seen.labels, match) &&
           texts_match(expected.annotations, seen.annotations, match);
}

/// Which seen alert is which expected one: as many pairs as there can be (augmenting paths, since an expression may
/// match several).
class Pairing {
public:
    Pairing(const AlertTestCase& expected, const std::vector<SeenAlert>& seen)
        : expected_(expected), seen_(seen), expected_of_(seen.size()) {
        for (std::size_t i = 0; i < expected.alerts.size(); ++i) {
            std::vector<bool> tried(seen.size());
            pairs_ += find_place(i, tried) ? 1 : 0;
        }
    }

    bool complete() const { return pairs_ == expected_.alerts.size() && pairs_ == seen_.size(); }

    std::vector<const ExpectedAlert*> missing() const {
        std::vector<const ExpectedAlert*> found;
        for (std::size_t i = 0; i < expected_.alerts.size(); ++i) {
            const bool has_place = std::find(expected_of_.begin(), expected_of_.end(), i) != expected_of_.end();
            if (!has_place) found.push_back(&expected_.alerts[i]);
        }
        return found;
    }
    std::vector<const SeenAlert*> surplus() const {
        std::vector<const SeenAlert*> found;
        for (std::size_t i = 0; i < seen_.size(); ++i) {
            if (!expected_of_[i]) found.push_back(&seen_[i]);
        }
        return found;
    }

private:
    bool find_place(std::size_t expected, std::vector<bool>& tried) {
        for (std::size_t i = 0; i < seen_.size(); ++i) {
            if (tried[i] || !matches(expected_.alerts[expected], seen_[i], expected_.match)) continue;
            tried[i] = true;
            if (expected_of_[i] && !find_place(*expected_of_[i], tried)) continue;
            expected_of_[i] = expected;
            return true;
        }
        return false;
    }

    const AlertTestCase& expected_;
    const std::vector<SeenAlert>& seen_;
    std::vector<std::optional<std::size_t>> expected_of_;
    std::size_t pairs_ = 0;
};

std::string to_text(const std::vector<ExpectedText>& labels) {
    std::vector<std::string> parts;
    for (const ExpectedText& label : labels) {
        parts.push_back(label.name + (label.regex ? "=~" : "=") + go_quote(label.text));
    }
    return "{" + join(parts, ", ") + "}";
}

/// How much of it agrees, for finding out who was meant.
std::size_t likeness(const ExpectedAlert& expected, const SeenAlert& seen) {
    std::size_t same = 0;
    for (const ExpectedText& label : expected.labels) same += label.matches(seen.labels.get(label.name)) ? 2 : 0;
    for (const ExpectedText& text : expected.annotations) same += text.matches(seen.annotations.get(text.name)) ? 1 : 0;
    return same;
}

void add_annotation_lines(const ExpectedAlert& expected, const SeenAlert& seen, AlertTestCase::Match match,
                          DiffLines& lines) {
    for (const ExpectedText& text : expected.annotations) {
        if (text.matches(seen.annotations.get(text.name))) continue;
        lines.push_back(fmt::format("  -   {}: {}{}", text.name, text.regex ? "=~ " : "", go_quote(text.text)));
        if (!seen.annotations.has(text.name)) continue;
        lines.push_back(fmt::format("  +   {}: {}", text.name, go_quote(seen.annotations.get(text.name))));
    }
    if (match == AlertTestCase::Match::Partial) return;
    for (const Label label : seen.annotations) {
        const bool is_expected = std::any_of(expected.annotations.begin(), expected.annotations.end(),
                                             [&](const ExpectedText& text) { return text.name == label.name; });
        if (!is_expected) lines.push_back(fmt::format("  +   {}: {}", label.name, go_quote(label.value)));
    }
}

std::string circumstances(const SeenAlert& seen, Timestamp start) {
    const Timestamp since = seen.state.phase == AlertPhase::Firing ? seen.state.fired_at : seen.state.active_at;
    return fmt::format("{} since {}, value {}", to_string(seen.state.phase), to_string(since - start),
                       format_value(seen.value));
}

/// Why nothing of these rules is what was expected.
std::string reason_of_absence(const ExpectedAlert& expected, const AlertTestCase& test_case,
                              const std::vector<const RuleView*>& rules, Timestamp start) {
    std::vector<std::string> unmatched;
    for (const RuleView* rule : rules) {
        for (const ActiveAlertView& alert : rule->alerts) {
            if (!texts_match(expected.labels, alert.labels, test_case.match)) continue;
            const SeenAlert seen{alert.labels, {}, alert.state, alert.value, {}};
            std::string reason = circumstances(seen, start);
            if (alert.state.phase == AlertPhase::Pending) {
                reason += fmt::format("; `for` is over at {}",
                                      to_string(alert.state.active_at + rule->definition->for_duration - start));
            }
            return reason;
        }
        for (const auto& selector : rule->selectors) {
            if (selector.series == 0) unmatched.push_back(selector.text);
        }
    }
    if (!unmatched.empty()) return "inactive; no series for " + join(unmatched, ", ");
    return "inactive";
}

bool same_value(double a, double b, bool fuzzy) {
    if (a == b || (std::isnan(a) && std::isnan(b))) return true;
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return fuzzy && (std::nextafter(a, kInfinity) == b || std::nextafter(a, -kInfinity) == b);
}

bool same_sample(const ExpectedSample& expected, const SeenSample& seen, bool fuzzy) {
    if (expected.histogram || seen.histogram) return expected.histogram == seen.histogram;
    return same_value(expected.value, seen.value, fuzzy);
}

std::string shown_sample(const auto& sample) {
    return fmt::format("{} {}", to_string(sample.labels), sample.histogram.value_or(format_go_float(sample.value)));
}

}  // namespace

bool meets(const AlertTestCase& expected, const std::vector<SeenAlert>& seen) {
    return Pairing(expected, seen).complete();
}

bool has_expected(const AlertTestCase& expected, const std::vector<SeenAlert>& seen) {
    if (expected.alerts.empty()) return !seen.empty();
    return std::any_of(seen.begin(), seen.end(), [&](const SeenAlert& alert) {
        return std::any_of(expected.alerts.begin(), expected.alerts.end(),
                           [&](const ExpectedAlert& one) { return matches(one, alert, expected.match); });
    });
}

std::vector<SeenAlert> alerts_looked_at(const AlertTestCase& expected, const std::vector<const RuleView*>& rules) {
    std::vector<SeenAlert> seen;
    for (const RuleView* rule : rules) {
        for (const ActiveAlertView& alert : rule->alerts) {
            if (expected.state && alert.state.phase != *expected.state) continue;
            seen.push_back({alert.labels, alert.annotations, alert.state, alert.value, rule->definition->for_duration});
        }
    }
    std::stable_sort(seen.begin(), seen.end(),
                     [](const SeenAlert& a, const SeenAlert& b) { return a.labels < b.labels; });
    return seen;
}

DiffLines compare_alerts(const AlertTestCase& expected, const std::vector<SeenAlert>& seen,
                         const std::vector<const RuleView*>& rules, Timestamp start) {
    const Pairing pairing(expected, seen);
    std::vector<const SeenAlert*> surplus = pairing.surplus();
    DiffLines lines;
    for (const ExpectedAlert* missing : pairing.missing()) {
        const auto meant = std::max_element(surplus.begin(), surplus.end(), [&](const auto* a, const auto* b) {
            return likeness(*missing, *a) < likeness(*missing, *b);
        });
        // Nothing in common but the alert's name is another alert.
        if (meant == surplus.end() || likeness(*missing, **meant) <= 2) {
            lines.push_back("  - " + to_text(missing->labels));
            lines.push_back("      " + reason_of_absence(*missing, expected, rules, start));
            continue;
        }
        const SeenAlert& found = **meant;
        if (texts_match(missing->labels, found.labels, expected.match)) {
            lines.push_back(fmt::format("    {}  {}", to_string(found.labels), circumstances(found, start)));
        } else {
            lines.push_back("  - " + to_text(missing->labels));
            lines.push_back(fmt::format("  + {}  {}", to_string(found.labels), circumstances(found, start)));
        }
        add_annotation_lines(*missing, found, expected.match, lines);
        surplus.erase(meant);
    }
    for (const SeenAlert* found : surplus) {
        lines.push_back(
            fmt::format("  + {}  {}; not expected", to_string(found->labels), circumstances(*found, start)));
        for (const Label label : found->annotations) {
            lines.push_back(fmt::format("  +   {}: {}", label.name, go_quote(label.value)));
        }
    }
    return lines;
}

DiffLines compare_samples(const std::vector<ExpectedSample>& expected, const std::vector<SeenSample>& seen,
                          bool fuzzy) {
    std::multimap<LabelSet, const SeenSample*> left;
    for (const SeenSample& sample : seen) left.emplace(sample.labels, &sample);
    DiffLines lines;
    for (const ExpectedSample& sample : expected) {
        const auto [begin, end] = left.equal_range(sample.labels);
        const auto same =
            std::find_if(begin, end, [&](const auto& entry) { return same_sample(sample, *entry.second, fuzzy); });
        if (same != end) {
            left.erase(same);
            continue;
        }
        lines.push_back("  - " + shown_sample(sample));
        if (begin == end) continue;
        lines.push_back("  + " + shown_sample(*begin->second));
        left.erase(begin);
    }
    for (const auto& [labels, sample] : left) lines.push_back("  + " + shown_sample(*sample));
    return lines;
}

}  // namespace tocsin
