#include "engine/store/anonymiser.h"

#include <utility>

#include "base/digest.h"

namespace tocsin {
namespace {

// Enough that no two of a million values have the same.
constexpr std::size_t kAnonymousDigits = 12;

}  // namespace

LabelSet Anonymiser::apply(const LabelSet& labels) const {
    LabelBuilder builder(labels);
    for (const std::string& name : labels_) {
        const std::string_view value = labels.get(name);
        if (!value.empty()) builder.set(name, name + "-" + digest_of(value));
    }
    return builder.build();
}

std::string Anonymiser::digest_of(std::string_view value) const {
    if (const auto known = known_.find(value); known != known_.end()) return known->second;
    std::string digest = sha256_hex(key_ + '\xff' + std::string(value)).substr(0, kAnonymousDigits);
    known_.emplace(value, digest);
    return digest;
}

}  // namespace tocsin
