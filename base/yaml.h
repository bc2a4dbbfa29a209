#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "base/duration.h"
#include "base/labels.h"

namespace tocsin {

/// A value of a YAML file with its place in it. A tree of its own: nothing of yaml-cpp shows.
///
/// Aliases are expanded within a budget; duplicate keys were refused when the file was read, so was everything that is too deep
/// or too large.
class YamlNode {
public:
    enum class Kind { Null, Scalar, Sequence, Map };

    struct Entry;

    Kind kind = Kind::Null;
    /// Of a scalar: its text, after folding and unescaping.
    std::string text;
    /// The scalar stood in quotes or in a block, so it is a string whatever it looks like.
    bool quoted = false;
    SourceRange where;
    std::vector<YamlNode> items;   // of a sequence
    std::vector<Entry> entries;    // of a map, in file order

    bool is_null() const { return kind == Kind::Null; }
    bool is_scalar() const { return kind == Kind::Scalar; }
    bool is_sequence() const { return kind == Kind::Sequence; }
    bool is_map() const { return kind == Kind::Map; }
    const YamlNode* find(std::string_view key) const;

    /// Where byte `offset` of `text` stands in the file: also inside block scalars and over several lines.
    SourceRange position_of(std::size_t offset) const;

    /// Of a scalar: for each piece of `text` that stands in the file byte for byte (a line, what follows an escape), its byte offset
    /// in `text` and the line and column of that byte in the file. Without pieces all of it does, from where `text_at` says.
    struct TextLine {
        std::size_t offset;
        std::size_t line;
        std::size_t column;
    };
    std::vector<TextLine> text_lines;
    enum class TextAt : std::uint8_t { Lines, Begin, BehindQuote };
    TextAt text_at = TextAt::Lines;
};

struct YamlNode::Entry {
    std::string key;
    SourceRange key_where;
    YamlNode value;
};

/// What a file may cost; `reference` values of the limits table.
struct YamlLimits {
    std::size_t bytes = 16 * 1024 * 1024;
    std::size_t nodes = 2'000'000;
    std::size_t depth = 100;
    std::size_t aliased_nodes = 100'000;
};

/// Reads the one document of a file. An empty file is a Null node. `file` goes into the diagnostics.
///
/// A second document is an error. With `warnings` it becomes one of those, and the first document is read: Prometheus and
/// Alertmanager read the first one of such a file too. The keys of maps behind `<<` are merged in.
Parsed<YamlNode> parse_yaml(std::string_view text, std::string_view file, const YamlLimits& limits = {},
                            Diagnostics* warnings = nullptr);

/// Reads one mapping strictly: every key that was not asked for is reported by finish(). All problems of a file are collected
/// in one list, so reading goes on after each.
///
///     YamlFields fields(node, "global", file, diagnostics);
///     fields.read("scrape_interval", config.scrape_interval);
///     fields.finish();
class YamlFields {
public:
    /// `what` names the mapping in messages (`field foo not found in route`). A node that is neither map nor null is reported.
    YamlFields(const YamlNode& node, std::string what, std::string_view file, Diagnostics& diagnostics);

    /// The value of `key`, or null when it is absent. An explicit `key: ~` gives a Null node.
    const YamlNode* get(std::string_view key);

    /// Each leaves `into` alone and returns false when the key is absent or null; what cannot be read is reported.
    bool read(std::string_view key, std::string& into);
    bool read(std::string_view key, bool& into);
    bool read(std::string_view key, std::int64_t& into);
    bool read(std::string_view key, std::uint64_t& into);
    bool read(std::string_view key, double& into);
    bool read(std::string_view key, Duration& into);
    bool read(std::string_view key, std::vector<std::string>& into);
    bool read(std::string_view key, std::vector<std::pair<std::string, std::string>>& into);

    /// Knows the key, so that finish() does not report it.
    void ignore(std::string_view key);

    /// Reports the keys that nobody asked for, with the nearest known one.
    void finish();

    /// Adds a problem at `where`.
    void report(const SourceRange& where, std::string message, std::string expected = {});

    const YamlNode& node() const { return node_; }
    const std::string& file() const { return file_; }

private:
    const YamlNode& node_;
    std::string what_;
    std::string file_;
    Diagnostics& diagnostics_;
    std::vector<std::string> known_;
};

/// The YAML 1.1 meaning of an unquoted scalar, for fields that take any value.
std::optional<bool> yaml_bool(const YamlNode& node);

}  // namespace tocsin
