#include "engine/store/fixture_text.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace tocsin {
namespace {

// Enough lines at a time that reading one piece after the other costs nothing.
constexpr std::size_t kTextAtATime = 256 * 1024;
constexpr std::string_view kEnd = "# EOF";
constexpr std::string_view kType = "# TYPE ";

// Looks for the one character that samples hardly have, since it goes over all of them.
std::string_view last_line_with(std::string_view prefix, std::string_view lines) {
    for (std::size_t end = lines.size(); end > 0;) {
        const auto* const mark = static_cast<const char*>(memrchr(lines.data(), prefix.front(), end));
        if (mark == nullptr) break;
        const auto at = static_cast<std::size_t>(mark - lines.data());
        if ((at == 0 || lines[at - 1] == '\n') && lines.substr(at).starts_with(prefix)) {
            return lines.substr(at, lines.find('\n', at) - at);
        }
        end = at;
    }
    return {};
}

std::size_t count_lines(std::string_view text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

std::string long_fixture_line(const std::string& path, std::size_t line, std::size_t bytes_max) {
    return fmt::format("{}:{}: a line of more than {} bytes", path, line, bytes_max);
}

tl::unexpected<Error> FixtureText::fail_at(std::size_t line, std::string_view what) const {
    return fail(Error::Kind::InvalidInput, fmt::format("{}:{}: {}", path_, line, what));
}

std::size_t FixtureText::line() const {
    line_ += count_lines(std::string_view(body_).substr(line_is_at_, entry_at_ - line_is_at_));
    line_is_at_ = entry_at_;
    return line_;
}

Status FixtureText::put(std::string_view bytes) {
    const Status status = unpacker_.put(bytes, [this](std::string_view text) { return put_text(text); });
    if (status || is_refused_) return status;
    return fail_with_context(path_, status.error());
}

Status FixtureText::finish_unpacking() {
    const Status status = unpacker_.finish([this](std::string_view text) { return put_text(text); });
    if (status || is_refused_) return status;
    if (on_cut_off_ == CutOff::IsEnd) return {};
    return fail_with_context(path_, status.error());
}

Status FixtureText::put_text(std::string_view text) {
    bytes_read_ += text.size();
    if (bytes_read_ > limits_.bytes) {
        is_refused_ = true;
        return fail(Error::Kind::LimitExceeded, fmt::format("{}: more than {} bytes of text", path_, limits_.bytes));
    }
    waiting_ += text;
    if (waiting_.size() < kTextAtATime) return {};
    const std::string lines = waiting_.substr(0, waiting_.rfind('\n') + 1);
    waiting_.erase(0, lines.size());
    Status status = lines.empty() ? Status{} : read_lines(lines);
    if (status && waiting_.size() > limits_.line_bytes) status = refuse_line();
    is_refused_ = !status;
    return status;
}

tl::unexpected<Error> FixtureText::refuse_line() const {
    return fail(Error::Kind::LimitExceeded, long_fixture_line(path_, lines_read_ + 1, limits_.line_bytes));
}

Status FixtureText::finish() {
    if (Status status = finish_unpacking(); !status) return status;
    std::string rest = std::exchange(waiting_, {});
    const std::size_t last_line = rest.rfind('\n') + 1;
    const bool ends_well = std::string_view(rest).substr(last_line) == kEnd || last_line == rest.size();
    // Of a line without its end nobody knows what is missing.
    if (!ends_well && on_cut_off_ == CutOff::IsEnd) rest.resize(last_line);
    if (!rest.empty()) {
        if (Status status = read_lines(rest); !status) return status;
    }
    if (is_over_) return {};
    const auto problem = fail_at(lines_read_ + 1, "data does not end with # EOF");
    if (on_cut_off_ == CutOff::IsError) return problem;
    cut_off_ = problem.value().message;
    return {};
}

// Each piece is a document of its own to the parser: with the TYPE that is in force in front, and an end.
Status FixtureText::read_lines(std::string_view lines) {
    if (is_over_) return fail_at(lines_read_ + 1, "unexpected data after # EOF");
    is_over_ = last_line_with(kEnd, lines) == kEnd;
    body_ = fmt::format("{}{}{}", type_line_, lines, is_over_ ? "" : "# EOF\n");
    const std::size_t own_lines = type_line_.empty() ? 0 : 1;
    line_is_at_ = entry_at_ = type_line_.size();
    line_ = lines_read_ + 1;

    ExpositionParser parser(body_, ExpositionFormat::OpenMetrics);
    for (;;) {
        std::optional<std::size_t> expected;
        const auto entry = next_entry(parser, expected);
        if (entry == ExpositionParser::Entry::End) break;
        if (entry == ExpositionParser::Entry::Error) {
            return fail_at(lines_read_ + parser.error_line() - own_lines, parser.error());
        }
        if (entry != ExpositionParser::Entry::Sample) continue;
        entry_at_ = parser.entry_begin();
        if (Status status = take(parser, expected); !status) return status;
    }
    if (const auto type = last_line_with(kType, lines); !type.empty()) type_line_ = std::string(type) + "\n";
    lines_read_ += count_lines(lines);
    return {};
}

// The line that came after the last one before, or the same series again; `expected` is left empty for any other.
ExpositionParser::Entry FixtureText::next_entry(ExpositionParser& parser, std::optional<std::size_t>& expected) {
    if (last_spelling_ && parser.between_lines()) {
        const std::size_t next = spellings_[*last_spelling_].next;
        if (is_next(parser, next)) {
            expected = next;
        } else if (is_next(parser, *last_spelling_)) {
            expected = *last_spelling_;
        }
    }
    return expected ? parser.resume(spellings_[*expected].prefix.size()) : parser.next();
}

bool FixtureText::is_next(const ExpositionParser& parser, std::size_t spelling) const {
    const Spelling& known = spellings_[spelling];
    const std::string_view rest = std::string_view(body_).substr(parser.position());
    return rest.size() > known.prefix.size() && rest[known.prefix.size()] == ' ' && rest.starts_with(known.prefix) &&
           known.rules == parser.label_rules();
}

Status FixtureText::take(ExpositionParser& parser, std::optional<std::size_t> expected) {
    if (!parser.has_timestamp()) {
        return fail_at(line(), "a sample without a timestamp; those of a fixture have one each");
    }
    if (!expected) {
        TOCSIN_TRY(expected, spelling_of(parser));
    }
    if (last_spelling_) spellings_[*last_spelling_].next = *expected;
    last_spelling_ = expected;
    return sink_.take(spellings_[*expected].series, parser.timestamp_ms(), parser.value());
}

Result<std::size_t> FixtureText::spelling_of(ExpositionParser& parser) {
    std::string key(1, static_cast<char>('0' + static_cast<int>(parser.label_rules())));
    key += parser.prefix();
    if (const auto known = by_prefix_.find(key); known != by_prefix_.end()) return known->second;
    TOCSIN_TRY(const std::size_t series, series_of(parser));
    const std::size_t spelling = spellings_.size();
    spellings_.push_back({std::string(parser.prefix()), parser.label_rules(), series, spelling});
    by_prefix_.emplace(std::move(key), spelling);
    return spelling;
}

Result<std::size_t> FixtureText::series_of(ExpositionParser& parser) {
    const std::vector<Label>& labels = parser.labels();
    const auto twice = std::ranges::adjacent_find(labels, {}, &Label::name);
    if (twice != labels.end()) return fail_at(line(), fmt::format("label {} is there twice", twice->name));
    LabelBuilder builder;
    for (const Label& label : labels) builder.set(label.name, label.value);
    LabelSet set = builder.build();
    const auto [place, is_new] = by_labels_.try_emplace(set, series_.size());
    if (!is_new) return place->second;
    if (series_.size() == limits_.series) {
        return fail(Error::Kind::LimitExceeded, fmt::format("{}: more than {} series", path_, limits_.series));
    }
    series_.push_back(std::move(set));
    return place->second;
}

}  // namespace tocsin
