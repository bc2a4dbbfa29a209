#include "base/diagnostic_order.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tocsin {

void sort_by_place(Diagnostics& findings) {
    std::map<std::string, Diagnostics> by_file;
    std::vector<std::string> files;
    for (Diagnostic& finding : findings) {
        Diagnostics& of_file = by_file[finding.file];
        if (of_file.empty()) files.push_back(finding.file);
        of_file.push_back(std::move(finding));
    }
    findings.clear();
    for (const std::string& file : files) {
        Diagnostics& of_file = by_file[file];
        std::ranges::stable_sort(
            of_file, {}, [](const Diagnostic& finding) { return std::pair(finding.where.line, finding.where.column); });
        findings.insert(findings.end(), std::move_iterator(of_file.begin()), std::move_iterator(of_file.end()));
    }
}

}  // namespace tocsin
