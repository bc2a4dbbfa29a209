#include "rules/text_place.h"

#include <algorithm>

namespace tocsin {
namespace {

std::size_t offset_in(std::string_view text, std::size_t line, std::size_t column) {
    std::size_t at = 0;
    for (std::size_t i = 1; i < line; ++i) {
        const auto end = text.find('\n', at);
        if (end == std::string_view::npos) return text.size();
        at = end + 1;
    }
    return std::min(at + (column > 0 ? column - 1 : 0), text.size());
}

}  // namespace

SourceRange place_of(const YamlNode& scalar, std::size_t begin, std::size_t end) {
    const SourceRange first = scalar.position_of(begin);
    const SourceRange last = scalar.position_of(std::max(begin, end));
    return {first.line, first.column, last.line, last.column};
}

Diagnostic moved_to_file(Diagnostic finding, const YamlNode& scalar, const std::string& file) {
    const SourceRange& at = finding.where;
    finding.file = file;
    finding.where = at.line == 0 ? scalar.where
                                 : place_of(scalar, offset_in(scalar.text, at.line, at.column),
                                            offset_in(scalar.text, at.end_line, at.end_column));
    return finding;
}

}  // namespace tocsin
