#include "engine/functions/function.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "base/sample.h"
#include "engine/eval/range_source.h"
#include "tests/catch.h"

namespace tocsin {
namespace {

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST_CASE("functions are sorted, found by their names, and documented in a sentence", "[engine][functions]") {
    const auto all = all_functions();
    CHECK(std::ranges::is_sorted(all, {}, &FunctionDef::name));
    for (const FunctionDef* function : all) {
        CAPTURE(function->name);
        CHECK(find_function(function->name) == function);
        CHECK(function->summary.size() > 10);
        CHECK(function->summary.ends_with('.'));
    }
    CHECK(find_function("nosuch") == nullptr);
    CHECK(find_function("") == nullptr);
}

TEST_CASE("each file of functions has its lines in the list", "[engine][functions]") {
    const std::filesystem::path folder = std::string(TOCSIN_SOURCE_DIR) + "/engine/functions";
    std::vector<std::string> defined;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".cpp") continue;
        std::istringstream lines(text_of(entry.path()));
        constexpr std::string_view kDefinition = "const FunctionDef ";
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with(kDefinition) && line.ends_with('{')) {
                defined.push_back(line.substr(kDefinition.size(), line.size() - kDefinition.size() - 1));
            }
        }
    }
    std::ranges::sort(defined);
    std::vector<std::string> listed;
    for (const FunctionDef* function : all_functions()) listed.emplace_back(function->name);
    CHECK(defined == listed);
}

// ---- block kernels

struct Samples {
    std::vector<std::vector<double>> rows;
    std::vector<std::int64_t> times_ms;
};

Samples random_samples(std::mt19937& random, std::size_t rows, std::size_t columns) {
    std::uniform_real_distribution<double> step(0, 10);
    std::uniform_int_distribution<int> chance(0, 99);
    Samples samples;
    std::int64_t time_ms = 1'000'000;
    for (std::size_t row = 0; row < rows; ++row) {
        samples.times_ms.push_back(time_ms += 10'000 + chance(random));
        samples.rows.emplace_back(columns);
        for (std::size_t i = 0; i < columns; ++i) {
            double value = (row == 0 ? 100 : samples.rows[row - 1][i]) + (i % 7 == 0 ? 0 : step(random));
            if (chance(random) < 3) value = step(random);
            if (i % 5 == 1 && chance(random) < 10) value = kNormalNan;
            if (i % 11 == 2 && chance(random) < 10) value = std::numeric_limits<double>::infinity();
            if (i % 13 == 3 && chance(random) < 20) value = kAbsentMarker;
            if (i % 17 == 4 && chance(random) < 20) value = kStaleMarker;
            samples.rows.back()[i] = value;
        }
    }
    return samples;
}

bool same(double a, double b) {
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
    return a == b || std::abs(a - b) <= 1e-9 * (std::abs(a) + std::abs(b));
}

TEST_CASE("a block of series gives what each of them gives alone, unless it is told as suspect", "[engine][functions]") {
    std::mt19937 random(42);
    for (const FunctionDef* function : all_functions()) {
        const auto* over = std::get_if<OverRange>(&function->kernel);
        if (over == nullptr || over->block == nullptr) continue;
        CAPTURE(function->name);
        for (const std::size_t rows : {1, 2, 3, 30}) {
            const std::size_t columns = 200;
            const Samples samples = random_samples(random, rows, columns);
            std::vector<const double*> row_pointers;
            for (const auto& row : samples.rows) row_pointers.push_back(row.data());
            const std::int64_t end_ms = samples.times_ms.back() + 4'000;
            const std::int64_t start_ms = samples.times_ms.front() - 13'000;
            const std::vector<double> arguments{120};

            std::vector<double> out(columns), suspect(columns);
            const RangeBlock block{row_pointers, 0, columns, samples.times_ms, start_ms, end_ms, end_ms, arguments};
            const bool computed = over->block(block, out.data(), suspect.data());

            std::vector<double> values, scratch;
            std::vector<std::int64_t> times_ms;
            std::size_t trusted = 0;
            for (std::size_t i = 0; i < columns; ++i) {
                gather({row_pointers, samples.times_ms, 0, columns, 0}, i, values, times_ms);
                if (computed && std::isnan(suspect[i])) continue;
                if (values.empty()) {
                    CHECK_FALSE(computed);
                    continue;
                }
                const auto want =
                    over->kernel({values, times_ms, start_ms, end_ms, end_ms, Extension::None, arguments, &scratch});
                CAPTURE(i, rows);
                REQUIRE(want.has_value() == computed);
                if (!computed) continue;
                ++trusted;
                CHECK(same(*want, out[i]));
            }
            CHECK((trusted > 0) == computed);
        }
    }
}

}  // namespace
}  // namespace tocsin
