#include "base/yaml_tree.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "base/yaml_scalar.h"

namespace tocsin {
namespace {

// Nobody reads further; a file of nothing but mistakes must not cost more than one of nothing but values.
constexpr std::size_t kMaxProblems = 100;
constexpr std::string_view kMergeKey = "<<";

/// Builds the tree of a recorded document.
class TreeBuilder {
public:
    TreeBuilder(const YamlSource& source, const YamlLimits& limits, const YamlEvents& events)
        : source_(source), limits_(limits), events_(events.list) {}

    Diagnostics problems;

    YamlNode build() {
        YamlNode root;
        if (!events_.empty()) read(0, 0, root);
        return root;
    }

private:
    /// What stands behind a node.
    struct Behind {
        std::size_t next;        // the event
        std::size_t source_end;  // where its last byte ends
    };

    Behind read(std::size_t at, std::size_t depth, YamlNode& node) {
        const YamlEvent& event = events_[at];
        if (alias_level_ > 0 && !stopped_ && ++aliased_nodes_ > limits_.aliased_nodes) {
            stop(event.offset, fmt::format("aliases stand for more than {} values", limits_.aliased_nodes));
        }
        if (depth > limits_.depth) stop(event.offset, fmt::format("nested deeper than {} levels", limits_.depth));
        switch (event.type) {
            case YamlEvent::Type::Alias:
                return read_alias(event, at, depth, node);
            case YamlEvent::Type::SequenceStart:
                return read_sequence(event, at, depth, node);
            case YamlEvent::Type::MapStart:
                return read_map(event, at, depth, node);
            case YamlEvent::Type::Null:
                return read_null(event, at, node);
            case YamlEvent::Type::Scalar:
                break;
            case YamlEvent::Type::SequenceEnd:
            case YamlEvent::Type::MapEnd:
                break;  // eaten by their collections
        }
        return read_scalar(event, at, node);
    }

    Behind read_alias(const YamlEvent& event, std::size_t at, std::size_t depth, YamlNode& node) {
        if (stopped_) return {at + 1, event.offset};
        ++alias_level_;
        read(event.target, depth, node);
        --alias_level_;
        const std::size_t end = source_.text().find_first_of(kYamlNameEnd, event.offset);
        return {at + 1, std::min(end, source_.text().size())};
    }

    Behind read_null(const YamlEvent& event, std::size_t at, YamlNode& node) {
        node.text = event.text;
        const std::size_t end = event.offset + event.text.size();
        node.where = source_.range(event.offset, end);
        return {at + 1, event.text.empty() ? 0 : end};
    }

    Behind read_scalar(const YamlEvent& event, std::size_t at, YamlNode& node) {
        node.kind = YamlNode::Kind::Scalar;
        node.text = event.text;
        node.quoted = event.quoted;
        const YamlScalarSource found = locate_yaml_scalar(source_.text(), event.offset, event.text);
        node.where = source_.range(event.offset, found.end);
        check_closed(event.offset, found.end);
        node.text_lines.reserve(found.pieces.size());
        for (const auto& piece : found.pieces) {
            const auto [line, column] = source_.position(piece.source_offset);
            node.text_lines.push_back({piece.text_offset, line, column});
        }
        if (found.whole) node.text_at = event.offset == *found.whole ? YamlNode::TextAt::Begin : YamlNode::TextAt::BehindQuote;
        return {at + 1, found.end};
    }

    /// yaml-cpp takes a quote that the file ends in for a closed one.
    void check_closed(std::size_t begin, std::size_t end) {
        const std::string_view scalar = source_.text().substr(begin, end - begin);
        if (scalar.empty() || (scalar.front() != '"' && scalar.front() != '\'')) return;
        if (scalar.size() > 1 && scalar.back() == scalar.front()) return;
        report(source_.range(begin, begin + 1), "the quote is never closed");
    }

    Behind read_sequence(const YamlEvent& event, std::size_t at, std::size_t depth, YamlNode& node) {
        node.kind = YamlNode::Kind::Sequence;
        node.items.reserve(room_for(event.children));
        std::size_t end = event.offset;
        ++at;
        while (!stopped_ && events_[at].type != YamlEvent::Type::SequenceEnd) {
            YamlNode& item = node.items.emplace_back();
            Behind behind = read(at, depth + 1, item);
            if (item.is_null() && item.text.empty()) {
                // Nothing is written there but its dash, which is the next thing behind the item before.
                behind.source_end = source_.skip_blanks_and_comments(end) + 1;
                item.where = source_.range(behind.source_end - 1, behind.source_end);
            }
            at = behind.next;
            end = std::max(end, behind.source_end);
        }
        end = behind_bracket(event.offset, end);
        node.where = source_.range(event.offset, end);
        return {at + 1, end};
    }

