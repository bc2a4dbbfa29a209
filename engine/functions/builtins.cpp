#include "engine/functions/function.h"

// Functions about whole vectors: which series there are, in which order, and what others say about them. The evaluator does the work.

namespace tocsin::functions {

extern const FunctionDef absent, absent_over_time, histogram_avg, histogram_count, histogram_stddev, histogram_stdvar, histogram_sum,
    info, scalar, sort, sort_by_label, sort_by_label_desc, sort_desc, start_timestamp, timestamp, vector;

const FunctionDef absent{
    .name = "absent",
    .arguments = {ValueType::Vector},
    .summary = "1 when the vector is empty, with the labels that its selector demands; otherwise nothing.",
    .kernel = Builtin::Absent,
};

const FunctionDef absent_over_time{
    .name = "absent_over_time",
    .arguments = {ValueType::Matrix},
    .summary = "1 when no series has a value in the range, with the labels that its selector demands; otherwise nothing.",
    .kernel = Builtin::AbsentOverTime,
};

const FunctionDef histogram_avg{
    .name = "histogram_avg",
    .arguments = {ValueType::Vector},
    .summary = "The mean of the observations of each native histogram.",
    .kernel = Builtin::NativeHistogram,
};

const FunctionDef histogram_count{
    .name = "histogram_count",
    .arguments = {ValueType::Vector},
    .summary = "How many observations each native histogram has.",
    .kernel = Builtin::NativeHistogram,
};

const FunctionDef histogram_stddev{
    .name = "histogram_stddev",
    .arguments = {ValueType::Vector},
    .summary = "The estimated standard deviation of the observations of each native histogram.",
    .kernel = Builtin::NativeHistogram,
};

const FunctionDef histogram_stdvar{
    .name = "histogram_stdvar",
    .arguments = {ValueType::Vector},
    .summary = "The estimated variance of the observations of each native histogram.",
    .kernel = Builtin::NativeHistogram,
};

const FunctionDef histogram_sum{
    .name = "histogram_sum",
    .arguments = {ValueType::Vector},
    .summary = "The sum of the observations of each native histogram.",
    .kernel = Builtin::NativeHistogram,
};

const FunctionDef info{
    .name = "info",
    .arguments = {ValueType::Vector, ValueType::Vector},
    .variadic = 1,
    .summary = "Adds the labels of info metrics (target_info when no selector names others) with the same instance and job.",
    .experimental = true,
    .kernel = Builtin::Info,
};

const FunctionDef scalar{
    .name = "scalar",
    .arguments = {ValueType::Vector},
    .result = ValueType::Scalar,
    .summary = "The value of a vector with exactly one series; otherwise NaN.",
    .kernel = Builtin::Scalar,
};

const FunctionDef sort{
    .name = "sort",
    .arguments = {ValueType::Vector},
    .summary = "The vector with its smallest value first.",
    .kernel = Builtin::Sort,
};

const FunctionDef sort_by_label{
    .name = "sort_by_label",
    .arguments = {ValueType::Vector, ValueType::String},
    .variadic = -1,
    .summary = "The vector sorted by the values of the given labels, numbers in them by size.",
    .experimental = true,
    .kernel = Builtin::SortByLabel,
};

const FunctionDef sort_by_label_desc{
    .name = "sort_by_label_desc",
    .arguments = {ValueType::Vector, ValueType::String},
    .variadic = -1,
    .summary = "The same as sort_by_label, the other way round.",
    .experimental = true,
    .kernel = Builtin::SortByLabelDesc,
};

const FunctionDef sort_desc{
    .name = "sort_desc",
    .arguments = {ValueType::Vector},
    .summary = "The vector with its largest value first.",
    .kernel = Builtin::SortDesc,
};

const FunctionDef start_timestamp{
    .name = "start_timestamp",
    .arguments = {ValueType::Vector},
    .summary = "When the counter of each sample that a selector gives began, in seconds since 1970; 0 where that is not known.",
    .experimental = true,
    .kernel = Builtin::StartTime,
};

const FunctionDef timestamp{
    .name = "timestamp",
    .arguments = {ValueType::Vector},
    .summary = "When each value was taken, in seconds since 1970.",
    .kernel = Builtin::SampleTime,
};

const FunctionDef vector{
    .name = "vector",
    .arguments = {ValueType::Scalar},
    .summary = "The scalar as a vector of one series without labels.",
    .kernel = Builtin::Vector,
};

}  // namespace tocsin::functions
