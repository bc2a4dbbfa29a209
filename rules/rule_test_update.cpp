#include "rules/rule_test_update.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "rules/rule_test_comments.h"

namespace tocsin {
namespace {

using Lines = std::vector<std::string>;

/// A text between double quotes; YAML reads JSON's.
std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text, JsonStyle::Plain);
    return out;
}

std::string flow_map(const LabelSet& labels, bool with_alertname = false) {
    std::vector<std::string> parts;
    for (const Label label : labels) {
        if (label.name == kAlertNameLabel && !with_alertname) continue;
        const std::string name = is_legacy_label_name(label.name) ? std::string(label.name) : quoted(label.name);
        parts.push_back(name + ": " + quoted(label.value));
    }
    return "{" + join(parts, ", ") + "}";
}

std::string yaml_number(double value) {
    if (std::isnan(value)) return ".nan";
    if (std::isinf(value)) return value < 0 ? "-.inf" : ".inf";
    return format_go_float(value);
}

Lines block_of(const std::vector<SeenAlert>& alerts, const std::string& indent) {
    if (alerts.empty()) return {indent + "exp_alerts: []"};
    Lines lines{indent + "exp_alerts:"};
    for (const SeenAlert& alert : alerts) {
        lines.push_back(indent + "  - exp_labels: " + flow_map(alert.labels));
        if (alert.annotations.empty()) continue;
        lines.push_back(indent + "    exp_annotations:");
        for (const Label text : alert.annotations) {
            const std::string name = is_legacy_label_name(text.name) ? std::string(text.name) : quoted(text.name);
            lines.push_back(indent + "      " + name + ": " + quoted(text.value));
        }
    }
    return lines;
}

Lines block_of(const std::vector<SeenSample>& samples, const std::string& indent) {
    if (samples.empty()) return {indent + "exp_samples: []"};
    Lines lines{indent + "exp_samples:"};
    for (const SeenSample& sample : samples) {
        lines.push_back(indent + "  - labels: " + quoted(to_string(sample.labels)));
        lines.push_back(indent + (sample.histogram ? "    histogram: " + quoted(*sample.histogram)
                                                   : "    value: " + yaml_number(sample.value)));
    }
    return lines;
}

Lines block_of(const std::vector<SeenNotificationText>& notifications, const std::string& indent) {
    if (notifications.empty()) return {indent + "exp_notifications: []"};
    Lines lines{indent + "exp_notifications:"};
    for (const SeenNotificationText& told : notifications) {
        lines.push_back(fmt::format("{}  - at: {}", indent, to_string(told.at)));
        lines.push_back(fmt::format("{}    status: {}", indent, told.status));
        lines.push_back(fmt::format("{}    group_labels: {}", indent, flow_map(told.group_labels, true)));
        lines.push_back(indent + "    alerts:");
        for (const SeenNotificationText::Alert& alert : told.alerts) {
            lines.push_back(fmt::format("{}      - labels: {}", indent, flow_map(alert.labels, true)));
            // Mostly that of the notification.
            const char* status = alert.firing ? "firing" : "resolved";
            if (status != told.status) lines.push_back(fmt::format("{}        status: {}", indent, status));
        }
        if (!told.message.empty()) lines.push_back(indent + "    message:");
        for (const auto& [path, text] : told.message) {
            lines.push_back(fmt::format("{}      {}: {}", indent, quoted(path), quoted(text)));
        }
    }
    return lines;
}

Lines block_of(const RuleTestFailure& failure, const std::string& indent) {
    if (failure.alerts) return block_of(*failure.alerts, indent);
    return failure.samples ? block_of(*failure.samples, indent) : block_of(*failure.notifications, indent);
}

std::size_t indent_of(std::string_view line) {
    const auto first = line.find_first_not_of(' ');
    return first == std::string_view::npos ? std::string::npos : first;
}

/// How many lines the value of a key takes that stands in `line` (from 0) at `column` (from 0): its items may be
/// indented as deep as the key itself.
std::size_t lines_of_value(const Lines& lines, std::size_t line, std::size_t column) {
    std::size_t end = line + 1, last = line;
    for (; end < lines.size(); ++end) {
        const std::size_t indent = indent_of(lines[end]);
        if (indent == std::string::npos) continue;  // blank
        // A comment ends nothing, wherever it stands, and behind the last item it is not about them.
        if (lines[end][indent] == '#' && indent <= column) continue;
        const bool is_item = indent == column && lines[end][indent] == '-';
        if (indent <= column && !is_item) break;
        last = end;
    }
    return last - line + 1;
}

