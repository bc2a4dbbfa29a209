#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "engine/scrape/relabel.h"

using namespace tocsin;

namespace {

// Takes pieces off the input, each up to a byte 0xfe or 0x00.
class Pieces {
public:
    explicit Pieces(std::string_view rest) : rest_(rest) {}
    bool empty() const { return rest_.empty(); }
    std::string next() {
        const std::size_t end = std::min(rest_.find_first_of(std::string_view("\xfe\0", 2)), rest_.size());
        std::string piece(rest_.substr(0, end));
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return piece;
    }

private:
    std::string_view rest_;
};

RelabelFields take_fields(Pieces& pieces) {
    RelabelFields fields;
    const std::string head = pieces.next();
    fields.action = static_cast<RelabelAction>((head.empty() ? 0 : static_cast<unsigned char>(head[0])) % 11);
    fields.modulus = head.size() > 1 ? static_cast<unsigned char>(head[1]) : 0;
    for (std::size_t i = 2; i < head.size() && i < 6; ++i) fields.source_labels.push_back(std::string(1, head[i]));
    fields.regex = pieces.next();
    fields.target_label = pieces.next();
    if (std::string replacement = pieces.next(); !replacement.empty()) fields.replacement = replacement;
    return fields;
}

}  // namespace

/// Whatever is accepted as a step leaves a proper label set, does the same to the same labels, and takes only what it
/// may.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Pieces pieces(std::string_view(reinterpret_cast<const char*>(data), size));
    RelabelConfigs configs;
    for (int i = 0; i < 3 && !pieces.empty(); ++i) {
        if (auto config = RelabelConfig::create(take_fields(pieces))) configs.push_back(std::move(*config));
    }
    LabelBuilder labels;
    for (int i = 0; i < 20 && !pieces.empty(); ++i) {
        const std::string name = pieces.next();
        if (!name.empty()) labels.set(name, pieces.next());
    }
    const LabelSet before = labels.build();
    LabelBuilder again(before);
    const bool kept = relabel(labels, configs);
    TOCSIN_ASSERT(kept == relabel(again, configs));
    if (!kept) return 0;
    const LabelSet after = labels.build();
    TOCSIN_ASSERT(after == again.build());
    TOCSIN_ASSERT(std::ranges::is_sorted(labels.labels(), {}, [](const auto& label) { return label.first; }));
    const bool may_rename =
        std::ranges::any_of(configs, [](const RelabelConfig& c) { return c.may_change_metric_name(); });
    TOCSIN_ASSERT(may_rename || after.metric_name() == before.metric_name());
    return 0;
}
