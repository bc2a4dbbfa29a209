#include "engine/scrape/metadata_table.h"

#include <algorithm>

namespace tocsin {

std::string_view TextPool::keep(std::string_view text) {
    const auto it = texts_.find(text);
    if (it != texts_.end()) return *it;
    if (bytes_ + text.size() > bytes_max_) return {};
    bytes_ += text.size();
    return *texts_.emplace(text).first;
}

void MetadataTable::take(const MetadataLine& line, TextPool& pool) {
    auto it = std::ranges::lower_bound(rows_, std::string_view(line.metric), {}, &Row::metric);
    if (it == rows_.end() || it->metric != line.metric) {
        const std::string_view metric = pool.keep(line.metric);
        if (metric.empty()) return;
        it = rows_.insert(it, Row{metric, {}, {}, {}});
    }
    switch (line.field) {
        case MetadataLine::Field::Type:
            it->type = pool.keep(line.text);
            break;
        case MetadataLine::Field::Help:
            it->help = pool.keep(line.text);
            break;
        case MetadataLine::Field::Unit:
            it->unit = pool.keep(line.text);
            break;
    }
}

}  // namespace tocsin