/// How the lines of a text end. Where they differ that is '\n', and what stands before it belongs to the line.
std::string_view line_end_of(std::string_view text) {
    std::size_t ends = 0, crlf_ends = 0;
    for (std::size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1)) {
        ++ends;
        if (at > 0 && text[at - 1] == '\r') ++crlf_ends;
    }
    return ends > 0 && crlf_ends == ends ? "\r\n" : "\n";
}

Lines lines_of(std::string_view text, std::string_view line_end) {
    Lines lines;
    for (std::size_t at = text.find(line_end); at != text.npos; at = text.find(line_end)) {
        lines.emplace_back(text.substr(0, at));
        text.remove_prefix(at + line_end.size());
    }
    lines.emplace_back(text);
    return lines;
}

/// Whether the key is alone on its line, but for the dash of its case, and no brace holds the case together.
bool is_block_style(const std::string& line, std::size_t column) {
    return column < line.size() && line.find_first_not_of(" -") == column && line[column] != '{';
}

/// What replaces some lines of the file.
struct Edit {
    std::size_t line;
    std::size_t count;
    Lines lines;
};

bool has_something_to_write(const RuleTestFailure& failure) {
    return failure.alerts || failure.samples || failure.notifications;
}

std::optional<Edit> edit_for(const RuleTestFailure& failure, const Lines& lines) {
    if (!has_something_to_write(failure)) return std::nullopt;
    // Where nothing was expected so far, the expectation comes first in its case.
    const SourceRange at = failure.expectation.value_or(failure.where);
    if (at.line == 0 || at.line > lines.size()) return std::nullopt;
    const std::size_t line = at.line - 1, column = at.column - 1;
    if (!is_block_style(lines[line], column)) return std::nullopt;
    const std::string indent(column, ' ');
    Lines block = block_of(failure, indent);
    const std::string before = lines[line].substr(0, column);  // the dash of the case, maybe
    block.front() = before + block.front().substr(column);
    if (failure.expectation) {
        const std::size_t count = lines_of_value(lines, line, column);
        return Edit{line, count, with_comments(block, comments_of_list(std::span(lines).subspan(line, count)))};
    }
    block.push_back(indent + lines[line].substr(column));
    return Edit{line, 1, std::move(block)};
}

Diagnostic cannot_write(const RuleTestReport& report, const RuleTestFailure& failure) {
    const char* why = has_something_to_write(failure)
                          ? "its expectation is not in YAML's block style, a key and its list on lines of their own"
                          : "it says what must be, and not what was seen once; change the case, or the rule";
    return {.severity = Severity::Warning,
            .check = {},
            .file = report.file,
            .where = failure.where,
            .message = fmt::format("left alone: {}: {}", failure.what, why),
            .expected = {},
            .hint = {}};
}

}  // namespace

Result<ExpectationUpdate> update_expectations(Disk& disk, const RuleTestReport& report) {
    ExpectationUpdate update;
    if (report.passed() || report.unreadable) return update;
    TOCSIN_TRY(const std::string text, read_file(disk, report.file));
    const std::string_view line_end = line_end_of(text);
    Lines lines = lines_of(text, line_end);
    std::vector<Edit> edits;
    for (const RuleTestOutcome& test : report.tests) {
        for (const RuleTestFailure& failure : test.failures) {
            if (auto edit = edit_for(failure, lines)) {
                edits.push_back(*std::move(edit));
            } else {
                update.left.push_back(cannot_write(report, failure));
            }
        }
    }
    if (edits.empty()) return update;
    std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.line > b.line; });
    for (const Edit& edit : edits) {
        const auto at = lines.begin() + static_cast<std::ptrdiff_t>(edit.line);
        lines.insert(lines.erase(at, at + static_cast<std::ptrdiff_t>(edit.count)), edit.lines.begin(),
                     edit.lines.end());
    }
    const std::string updated = join(lines, line_end);
    // Lists whose brackets stand where no list of lines ends, for one: rather no change than a broken file.
    if (const auto root = parse_yaml(updated, report.file); !root) {
        return fail(Error::Kind::InvalidInput,
                    "nothing is written, for it would be no YAML any more: " + to_string(root.error().front()));
    }
    if (auto written = write_file_atomically(disk, report.file, updated); !written) {
        return tl::unexpected(written.error());
    }
    update.written = edits.size();
    return update;
}

}  // namespace tocsin
