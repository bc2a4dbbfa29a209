#include "engine/eval/promqltest_script.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/duration.h"
#include "base/text.h"

namespace tocsin::promqltest {
namespace {

struct Line {
    std::size_t number = 0;
    std::string_view text;  // trimmed; empty for a comment
    std::string_view case_id;
};

std::string_view next_word(std::string_view& text) {
    text = trim(text);
    const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
    const std::string_view word = text.substr(0, end);
    text = trim(text.substr(end));
    return word;
}

bool take(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text = trim(text.substr(prefix.size()));
    return true;
}

std::vector<Line> lines_of(std::string_view text) {
    constexpr std::string_view kCase = "# case:";
    std::vector<Line> lines;
    for (const std::string_view raw : split(text, '\n')) {
        Line line{lines.size() + 1, trim(raw), {}};
        if (line.text.starts_with(kCase)) line.case_id = trim(line.text.substr(kCase.size()));
        if (line.text.starts_with('#')) line.text = {};
        lines.push_back(line);
    }
    return lines;
}

tl::unexpected<Error> fail_at(const Line& line, std::string_view what) {
    return fail(Error::Kind::InvalidInput, fmt::format("line {}: {}", line.number, what));
}

Result<Duration> duration_at(const Line& line, std::string_view text) {
    const bool negative = text.starts_with('-');
    const auto duration = parse_duration(negative ? text.substr(1) : text);
    if (!duration) return fail_at(line, duration.error().message);
    return negative ? -*duration : *duration;
}

Result<SeriesDescription> series_at(const Line& line, std::string_view text) {
    auto series = parse_series_description(text);
    if (!series) return fail_at(line, series.error().empty() ? "bad series" : series.error().front().message);
    return std::move(*series);
}

// Reads the lines one after the other; a block ends at an empty line.
class Reader {
public:
    explicit Reader(std::string_view text) : lines_(lines_of(text)) {}

    Result<std::vector<Command>> read() {
        while (at_ < lines_.size()) {
            const Line line = lines_[at_++];
            if (!line.case_id.empty()) case_id_ = line.case_id;
            if (line.text.empty()) continue;
            if (Status status = read_command(line); !status) return tl::unexpected(status.error());
        }
        return std::move(commands_);
    }

private:
    Status read_command(const Line& line) {
        std::string_view rest = line.text;
        const std::string_view command = next_word(rest);
        if (command == "clear") {
            commands_.emplace_back(Clear{});
            return {};
        }
        if (command == "load" || command == "load_with_nhcb") return read_load(line, rest);
        if (command == "eval" || command.starts_with("eval_")) return read_eval(line, command, rest);
        return fail_at(line, fmt::format("invalid command \"{}\"", command));
    }

    Status read_load(const Line& line, std::string_view step) {
        Load load;
        TOCSIN_TRY(load.step, duration_at(line, step));
        for (; at_ < lines_.size() && !lines_[at_].text.empty(); ++at_) {
            std::string text(lines_[at_].text);
            constexpr std::string_view kStartTimes = "@st";
            const std::size_t name_end = text.find('}');
            const std::size_t marker = text.find(kStartTimes, name_end == std::string::npos ? 0 : name_end);
            const bool is_start_times = marker != std::string::npos;
            if (is_start_times) {
                TOCSIN_TRY(const std::string values, in_seconds(lines_[at_], text.substr(marker + kStartTimes.size())));
                text = text.substr(0, marker) + " " + values;
            }
            TOCSIN_TRY(SeriesDescription series, series_at(lines_[at_], text));
            (is_start_times ? load.start_times : load.series).push_back(std::move(series));
        }
        commands_.emplace_back(std::move(load));
        return {};
    }

    // `-30s-1mx2` is three durations; as numbers they are series notation that the parser knows: `-30-60x2`.
    Result<std::string> in_seconds(const Line& line, std::string_view text) {
        std::string out;
        for (std::size_t i = 0; i < text.size();) {
            if (text[i] < '0' || text[i] > '9') {
                out += text[i++];
                continue;
            }
            const bool repeats = i > 0 && text[i - 1] == 'x';
            const std::size_t end = std::min(text.find_first_not_of("0123456789smhdwy", i), text.size());
            if (repeats) {
                out += text.substr(i, end - i);
            } else {
                TOCSIN_TRY(const Duration duration, duration_at(line, text.substr(i, end - i)));
                out += format_value(static_cast<double>(duration.count()) / 1000);
            }
            i = end;
        }
        return out;
    }

    Status read_eval(const Line& line, std::string_view command, std::string_view rest) {
        Eval eval;
        eval.line = line.number;
        eval.id = case_id_.empty() ? fmt::format("line {}", line.number) : std::string(case_id_);
        case_id_ = {};
        if (Status status = read_head(line, command, rest, eval); !status) return status;
        for (; at_ < lines_.size() && !lines_[at_].text.empty(); ++at_) {
            if (Status status = read_expectation(lines_[at_], eval); !status) return status;
        }
        commands_.emplace_back(std::move(eval));
        return {};
    }

