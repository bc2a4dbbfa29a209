#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "parser/ast.h"

/// The functions of PromQL: signature, kernel and documentation of each in one object. Binder, evaluator, documentation and completion
/// read this one table. A new function is one file (or one object in the file of its family) and one line in functions.def.
///
/// Kernels see numbers only; labels are the evaluator's affair. They are pure and may run on any thread.
namespace tocsin {

/// The samples of one series in a range, oldest first: at least one, and none of them missing.
struct RangeWindow {
    std::span<const double> values;
    std::span<const std::int64_t> times_ms;
    std::int64_t start_ms = 0;  // the range is (start, end]; an anchored or smoothed one has samples outside
    std::int64_t end_ms = 0;
    std::int64_t at_ms = 0;  // the evaluation's own time: differs from the end by offset and @
    Extension extension = Extension::None;
    std::span<const double> arguments;      // the scalars of the call, in their order
    std::vector<double>* scratch = nullptr;  // of the caller, so that sorting kernels allocate nothing
    /// When the counter of each sample began, 0 where that is not known; empty when it is known of none.
    std::span<const std::int64_t> start_times_ms = {};

    double range_seconds() const { return static_cast<double>(end_ms - start_ms) / 1000; }
};

/// Nothing when the window holds too little to say anything.
using RangeKernel = std::optional<double> (*)(const RangeWindow&);

/// The most columns that a RangeBlock has, so that kernels keep their sums on the stack and in the nearest cache.
inline constexpr std::size_t kBlockColumns = 256;

/// The same range of neighbouring series that share timestamps: `rows` of `columns` cells each, oldest first.
struct RangeBlock {
    std::span<const double* const> rows;
    std::size_t first_column = 0;  // of each row
    std::size_t columns = 0;       // at most kBlockColumns
    std::span<const std::int64_t> times_ms;
    std::int64_t start_ms = 0;
    std::int64_t end_ms = 0;
    std::int64_t at_ms = 0;
    std::span<const double> arguments;

    const double* row(std::size_t i) const { return rows[i] + first_column; }
    double range_seconds() const { return static_cast<double>(end_ms - start_ms) / 1000; }
};

/// Computes a block as if no cell were missing. A missing cell is a NaN: columns in which one may have been are told by a NaN in
/// `suspect`, and are computed again by the RangeKernel. False when a window of so few rows gives nothing at all.
using BlockKernel = bool (*)(const RangeBlock&, double* out, double* suspect);

/// A function over the range of each series by itself.
struct OverRange {
    RangeKernel kernel = nullptr;
    BlockKernel block = nullptr;  // the same, many series at a time; optional
    bool keeps_name = false;
    bool for_counters = false;  // says so when the series does not look like a counter
    bool anchored = false;      // takes anchored ranges
    bool smoothed = false;      // takes smoothed ranges
    bool start_times = false;   // wants to know when counters began, where that is known
    /// Refuses scalar arguments: an execution error.
    Status (*check)(std::span<const double> arguments) = nullptr;
    /// The text of a warning about a scalar argument, without `PromQL warning: `.
    std::optional<std::string> (*warn)(std::span<const double> arguments) = nullptr;
};

/// A function over each value by itself, in place; cells that are not present are computed too and ignored. False: no result at all.
struct OverValues {
    bool (*kernel)(std::span<double> values, std::span<const double> arguments) = nullptr;
};

/// The moments an evaluation knows.
struct QueryMoment {
    std::int64_t at_ms = 0;
    std::int64_t start_ms = 0;  // of the whole query
    std::int64_t end_ms = 0;
    std::int64_t step_ms = 0;
};

/// A scalar made of scalars.
struct OverScalars {
    double (*kernel)(const QueryMoment&, std::span<const double> arguments) = nullptr;
};

/// New labels made of the old ones; no value changes.
struct OverLabels {
    /// Nothing: the labels stay as they are.
    using Relabel = std::function<std::optional<LabelSet>(const LabelSet&)>;
    struct Created {
        Relabel relabel;
        std::string destination;
    };
    /// `strings`: the string arguments. Fails with an execution error.
    Result<Created> (*create)(std::span<const std::string> strings) = nullptr;
};

/// A bucket of a classic histogram: how many observations were at most `upper_bound`.
struct Bucket {
    double upper_bound = 0;
    double count = 0;
};

/// What had to be done to counts that did not increase from bucket to bucket.
struct MonotonicityFix {
    bool forced = false;
    double bucket_min = std::numeric_limits<double>::infinity();
    double bucket_max = -std::numeric_limits<double>::infinity();
    double difference_max = 0;
};

/// A function over the buckets of each classic histogram.
struct OverBuckets {
    /// `buckets` are sorted by bound, not empty, and may be changed.
    double (*kernel)(std::span<Bucket> buckets, std::span<const double> arguments, MonotonicityFix& fix) = nullptr;
    /// One result for each scalar argument, told apart by a label: histogram_quantiles.
    bool for_each_argument = false;
    std::optional<std::string> (*warn)(double argument) = nullptr;
};

/// What is about whole vectors, and therefore done by the evaluator itself.
enum class Builtin {
    Absent,
    AbsentOverTime,
    Info,
    NativeHistogram,  // takes native histograms only, of which there are none: the result is empty
    Scalar,
    Sort,
    SortByLabel,
    SortByLabelDesc,
    SortDesc,
    StartTime,
    SampleTime,
    Vector,
};

using FunctionKernel = std::variant<OverRange, OverValues, OverScalars, OverLabels, OverBuckets, Builtin>;

/// The types of a function's arguments.
class ArgumentTypes {
public:
    constexpr ArgumentTypes(std::initializer_list<ValueType> types) {
        for (const ValueType type : types) types_[size_++] = type;
    }
    constexpr std::size_t size() const { return size_; }
    /// The last type stands for all that follow.
    constexpr ValueType operator[](std::size_t i) const { return types_[i < size_ ? i : size_ - 1]; }

private:
    std::array<ValueType, 5> types_{};
    std::size_t size_ = 0;
};

struct FunctionDef {
    std::string_view name;
    ArgumentTypes arguments{};
    /// 0: exactly these arguments. n: the last may be left out or be there up to n times. -1: any number of times.
    int variadic = 0;
    ValueType result = ValueType::Vector;
    std::string_view summary;
    bool experimental = false;
    /// What stands for the vector when it is left out is `vector(time())`.
    bool defaults_to_time = false;
    FunctionKernel kernel;

    std::size_t arguments_min() const { return arguments.size() - (variadic != 0 ? 1 : 0); }
    /// Nothing: no upper bound.
    std::optional<std::size_t> arguments_max() const {
        if (variadic < 0) return std::nullopt;
        return arguments_min() + static_cast<std::size_t>(variadic);
    }
};

/// All functions, sorted by name.
std::span<const FunctionDef* const> all_functions();

const FunctionDef* find_function(std::string_view name);

}  // namespace tocsin