    Behind read_map(const YamlEvent& event, std::size_t at, std::size_t depth, YamlNode& node) {
        node.kind = YamlNode::Kind::Map;
        node.entries.reserve(room_for(event.children / 2));
        std::vector<YamlNode> merged;
        std::size_t end = event.offset;
        ++at;
        while (!stopped_ && events_[at].type != YamlEvent::Type::MapEnd) {
            const bool merge = is_merge_key(events_[at]);
            const std::size_t key_offset = events_[at].offset;
            YamlNode key;
            const Behind behind_key = read(at, depth + 1, key);
            if (stopped_) break;
            YamlNode::Entry& entry = node.entries.emplace_back();
            const Behind behind = read(behind_key.next, depth + 1, entry.value);
            at = behind.next;
            end = std::max({end, behind_key.source_end, behind.source_end});
            place_null(entry.value, key);
            if (merge) merged.push_back(std::move(entry.value));
            if (merge || !check_key(key, key_offset)) {
                node.entries.pop_back();
                continue;
            }
            entry.key = std::move(key.text);
            entry.key_where = key.where;
        }
        report_duplicates(node);
        merge_into(node, std::move(merged));
        end = behind_bracket(event.offset, end);
        node.where = source_.range(event.offset, end);
        return {at + 1, end};
    }

    /// Of a file that is one large alias no more than this.
    static std::size_t room_for(std::size_t children) { return std::min<std::size_t>(children, 4096); }

    static bool is_merge_key(const YamlEvent& event) {
        return event.type == YamlEvent::Type::Scalar && !event.quoted && event.text == kMergeKey;
    }

    /// A value that is not written has no place of its own: it is shown at its key.
    static void place_null(YamlNode& value, const YamlNode& key) {
        if (value.is_null() && value.text.empty()) value.where = key.where;
    }

    bool check_key(const YamlNode& key, std::size_t offset) {
        if (key.is_scalar() || key.is_null()) return true;
        const bool in_template = offset > 0 && source_.text().substr(offset - 1).starts_with("{{");
        report(key.where, "invalid map key: expected a scalar", in_template ? std::string(kYamlTemplateHint) : "");
        return false;
    }

    void report_duplicates(const YamlNode& map) {
        if (alias_level_ > 0 || map.entries.size() < 2) return;
        std::vector<const YamlNode::Entry*> sorted;
        sorted.reserve(map.entries.size());
        for (const auto& entry : map.entries) sorted.push_back(&entry);
        std::stable_sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->key < b->key; });
        const YamlNode::Entry* first = sorted.front();
        for (std::size_t i = 1; i < sorted.size(); ++i) {
            if (sorted[i]->key != first->key) {
                first = sorted[i];
                continue;
            }
            report(sorted[i]->key_where, fmt::format("mapping key {} already defined at line {}", go_quote(first->key),
                                                     first->key_where.line));
        }
    }

    /// Keys of the map itself win over merged ones, those of a later `<<` over those of an earlier, and within a list
    /// of maps the earlier ones: as the YAML readers of Prometheus and Alertmanager have it.
    void merge_into(YamlNode& map, std::vector<YamlNode> merged) {
        if (merged.empty()) return;
        std::set<std::string, std::less<>> known;
        for (const auto& entry : map.entries) known.insert(entry.key);
        for (auto source = merged.rbegin(); source != merged.rend(); ++source) {
            if (source->is_sequence()) {
                for (auto& item : source->items) merge_one(map, item, known);
            } else {
                merge_one(map, *source, known);
            }
        }
    }

    void merge_one(YamlNode& map, YamlNode& source, std::set<std::string, std::less<>>& known) {
        if (!source.is_map()) {
            return report(source.where, "map merge requires map or sequence of maps as the value");
        }
        for (auto& entry : source.entries) {
            if (known.insert(entry.key).second) map.entries.push_back(std::move(entry));
        }
    }

    /// yaml-cpp does not tell where a collection ends; of one in brackets the closing one is the next thing but commas
    /// and blanks.
    std::size_t behind_bracket(std::size_t begin, std::size_t end) const {
        const std::string_view text = source_.text();
        if (begin >= text.size() || (text[begin] != '[' && text[begin] != '{')) return end;
        const std::size_t bracket = text.find_first_not_of(", \t\r\n", std::max(end, begin + 1));
        return bracket != std::string_view::npos && (text[bracket] == ']' || text[bracket] == '}') ? bracket + 1 : end;
    }

    void report(const SourceRange& where, std::string message, std::string hint = {}) {
        if (stopped_ || problems.size() >= kMaxProblems) return;
        problems.push_back(source_.problem(where, std::move(message), std::move(hint)));
    }

    void stop(std::size_t offset, std::string message) {
        if (problems.size() >= kMaxProblems) problems.pop_back();
        report(source_.range(offset, offset + 1), std::move(message));
        stopped_ = true;
    }

    const YamlSource& source_;
    const YamlLimits& limits_;
    const std::vector<YamlEvent>& events_;
    bool stopped_ = false;
    std::size_t alias_level_ = 0;
    std::size_t aliased_nodes_ = 0;
};

}  // namespace

Parsed<YamlNode> build_yaml_tree(const YamlSource& source, const YamlLimits& limits, const YamlEvents& events) {
    TreeBuilder builder(source, limits, events);
    YamlNode root = builder.build();
    if (builder.problems.empty()) return root;
    const auto place = [](const Diagnostic& problem) { return std::tie(problem.where.line, problem.where.column); };
    std::stable_sort(builder.problems.begin(), builder.problems.end(),
                     [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
    return tl::unexpected(std::move(builder.problems));
}

}  // namespace tocsin
