#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "rules/rule_file.h"

using namespace tocsin;

namespace {

void check_place(const Diagnostic& finding) {
    TOCSIN_ASSERT(!finding.message.empty());
    TOCSIN_ASSERT(finding.where.line > 0 || finding.where.column == 0);
}

}  // namespace

/// Any text is a rule file or is refused with reasons, and what is accepted is complete.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto file = parse_rule_file(text, "fuzz.yml", {});
    if (!file) {
        TOCSIN_ASSERT(has_errors(file.error()));
        for (const Diagnostic& problem : file.error()) check_place(problem);
        return 0;
    }
    for (const Diagnostic& warning : file->warnings) check_place(warning);
    for (const RuleGroupDefinition& group : file->groups) {
        TOCSIN_ASSERT(!group.name.empty());
        for (const RuleDefinition& rule : group.rules) TOCSIN_ASSERT(!rule.name.empty() && rule.expr != nullptr);
    }
    return 0;
}
