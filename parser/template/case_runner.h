#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace tocsin::templates {

/// What became of one case of a file.
struct TemplateCaseResult {
    std::string id;
    bool passed = false;
    std::string expected;  // the text, or `error: ` and the peer's message
    std::string got;       // likewise
};

/// Runs a file of template cases: `cases` is a list of {id, engine, data, template, expected or error}, where `engine`
/// is `prometheus`, `alertmanager` or `alertmanager-html` and `data` names an entry of `prometheus_data` or
/// `alertmanager_data`. Where an error is expected any failure passes.
///
/// Addresses of memory (`0xc000123456`) that a peer printed differ from run to run; each is equal to any other.
Result<std::vector<TemplateCaseResult>> run_template_cases(const Json& file);

}  // namespace tocsin::templates
