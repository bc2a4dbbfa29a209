#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/scrape/scrape_cache.h"

namespace tocsin {

/// Texts that many targets have in common, each once. They stay as long as the pool does; one that is full takes no new
/// ones.
class TextPool {
public:
    explicit TextPool(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    /// The same text, held by the pool; empty when there is no room for it.
    std::string_view keep(std::string_view text);

private:
    std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::set<std::string, std::less<>> texts_;
};

/// TYPE, HELP and UNIT of the metrics of one target.
class MetadataTable {
public:
    struct Row {
        std::string_view metric, type, help, unit;  // held by the pool
    };

    void take(const MetadataLine& line, TextPool& pool);
    /// By metric.
    const std::vector<Row>& rows() const { return rows_; }

private:
    std::vector<Row> rows_;
};

}  // namespace tocsin
