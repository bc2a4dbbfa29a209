#include "engine/discovery/target_groups.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/disk.h"
#include "base/json.h"
#include "base/text.h"

namespace tocsin {
namespace {

constexpr std::size_t kValuesMax = 2'000'000;

tl::unexpected<Error> bad(std::size_t index, std::string_view what) {
    return fail(Error::Kind::InvalidInput, fmt::format("target group {}: {}", index, what));
}

Result<TargetGroup> read_group(const Json& json, std::size_t index) {
    if (json.is_null()) {
        return fail(Error::Kind::InvalidInput, fmt::format("nil target group item found (index {})", index));
    }
    if (!json.is_object()) return bad(index, "not an object");
    TargetGroup group;
    std::vector<std::pair<std::string, std::string>> labels;
    for (const auto& [name, value] : json.members()) {
        if (name == "targets" && (value.is_array() || value.is_null())) {
            for (const Json& target : value.items()) {
                if (!target.is_string()) return bad(index, "a target is not a string");
                group.targets.push_back(LabelSet{{"__address__", target.as_string()}});
            }
        } else if (name == "labels" && (value.is_object() || value.is_null())) {
            for (const auto& [label, text] : value.members()) {
                if (!text.is_string()) return bad(index, fmt::format("label {} is not a string", go_quote(label)));
                if (label.empty()) return bad(index, "\"\" is not a valid label name");
                labels.emplace_back(label, text.as_string());
            }
        } else {
            return bad(index, fmt::format("unknown field or wrong type: {}", go_quote(name)));
        }
    }
    group.labels = LabelSet::from(std::move(labels));
    return group;
}

TargetGroup read_group(const YamlNode& node, const char* what, const std::string& file, Diagnostics& problems) {
    TargetGroup group;
    std::vector<std::string> targets;
    std::vector<std::pair<std::string, std::string>> labels;
    YamlFields fields(node, what, file, problems);
    fields.read("targets", targets);
    fields.read("labels", labels);
    fields.finish();
    for (const std::string& target : targets) group.targets.push_back(LabelSet{{"__address__", target}});
    group.labels = LabelSet::from(std::move(labels));
    return group;
}

Error first_of(const Diagnostics& problems) {
    return {Error::Kind::InvalidInput, to_string(problems.front())};
}

}  // namespace

Result<std::vector<TargetGroup>> parse_target_groups_json(std::string_view text) {
    TOCSIN_TRY(const Json json, parse_json(text, {.values = kValuesMax}));
    if (!json.is_array() && !json.is_null()) return fail(Error::Kind::InvalidInput, "not a list of target groups");
    std::vector<TargetGroup> groups;
    for (const Json& item : json.items()) {
        TOCSIN_TRY(TargetGroup group, read_group(item, groups.size()));
        groups.push_back(std::move(group));
    }
    return groups;
}

Result<std::vector<TargetGroup>> parse_target_groups_yaml(std::string_view text, const std::string& file) {
    const auto root = parse_yaml(text, file);
    if (!root) return tl::unexpected(first_of(root.error()));
    if (!root->is_sequence() && !root->is_null()) {
        return fail(Error::Kind::InvalidInput, fmt::format("{}: not a list of target groups", file));
    }
    std::vector<TargetGroup> groups;
    Diagnostics problems;
    for (const YamlNode& item : root->items) {
        if (item.is_null()) {
            return fail(Error::Kind::InvalidInput, fmt::format("{}:{}: nil target group item found (index {})", file,
                                                               item.where.line, groups.size()));
        }
        groups.push_back(read_group(item, "target group", file, problems));
        if (!problems.empty()) return tl::unexpected(first_of(problems));
    }
    return groups;
}

Result<std::vector<TargetGroup>> read_target_groups(Disk& disk, const std::string& path) {
    TOCSIN_TRY(const std::string text, read_file(disk, path));
    return to_lower(path).ends_with(".json") ? parse_target_groups_json(text) : parse_target_groups_yaml(text, path);
}

TargetGroup read_static_group(const YamlNode& node, std::size_t index, const std::string& file, Diagnostics& problems) {
    TargetGroup group = read_group(node, "static_config", file, problems);
    group.source = std::to_string(index);
    return group;
}

std::size_t publish_numbered(const Discovery::Publish& publish, const std::string& origin, std::string_view label,
                             std::vector<TargetGroup> groups, std::size_t before) {
    for (std::size_t i = 0; i < groups.size(); ++i) {
        groups[i].source = fmt::format("{}:{}", origin, i);
        groups[i].labels = LabelBuilder(groups[i].labels).set(label, origin).build();
        publish(std::move(groups[i]));
    }
    for (std::size_t i = groups.size(); i < before; ++i) {
        publish(TargetGroup{.source = fmt::format("{}:{}", origin, i), .targets = {}, .labels = {}});
    }
    return groups.size();
}

}  // namespace tocsin
