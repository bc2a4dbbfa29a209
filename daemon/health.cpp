#include "daemon/health.h"

#include <algorithm>

namespace tocsin {

void Health::add(std::string name, bool matters, Check check) {
    parts_.push_back({std::move(name), matters});
    checks_.push_back(std::move(check));
}

void Health::start() { look_again(); }

void Health::look() {
    for (std::size_t i = 0; i < parts_.size(); ++i) parts_[i].ok = checks_[i]();
}

void Health::look_again() {
    look();
    timer_ = scheduler_.after(interval_, [this] { look_again(); });
}

bool Health::ready() const {
    return std::all_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.ok || !part.matters; });
}

}  // namespace tocsin
