#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/store/fixture.h"
#include "engine/store/fixture_text.h"

namespace tocsin {

/// Takes the bytes of a fixture as they come and makes tables of them.
class FixtureReader : private FixtureSink {
public:
    FixtureReader(const std::string& path, const Fixture::Limits& limits, FixtureText::CutOff on_cut_off)
        : path_(path), limits_(limits), text_(path, limits, *this, on_cut_off) {}

    Status put(std::string_view bytes) { return text_.put(bytes); }
    /// No more comes.
    Result<std::vector<Fixture::Table>> finish();
    /// As FixtureText has it.
    const std::optional<std::string>& cut_off() const { return text_.cut_off(); }
    /// Where a series goes back in time first: `path:line: …`.
    const std::optional<std::string>& went_back() const { return went_back_; }

private:
    struct Series {
        std::vector<std::pair<std::int64_t, double>> samples;  // by milliseconds
        std::size_t line = 0;                                  // of the last one
    };

    Status take(std::size_t series, std::int64_t time_ms, double value) override;
    void note_if_back(std::size_t series, std::int64_t time_ms);
    const LabelSet& labels_of(std::size_t series) const { return text_.series()[series]; }
    Result<std::vector<Fixture::Table>> tables();
    Status add_table(const std::vector<std::size_t>& series, std::vector<std::int64_t> times, bool are_scrapes,
                     std::vector<Fixture::Table>& tables);

    std::string path_;
    Fixture::Limits limits_;
    FixtureText text_;
    std::optional<std::string> went_back_;
    std::vector<Series> series_;
    std::size_t cells_ = 0;
};

}  // namespace tocsin
