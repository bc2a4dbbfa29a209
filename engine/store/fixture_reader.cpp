#include "engine/store/fixture_reader.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/sample.h"

namespace tocsin {
namespace {

LabelSet scrape_target_of(const LabelSet& labels) {
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

Status FixtureReader::take(std::size_t series, std::int64_t time_ms, double value) {
    if (series >= series_.size()) series_.resize(series + 1);
    if (!went_back_ && !series_[series].samples.empty()) note_if_back(series, time_ms);
    series_[series].samples.emplace_back(time_ms, value);
    series_[series].line = text_.line();
    if (++cells_ <= limits_.cells) return {};
    return fail(Error::Kind::LimitExceeded, fmt::format("{}: more than {} samples", path_, limits_.cells));
}

// A clock that was set, or recordings that were put one behind the other in the wrong order.
void FixtureReader::note_if_back(std::size_t series, std::int64_t time_ms) {
    const std::int64_t before = series_[series].samples.back().first;
    if (time_ms >= before) return;
    went_back_ =
        fmt::format("{}:{}: {} goes back in time, from {} to {}", path_, text_.line(), to_string(labels_of(series)),
                    to_rfc3339_ms(from_unix_ms(before)), to_rfc3339_ms(from_unix_ms(time_ms)));
}

Result<std::vector<Fixture::Table>> FixtureReader::finish() {
    if (Status status = text_.finish(); !status) return tl::unexpected(status.error());
    return tables();
}

Result<std::vector<Fixture::Table>> FixtureReader::tables() {
    std::map<LabelSet, std::vector<std::int64_t>> scrapes;  // of each target
    for (std::size_t i = 0; i < series_.size(); ++i) {
        Series& series = series_[i];
        std::ranges::stable_sort(series.samples, {}, &std::pair<std::int64_t, double>::first);
        const auto twice = std::ranges::adjacent_find(series.samples, {}, &std::pair<std::int64_t, double>::first);
        if (twice != series.samples.end()) {
            auto problem = text_.fail_at(
                series.line, fmt::format("{} has two samples at {} ms", to_string(labels_of(i)), twice->first));
            if (went_back_) problem.value().message += "; " + *went_back_;
            return problem;
        }
        if (labels_of(i).metric_name() == "up") scrapes[scrape_target_of(labels_of(i))] = times_of(series.samples);
    }
    std::map<LabelSet, std::vector<std::size_t>> scraped;
    std::map<std::vector<std::int64_t>, std::vector<std::size_t>> others;
    for (std::size_t i = 0; i < series_.size(); ++i) {
        LabelSet target = scrape_target_of(labels_of(i));
        std::vector<std::int64_t> times = times_of(series_[i].samples);
        const auto known = scrapes.find(target);
        const bool fits = known != scrapes.end() && std::ranges::includes(known->second, times);
        (fits ? scraped[std::move(target)] : others[std::move(times)]).push_back(i);
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

Status FixtureReader::add_table(const std::vector<std::size_t>& series, std::vector<std::int64_t> times,
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
        table.series.push_back(labels_of(series[column]));
        for (const auto& [time_ms, value] : series_[series[column]].samples) {
            const auto row = static_cast<std::size_t>(std::ranges::lower_bound(times, time_ms) - times.begin());
            table.cells[row * series.size() + column] = value;
        }
    }
    if (are_scrapes) mark_stale(table);
    tables.push_back(std::move(table));
    return {};
}

}  // namespace tocsin
