#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/regex.h"
#include "base/result.h"

namespace tocsin {

enum class RelabelAction {
    DropEqual,
    Drop,
    HashMod,
    KeepEqual,
    Keep,
    LabelDrop,
    LabelKeep,
    LabelMap,
    Lowercase,
    Replace,
    Uppercase,
};

/// As the files write it: `replace`, `hashmod`, …; parsing does not care about case, and fails with `unknown relabel
/// action "…"`.
std::string_view to_string(RelabelAction action);
Result<RelabelAction> parse_relabel_action(std::string_view text);

/// One step of relabel_configs, metric_relabel_configs or alert_relabel_configs as it stands in the file; the defaults
/// are Prometheus'.
struct RelabelFields {
    std::vector<std::string> source_labels = {};
    std::string separator = ";";
    std::string regex = "(.*)";
    std::uint64_t modulus = 0;
    std::string target_label = "";
    std::string replacement = "$1";
    RelabelAction action = RelabelAction::Replace;

    bool operator==(const RelabelFields&) const = default;
};

/// What is wrong with a step: at the value of `key`, if the step has that one.
struct RelabelProblem {
    std::string_view key;
    std::string message;
};

/// One step, checked and compiled (prometheus/prometheus model/relabel). Regular expressions are anchored. Immutable;
/// usable from any thread.
class RelabelConfig {
public:
    /// Everything for which create() fails.
    static std::vector<RelabelProblem> problems_with(const RelabelFields& fields);
    /// Fails with Prometheus' words for combinations that it refuses.
    static Result<RelabelConfig> create(RelabelFields fields);

    const RelabelFields& fields() const { return fields_; }
    /// False when the labels are to be dropped altogether.
    bool apply(LabelBuilder& labels) const;
    /// Whether apply() could give a series another metric name.
    bool may_change_metric_name() const;

    bool operator==(const RelabelConfig& other) const { return fields_ == other.fields_; }

private:
    RelabelConfig(RelabelFields fields, Regex regex) : fields_(std::move(fields)), regex_(std::move(regex)) {}

    std::string joined(const LabelBuilder& labels) const;
    void replace(LabelBuilder& labels, const std::string& joined) const;
    void map_names(LabelBuilder& labels) const;
    void keep_names(LabelBuilder& labels, bool matching) const;

    RelabelFields fields_;
    Regex regex_;
};

using RelabelConfigs = std::vector<RelabelConfig>;

/// All steps in their order, until one drops; false then.
bool relabel(LabelBuilder& labels, const RelabelConfigs& configs);

}  // namespace tocsin
