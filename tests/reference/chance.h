#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace tocsin::reference {

/// Numbers from a seed, the same ones on every machine (the distributions of the standard library are not).
class Chance {
public:
    explicit Chance(std::uint64_t seed) : engine_(seed) {}

    /// 0 to below - 1.
    std::size_t below(std::size_t limit) { return static_cast<std::size_t>(engine_() % limit); }
    bool one_in(std::size_t n) { return below(n) == 0; }
    const std::string& any_of(const std::vector<std::string>& choices) { return choices[below(choices.size())]; }

private:
    std::mt19937_64 engine_;
};

}  // namespace tocsin::reference
