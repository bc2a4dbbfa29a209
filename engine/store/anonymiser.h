#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"

namespace tocsin {

/// Replaces the values of some labels by names that say nothing: the same value by the same one under every label
/// (`instance-3f9a2c1d07be`, `node-3f9a2c1d07be`), so that what belonged together still does. Without the key nobody
/// can find out by trying what a value was.
class Anonymiser {
public:
    Anonymiser(std::vector<std::string> labels, std::string key) : labels_(std::move(labels)), key_(std::move(key)) {}

    LabelSet apply(const LabelSet& labels) const;
    const std::vector<std::string>& labels() const { return labels_; }

private:
    std::string digest_of(std::string_view value) const;

    std::vector<std::string> labels_;
    std::string key_;
    mutable std::map<std::string, std::string, std::less<>> known_;
};

}  // namespace tocsin
