#include "tests/scenario/scenario.h"

#include "base/text.h"

namespace tocsin::tests {
namespace {

constexpr std::size_t kIndentation = 4;

bool is_indented(std::string_view line) {
    return line.starts_with(std::string(kIndentation, ' '));
}
bool is_blank(std::string_view line) {
    return trim(line).empty();
}

void drop_blank_end(std::vector<Scenario::Line>& body) {
    while (!body.empty() && is_blank(body.back().text)) body.pop_back();
}

Scenario::Block command_of(std::string_view line, std::size_t number) {
    const std::size_t end = std::min(line.find(' '), line.size());
    return {number, std::string(line.substr(0, end)), std::string(trim(line.substr(end))), {}};
}

}  // namespace

Parsed<Scenario> read_scenario(std::string_view text, std::string_view file) {
    Scenario scenario;
    Diagnostics problems;
    std::size_t number = 0;
    for (const std::string_view line : split(text, '\n')) {
        ++number;
        if (line.starts_with('#')) continue;
        if (is_indented(line) || is_blank(line)) {
            const bool belongs = !scenario.blocks.empty();
            if (belongs) {
                const std::string_view rest = is_blank(line) ? "" : line.substr(kIndentation);
                scenario.blocks.back().body.push_back({number, std::string(rest)});
            } else if (!is_blank(line)) {
                problems.push_back({.file = std::string(file),
                                    .where = {number, 1, number, 1},
                                    .message = "this line belongs to no command"});
            }
            continue;
        }
        if (!scenario.blocks.empty()) drop_blank_end(scenario.blocks.back().body);
        scenario.blocks.push_back(command_of(line, number));
    }
    if (!scenario.blocks.empty()) drop_blank_end(scenario.blocks.back().body);
    if (!problems.empty()) return tl::unexpected(std::move(problems));
    return scenario;
}

std::string with_body(std::string_view text, std::size_t line, const std::vector<std::string>& body) {
    std::string out;
    std::size_t number = 0;
    bool inside = false;
    const auto lines = split(text, '\n');
    for (const std::string_view old : lines) {
        ++number;
        if (inside && (is_indented(old))) continue;
        inside = number == line;
        out.append(old).append(number < lines.size() ? "\n" : "");
        if (!inside) continue;
        for (const std::string& fresh : body) out.append(kIndentation, ' ').append(fresh).append("\n");
    }
    return out;
}

}  // namespace tocsin::tests
