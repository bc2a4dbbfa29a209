#include "cli/findings.h"

#include "base/json.h"
#include "base/text.h"
#include "cli/terminal.h"

namespace tocsin::cli {
namespace {

std::string_view name_of(Severity severity) {
    switch (severity) {
        case Severity::Hint: return "hint";
        case Severity::Warning: return "warning";
        case Severity::Error: return "error";
    }
    return "";
}

Json to_json(const Diagnostic& finding) {
    Json json = Json::object();
    json.add("severity", name_of(finding.severity));
    json.add("check", finding.check);
    json.add("file", finding.file);
    json.add("line", static_cast<std::uint64_t>(finding.where.line));
    json.add("column", static_cast<std::uint64_t>(finding.where.column));
    json.add("endLine", static_cast<std::uint64_t>(finding.where.end_line));
    json.add("endColumn", static_cast<std::uint64_t>(finding.where.end_column));
    json.add("message", finding.message);
    json.add("expected", finding.expected);
    json.add("hint", finding.hint);
    return json;
}

/// Percent, carriage return and line feed have a meaning in workflow commands; in properties, colon and comma too.
std::string escape_command(std::string_view text, bool property) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '%': out += "%25"; break;
            case '\r': out += "%0D"; break;
            case '\n': out += "%0A"; break;
            case ':': out += property ? "%3A" : ":"; break;
            case ',': out += property ? "%2C" : ","; break;
            default: out += c;
        }
    }
    return out;
}

std::string to_github(const Diagnostic& finding) {
    const std::string_view command = finding.severity == Severity::Hint ? "notice" : name_of(finding.severity);
    std::string line = "::" + std::string(command) + " file=" + escape_command(finding.file, true);
    if (finding.where.line > 0) {
        line += ",line=" + std::to_string(finding.where.line) + ",col=" + std::to_string(finding.where.column);
    }
    std::string message = finding.message;
    if (!finding.expected.empty()) message += "; expected " + finding.expected;
    return line + "::" + escape_command(message, false) + "\n";
}

}  // namespace

void print_findings(const Diagnostics& findings, std::string_view format) {
    if (format == "json") {
        Json list = Json::array();
        for (const Diagnostic& finding : findings) list.push(to_json(finding));
        return print(dump(list, JsonStyle::Pretty) + "\n");
    }
    if (format == "github") {
        for (const Diagnostic& finding : findings) print(to_github(finding));
        return;
    }
    print_diagnostics(findings);
}

}  // namespace tocsin::cli
