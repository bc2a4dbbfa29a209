#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/gunzip_stream.h"
#include "base/result.h"
#include "engine/store/fixture.h"
#include "parser/exposition.h"

namespace tocsin {

/// Takes the bytes of a fixture as they come and makes tables of them.
class FixtureReader {
public:
    FixtureReader(std::string path, const Fixture::Limits& limits) : path_(std::move(path)), limits_(limits) {}

    /// Whether it is gzip is seen from the first bytes.
    Status put(std::string_view bytes);
    /// No more comes.
    Result<std::vector<Fixture::Table>> finish();

private:
    struct Series {
        LabelSet labels;
        std::vector<std::pair<std::int64_t, double>> samples;  // by milliseconds
        std::size_t line = 0;                                  // of the last one
    };

    Status put_text(std::string_view text);
    Status read_lines(std::string_view lines);
    Status take(ExpositionParser& parser, std::size_t line);
    Result<Series*> series_of(ExpositionParser& parser, std::size_t line);
    tl::unexpected<Error> fail_at(std::size_t line, std::string_view what) const;

    Result<std::vector<Fixture::Table>> tables();
    Status add_table(const std::vector<const Series*>& series, std::vector<std::int64_t> times, bool are_scrapes,
                     std::vector<Fixture::Table>& tables);

    std::string path_;
    Fixture::Limits limits_;
    std::string begin_;  // the first bytes, until it is known what they are
    bool is_known_ = false;
    bool is_gzip_ = false;
    GunzipStream gunzip_;
    std::string waiting_;    // text that is not read yet
    std::string type_line_;  // the TYPE that holds for what comes
    std::size_t lines_read_ = 0;
    std::uint64_t bytes_read_ = 0;
    bool is_over_ = false;  // `# EOF` was there

    std::unordered_map<std::string, std::size_t> by_prefix_;  // as written, behind the rules for its labels
    std::map<LabelSet, std::size_t> by_labels_;
    std::vector<Series> series_;
    std::size_t cells_ = 0;
};

}  // namespace tocsin
