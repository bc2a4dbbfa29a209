#include "cli/terminal.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include <unistd.h>

#include "base/json.h"
#include "base/text.h"

namespace tocsin::cli {
namespace {

constexpr std::size_t kInputMax = 16 * 1024 * 1024;

}  // namespace

void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}
void print_error(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
}

std::string counted(std::size_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string json_in_lines(const std::string& text) {
    const auto json = parse_json(text);
    return json ? dump(*json, JsonStyle::Pretty) + "\n" : text;
}

std::string read_stdin() {
    std::string text;
    char buffer[65536];
    while (text.size() < kInputMax) {
        const auto count = std::fread(buffer, 1, sizeof buffer, stdin);
        if (count == 0) break;
        text.append(buffer, count);
    }
    return text;
}

void print_diagnostics(const Diagnostics& diagnostics) {
    constexpr std::size_t kBytesAtOnce = 64 * 1024;  // a write for each of thousands of lines takes longer than finding them
    std::string lines;
    for (const Diagnostic& finding : diagnostics) {
        lines += escape_control_characters(to_string(finding));
        if (!finding.hint.empty()) lines += " (" + escape_control_characters(finding.hint) + ")";
        lines += '\n';
        if (lines.size() >= kBytesAtOnce) print_error(std::exchange(lines, {}));
    }
    print_error(lines);
}

bool stderr_is_terminal() {
    return isatty(STDERR_FILENO) != 0;
}

bool stderr_has_colour() {
    const char* term = std::getenv("TERM");
    return stderr_is_terminal() && std::getenv("NO_COLOR") == nullptr && term != nullptr &&
           std::string_view(term) != "dumb";
}

}  // namespace tocsin::cli
