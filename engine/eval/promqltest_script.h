#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "parser/promql_parser.h"

/// The commands of a script in the promqltest language.
namespace tocsin::promqltest {

struct Clear {};

struct Load {
    Duration step{0};
    std::vector<SeriesDescription> series;  // values at 0, step, 2 * step, …
    /// Lines `metric{…}@st …`: when the counter of that sample began, relative to the sample.
    std::vector<SeriesDescription> start_times;
};

enum class Kind { Fail, Info, NoInfo, NoWarn, Ordered, Warn };

struct Expectation {
    Kind kind{};
    std::string message;  // must be the text
    std::string pattern;  // must match somewhere in the text
};

struct Eval {
    std::string id;
    std::size_t line = 0;
    std::string query;
    bool is_range = false;
    Timestamp start{}, end{};  // of an instant eval the same
    Duration step{0};

    std::vector<Expectation> expectations;
    std::optional<std::string> string;
    std::optional<double> scalar;
    std::vector<SeriesDescription> series;
    /// The series are those of a range vector, with values at these times.
    bool is_range_vector = false;
    Timestamp vector_start{};
    Duration vector_step{0};

    bool expects(Kind kind) const;
};

using Command = std::variant<Clear, Load, Eval>;

/// Fails with `line N: what is wrong`.
Result<std::vector<Command>> parse_script(std::string_view text);

}  // namespace tocsin::promqltest
