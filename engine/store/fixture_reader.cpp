#include "engine/store/fixture_reader.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/sample.h"

namespace tocsin {
namespace {

// Enough lines at a time that reading one piece after the other costs nothing.
constexpr std::size_t kPieceBytes = 1024 * 1024;
constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr std::string_view kEnd = "# EOF";
constexpr std::string_view kType = "# TYPE ";

std::string_view last_line_with(std::string_view prefix, std::string_view lines) {
    std::size_t at = lines.rfind(prefix);
    while (at != std::string_view::npos && at > 0 && lines[at - 1] != '\n') at = lines.rfind(prefix, at - 1);
    if (at == std::string_view::npos) return {};
    return lines.substr(at, lines.find('\n', at) - at);
}

LabelSet target_of(const LabelSet& labels) {
    static const std::vector<std::string> names{"instance", "job"};
    return labels.only(names);
}

std::vector<std::int64_t> times_of(const std::vector<std::pair<std::int64_t, double>>& samples) {
    std::vector<std::int64_t> times;
    times.reserve(samples.size());
    for (const auto& [time_ms, value] : samples) times.push_back(time_ms);
    return times;
}

// A series that has no sample at a scrape has ended there.
void mark_stale(Fixture::Table& table) {
    const std::size_t width = table.series.size();
    for (std::size_t cell = width; cell < table.cells.size(); ++cell) {
        if (is_absent(table.cells[cell]) && !is_missing(table.cells[cell - width])) table.cells[cell] = kStaleMarker;
    }
}

}  // namespace

tl::unexpected<Error> FixtureReader::fail_at(std::size_t line, std::string_view what) const {
    return fail(Error::Kind::InvalidInput, fmt::format("{}:{}: {}", path_, line, what));
}

Status FixtureReader::put(std::string_view bytes) {
    if (!is_known_) {
        begin_ += bytes;
        if (begin_.size() < kGzipMagic.size()) return {};
        is_known_ = true;
        is_gzip_ = begin_.starts_with(kGzipMagic);
        const std::string begin = std::exchange(begin_, {});
        return put(begin);
    }
    if (!is_gzip_) return put_text(bytes);
    Status text_status;
    const Status status = gunzip_.put(bytes, [&](std::string_view text) {
        text_status = put_text(text);
        return text_status.has_value();
    });
    if (!text_status) return text_status;
    if (!status) return fail_with_context(path_, status.error());
    return {};
}

Status FixtureReader::put_text(std::string_view text) {
    bytes_read_ += text.size();
    if (bytes_read_ > limits_.bytes) {
        return fail(Error::Kind::LimitExceeded, fmt::format("{}: more than {} bytes of text", path_, limits_.bytes));
    }
    waiting_ += text;
    if (waiting_.size() < kPieceBytes) return {};
    const std::size_t end = waiting_.rfind('\n');
    if (end == std::string::npos) return {};
    const std::string lines = waiting_.substr(0, end + 1);
    waiting_.erase(0, end + 1);
    return read_lines(lines);
}

// Each piece is a document of its own to the parser: with the TYPE that is in force in front, and an end.
Status FixtureReader::read_lines(std::string_view lines) {
    if (is_over_) return fail_at(lines_read_ + 1, "unexpected data after # EOF");
    is_over_ = last_line_with(kEnd, lines) == kEnd;
    const std::string body = fmt::format("{}{}{}", type_line_, lines, is_over_ ? "" : "# EOF\n");
    const std::size_t own_lines = type_line_.empty() ? 0 : 1;
    const auto line_in_file = [&](std::size_t line) { return lines_read_ + line - own_lines; };

    ExpositionParser parser(body, ExpositionFormat::OpenMetrics);
    std::size_t line = 1, counted_to = 0;
    for (auto entry = parser.next(); entry != ExpositionParser::Entry::End; entry = parser.next()) {
        if (entry == ExpositionParser::Entry::Error) return fail_at(line_in_file(parser.error_line()), parser.error());
        if (entry != ExpositionParser::Entry::Sample) continue;
        const auto begin = body.begin() + static_cast<std::ptrdiff_t>(counted_to);
        counted_to = parser.entry_begin();
        line +=
            static_cast<std::size_t>(std::count(begin, body.begin() + static_cast<std::ptrdiff_t>(counted_to), '\n'));
        if (Status status = take(parser, line_in_file(line)); !status) return status;
    }
    if (const auto type = last_line_with(kType, lines); !type.empty()) type_line_ = std::string(type) + "\n";
    lines_read_ += static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
    return {};
}

Status FixtureReader::take(ExpositionParser& parser, std::size_t line) {
    if (!parser.has_timestamp()) return fail_at(line, "a sample without a timestamp; those of a fixture have one each");
    TOCSIN_TRY(Series* const series, series_of(parser, line));
    series->samples.emplace_back(parser.timestamp_ms(), parser.value());
    series->line = line;
    if (++cells_ <= limits_.cells) return {};
    return fail(Error::Kind::LimitExceeded, fmt::format("{}: more than {} samples", path_, limits_.cells));
}

Result<FixtureReader::Series*> FixtureReader::series_of(ExpositionParser& parser, std::size_t line) {
    std::string prefix(1, static_cast<char>('0' + static_cast<int>(parser.label_rules())));
    prefix += parser.prefix();
    if (const auto known = by_prefix_.find(prefix); known != by_prefix_.end()) return &series_[known->second];
    const std::vector<Label>& labels = parser.labels();
    const auto twice = std::ranges::adjacent_find(labels, {}, &Label::name);
    if (twice != labels.end()) return fail_at(line, fmt::format("label {} is there twice", twice->name));
    LabelBuilder builder;
    for (const Label& label : labels) builder.set(label.name, label.value);
    LabelSet set = builder.build();
    const auto [place, is_new] = by_labels_.try_emplace(set, series_.size());
    if (is_new) {
        if (series_.size() == limits_.series) {
            return fail(Error::Kind::LimitExceeded, fmt::format("{}: more than {} series", path_, limits_.series));
        }
        series_.push_back({std::move(set), {}, line});
    }
    by_prefix_.emplace(std::move(prefix), place->second);
    return &series_[place->second];
}

Result<std::vector<Fixture::Table>> FixtureReader::finish() {
    if (!is_known_) {
        is_known_ = true;
        const std::string begin = std::exchange(begin_, {});
        if (Status status = put_text(begin); !status) return tl::unexpected(status.error());
    }
    if (is_gzip_) {
        if (Status status = gunzip_.finish(); !status) return fail_with_context(path_, status.error());
    }
    const std::string rest = std::exchange(waiting_, {});
    if (!rest.empty()) {
        if (Status status = read_lines(rest); !status) return tl::unexpected(status.error());
    }
    if (!is_over_) return fail_at(lines_read_ + 1, "data does not end with # EOF");
    return tables();
}

Result<std::vector<Fixture::Table>> FixtureReader::tables() {
    std::map<LabelSet, std::vector<std::int64_t>> scrapes;  // of each target
    for (Series& series : series_) {
        std::ranges::stable_sort(series.samples, {}, &std::pair<std::int64_t, double>::first);
        const auto twice = std::ranges::adjacent_find(series.samples, {}, &std::pair<std::int64_t, double>::first);
        if (twice != series.samples.end()) {
            return fail_at(series.line,
                           fmt::format("{} has two samples at {} ms", to_string(series.labels), twice->first));
        }
        if (series.labels.metric_name() == "up") scrapes[target_of(series.labels)] = times_of(series.samples);
    }
    std::map<LabelSet, std::vector<const Series*>> scraped;
    std::map<std::vector<std::int64_t>, std::vector<const Series*>> others;
    for (const Series& series : series_) {
        LabelSet target = target_of(series.labels);
        std::vector<std::int64_t> times = times_of(series.samples);
        const auto known = scrapes.find(target);
        const bool fits = known != scrapes.end() && std::ranges::includes(known->second, times);
        (fits ? scraped[std::move(target)] : others[std::move(times)]).push_back(&series);
    }
    std::vector<Fixture::Table> tables;
    cells_ = 0;
    for (const auto& [target, series] : scraped) {
        if (Status status = add_table(series, scrapes[target], true, tables); !status)
            return tl::unexpected(status.error());
    }
    for (const auto& [times, series] : others) {
        if (Status status = add_table(series, times, false, tables); !status) return tl::unexpected(status.error());
    }
    return tables;
}

Status FixtureReader::add_table(const std::vector<const Series*>& series, std::vector<std::int64_t> times,
                                bool are_scrapes, std::vector<Fixture::Table>& tables) {
    cells_ += series.size() * times.size();
    if (cells_ > limits_.cells) {
        return fail(Error::Kind::LimitExceeded,
                    fmt::format("{}: more than {} cells in its tables", path_, limits_.cells));
    }
    Fixture::Table table;
    table.cells.assign(series.size() * times.size(), kAbsentMarker);
    for (const std::int64_t time_ms : times) table.times.push_back(from_unix_ms(time_ms));
    for (std::size_t column = 0; column < series.size(); ++column) {
        table.series.push_back(series[column]->labels);
        for (const auto& [time_ms, value] : series[column]->samples) {
            const auto row = static_cast<std::size_t>(std::ranges::lower_bound(times, time_ms) - times.begin());
            table.cells[row * series.size() + column] = value;
        }
    }
    if (are_scrapes) mark_stale(table);
    tables.push_back(std::move(table));
    return {};
}

}  // namespace tocsin
