#include "cli/findings.h"

#include "base/json.h"
#include "base/text.h"
#include "base/version.h"
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

std::string_view sarif_level(Severity severity) {
    return severity == Severity::Hint ? "note" : name_of(severity);
}

Json sarif_region(const SourceRange& where) {
    Json region = Json::object();
    region.add("startLine", static_cast<std::uint64_t>(where.line));
    region.add("startColumn", static_cast<std::uint64_t>(where.column));
    if (where.end_line < where.line || (where.end_line == where.line && where.end_column < where.column)) return region;
    region.add("endLine", static_cast<std::uint64_t>(where.end_line));
    region.add("endColumn", static_cast<std::uint64_t>(where.end_column));
    return region;
}

Json object_of(std::string name, Json value) {
    Json json = Json::object();
    json.add(std::move(name), std::move(value));
    return json;
}

Json to_sarif(const Diagnostic& finding) {
    Json place = object_of("artifactLocation", object_of("uri", finding.file));
    // A finding about the file as a whole has no region.
    if (finding.where.line > 0) place.add("region", sarif_region(finding.where));
    Json locations = Json::array();
    locations.push(object_of("physicalLocation", std::move(place)));
    std::string message = finding.message;
    if (!finding.expected.empty()) message += "; expected " + finding.expected;
    Json result = Json::object();
    result.add("ruleId", finding.check.empty() ? std::string("error") : finding.check);
    result.add("level", sarif_level(finding.severity));
    result.add("message", object_of("text", std::move(message)));
    result.add("locations", std::move(locations));
    return result;
}

/// SARIF 2.1.0 of OASIS: one run with all findings.
Json to_sarif(const Diagnostics& findings) {
    Json driver = object_of("name", "tocsin");
    driver.add("version", version());
    Json results = Json::array();
    for (const Diagnostic& finding : findings) results.push(to_sarif(finding));
    Json run = object_of("tool", object_of("driver", std::move(driver)));
    run.add("results", std::move(results));
    Json runs = Json::array();
    runs.push(std::move(run));
    Json log = object_of("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    log.add("version", "2.1.0");
    log.add("runs", std::move(runs));
    return log;
}

}  // namespace

void print_findings(const Diagnostics& findings, std::string_view format) {
    if (format == "json") {
        Json list = Json::array();
        for (const Diagnostic& finding : findings) list.push(to_json(finding));
        return print(dump(list, JsonStyle::Pretty) + "\n");
    }
    if (format == "sarif") return print(dump(to_sarif(findings), JsonStyle::Pretty) + "\n");
    if (format == "github") {
        for (const Diagnostic& finding : findings) print(to_github(finding));
        return;
    }
    print_diagnostics(findings);
}

}  // namespace tocsin::cli