    Status read_head(const Line& line, std::string_view command, std::string_view rest, Eval& eval) {
        if (command == "eval_fail") eval.expectations.push_back({Kind::Fail, {}, {}});
        if (command == "eval_ordered") eval.expectations.push_back({Kind::Ordered, {}, {}});
        if (command == "eval_warn") eval.expectations.push_back({Kind::Warn, {}, {}});
        if (command == "eval_info") eval.expectations.push_back({Kind::Info, {}, {}});
        if (take(rest, "instant at ")) {
            TOCSIN_TRY(const Duration at, duration_at(line, next_word(rest)));
            eval.start = eval.end = Timestamp{at};
        } else if (take(rest, "range from ")) {
            eval.is_range = true;
            TOCSIN_TRY(const Duration start, duration_at(line, next_word(rest)));
            if (!take(rest, "to ")) return fail_at(line, "expected `to` after the start of the range");
            TOCSIN_TRY(const Duration end, duration_at(line, next_word(rest)));
            if (!take(rest, "step ")) return fail_at(line, "expected `step` after the end of the range");
            TOCSIN_TRY(eval.step, duration_at(line, next_word(rest)));
            eval.start = Timestamp{start};
            eval.end = Timestamp{end};
        } else {
            return fail_at(line, "expected `instant at TIME QUERY` or `range from TIME to TIME step DURATION QUERY`");
        }
        eval.query = rest;
        return {};
    }

    Status read_expectation(const Line& line, Eval& eval) {
        std::string_view rest = line.text;
        if (take(rest, "expected_fail_message ")) return add_fail(eval, std::string(rest), {});
        if (take(rest, "expected_fail_regexp ")) return add_fail(eval, {}, std::string(rest));
        if (take(rest, "expect ")) return read_expect(line, rest, eval);
        if (const auto number = parse_float(line.text)) {
            eval.scalar = *number;
            return {};
        }
        TOCSIN_TRY(SeriesDescription series, series_at(line, line.text));
        eval.series.push_back(std::move(series));
        return {};
    }

    static Status add_fail(Eval& eval, std::string message, std::string pattern) {
        eval.expectations.push_back({Kind::Fail, std::move(message), std::move(pattern)});
        return {};
    }

    Status read_expect(const Line& line, std::string_view rest, Eval& eval) {
        if (take(rest, "range vector from ")) return read_range_vector(line, rest, eval);
        const std::string_view what = next_word(rest);
        if (what == "string") return read_string(line, rest, eval);
        static constexpr std::pair<std::string_view, Kind> kKinds[] = {
            {"fail", Kind::Fail},        {"info", Kind::Info},       {"no_info", Kind::NoInfo},
            {"no_warn", Kind::NoWarn},   {"ordered", Kind::Ordered}, {"warn", Kind::Warn},
        };
        const auto kind = std::ranges::find(kKinds, what, &std::pair<std::string_view, Kind>::first);
        if (kind == std::end(kKinds)) return fail_at(line, fmt::format("unknown expectation \"{}\"", what));
        Expectation expectation{kind->second, {}, {}};
        if (take(rest, "msg:")) {
            expectation.message = rest;
        } else if (take(rest, "regex:")) {
            expectation.pattern = rest;
        } else if (!rest.empty()) {
            return fail_at(line, "expected `msg:` or `regex:`");
        }
        eval.expectations.push_back(std::move(expectation));
        return {};
    }

    Status read_range_vector(const Line& line, std::string_view rest, Eval& eval) {
        eval.is_range_vector = true;
        TOCSIN_TRY(const Duration start, duration_at(line, next_word(rest)));
        if (!take(rest, "to ")) return fail_at(line, "expected `to`");
        next_word(rest);  // the number of values says it too
        if (!take(rest, "step ")) return fail_at(line, "expected `step`");
        TOCSIN_TRY(eval.vector_step, duration_at(line, rest));
        eval.vector_start = Timestamp{start};
        return {};
    }

    static Status read_string(const Line& line, std::string_view quoted, Eval& eval) {
        const auto expr = parse_promql(quoted);
        const auto* literal = expr ? (*expr)->as<StringLiteral>() : nullptr;
        if (literal == nullptr) return fail_at(line, "expected a quoted string");
        eval.string = literal->value;
        return {};
    }

    std::vector<Line> lines_;
    std::size_t at_ = 0;
    std::string_view case_id_;
    std::vector<Command> commands_;
};

}  // namespace

bool Eval::expects(Kind kind) const {
    return std::ranges::find(expectations, kind, &Expectation::kind) != expectations.end();
}

Result<std::vector<Command>> parse_script(std::string_view text) { return Reader(text).read(); }

}  // namespace tocsin::promqltest
