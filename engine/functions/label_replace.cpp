#include <fmt/format.h>

#include "base/regex.h"
#include "base/text.h"
#include "engine/functions/function.h"

namespace tocsin::functions {
namespace {

bool is_label_name(std::string_view name) { return !name.empty() && is_valid_utf8(name); }

Result<OverLabels::Created> create_replace(std::span<const std::string> strings) {
    const std::string& destination = strings[0];
    const std::string& replacement = strings[1];
    const std::string& source = strings[2];
    const std::string& pattern = strings[3];
    const auto regex = Regex::compile(pattern);
    if (!regex) {
        return fail(Error::Kind::InvalidInput,
                    fmt::format("invalid regular expression in label_replace(): {}", pattern));
    }
    if (!is_label_name(destination)) {
        return fail(Error::Kind::InvalidInput,
                    fmt::format("invalid destination label name in label_replace(): {}", destination));
    }
    auto relabel = [=, regex = *regex](const LabelSet& labels) -> std::optional<LabelSet> {
        std::string value;
        if (!regex.expand(labels.get(source), replacement, value)) return std::nullopt;
        return LabelBuilder(labels).set(destination, value).build();
    };
    return OverLabels::Created{std::move(relabel), destination};
}

Result<OverLabels::Created> create_join(std::span<const std::string> strings) {
    const std::string& destination = strings[0];
    const std::string& separator = strings[1];
    const std::vector<std::string> sources(strings.begin() + 2, strings.end());
    for (const std::string& source : sources) {
        if (!is_label_name(source)) {
            return fail(Error::Kind::InvalidInput,
                        fmt::format("invalid source label name in label_join(): {}", source));
        }
    }
    if (!is_label_name(destination)) {
        return fail(Error::Kind::InvalidInput,
                    fmt::format("invalid destination label name in label_join(): {}", destination));
    }
    auto relabel = [=](const LabelSet& labels) -> std::optional<LabelSet> {
        std::vector<std::string> values;
        for (const std::string& source : sources) values.emplace_back(labels.get(source));
        return LabelBuilder(labels).set(destination, join(values, separator)).build();
    };
    return OverLabels::Created{std::move(relabel), destination};
}

}  // namespace

extern const FunctionDef label_join, label_replace;

const FunctionDef label_join{
    .name = "label_join",
    .arguments = {ValueType::Vector, ValueType::String, ValueType::String, ValueType::String},
    .variadic = -1,
    .summary = "Sets a label (second argument) to the values of other labels with a separator (third) between them.",
    .kernel = OverLabels{create_join},
};

const FunctionDef label_replace{
    .name = "label_replace",
    .arguments = {ValueType::Vector, ValueType::String, ValueType::String, ValueType::String, ValueType::String},
    .summary = "Sets a label (second argument) to the replacement (third) where the value of a label (fourth) matches the "
               "regular expression (fifth) as a whole.",
    .kernel = OverLabels{create_replace},
};

}  // namespace tocsin::functions
