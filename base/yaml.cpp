#include "base/yaml.h"

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "base/text.h"
#include "base/yaml_source.h"
#include "base/yaml_tree.h"

// A file is read in two passes. yaml-cpp reports events, which are kept as a flat list with offsets into the file;
// limits on nodes and depth hold there. Then the tree is built from the list: an alias is the events of its anchor,
// built again, so an alias bomb costs no more than its budget and a cycle cannot be built at all.

namespace tocsin {
namespace {

constexpr std::string_view kBinaryTag = "tag:yaml.org,2002:binary";
constexpr std::string_view kTextTag = "tag:yaml.org,2002:str";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kNullEnd = " \t\r\n,]}:";
constexpr std::string_view kNoColon = "could not find expected ':'";
/// The check under which a second document is told.
constexpr std::string_view kSecondDocument = "yaml/second-document";

/// Keeps what yaml-cpp reports. Once a limit is passed or something is refused, the rest is let go by.
class Recorder final : public YAML::EventHandler {
public:
    Recorder(const YamlSource& source, const YamlLimits& limits) : source_(source), limits_(limits) {}

    YamlEvents events;
    Diagnostics problems;

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (lacks_colon(mark)) return refuse(mark, std::string(kNoColon));
        begin_key(mark);
        add({.type = YamlEvent::Type::Null, .offset = content_of(mark), .text = null_text(content_of(mark))}, anchor);
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        if (tag == kBinaryTag) refuse(mark, "the tag !!binary is not supported");
        begin_key(mark);
        const bool quoted = tag == "!" || tag == kTextTag;
        const std::size_t offset = content_of(mark);
        add({.type = YamlEvent::Type::Scalar, .quoted = quoted, .offset = offset, .text = kept(offset, value)}, anchor);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (stopped_) return;
        if (anchor == 0 || anchor > anchors_.size()) return refuse(mark, "unknown anchor referenced");
        const std::size_t target = anchors_[anchor - 1];
        const auto holds = [&](const Open& collection) { return collection.event == target; };
        if (std::any_of(open_.begin(), open_.end(), holds)) {
            const std::string_view name = source_.text().substr(std::min(offset_of(mark) + 1, source_.text().size()));
            return refuse(mark, fmt::format("anchor '{}' value contains itself",
                                            name.substr(0, name.find_first_of(kYamlNameEnd))));
        }
        begin_key(mark);
        add({.type = YamlEvent::Type::Alias, .offset = offset_of(mark), .target = target, .text = {}}, 0);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(YamlEvent::Type::SequenceStart, mark, anchor);
    }
    void OnSequenceEnd() override { close(YamlEvent::Type::SequenceEnd); }
    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) override {
        open(YamlEvent::Type::MapStart, mark, anchor, style == YAML::EmitterStyle::Block);
    }
    void OnMapEnd() override { close(YamlEvent::Type::MapEnd); }

private:
    struct Open {
        std::size_t event;
        bool is_block_map;
        int key = -1;  // the mark of its latest key
    };

    /// The map around when what comes next is a key of it, or the value of one; nothing in brackets, where a key may
    /// stand alone.
    Open* block_map_before(bool value) {
        if (stopped_ || open_.empty() || !open_.back().is_block_map) return nullptr;
        return (events.list[open_.back().event].children % 2 == 1) == value ? &open_.back() : nullptr;
    }

    void begin_key(const YAML::Mark& mark) {
        if (Open* map = block_map_before(false)) map->key = mark.pos;
    }

    // yaml-cpp takes some lines without a colon for keys without a value. It marks a value that is missing where the
    // entry begins, which is where its key does, but for one behind `?`: that may do without.
    bool lacks_colon(const YAML::Mark& mark) {
        const Open* map = block_map_before(true);
        return map != nullptr && map->key == mark.pos;
    }

    std::size_t offset_of(const YAML::Mark& mark) const {
        return mark.pos < 0 ? 0 : std::min(static_cast<std::size_t>(mark.pos), source_.text().size());
    }

    /// A mark is where the tag or the anchor of a node stands; this is where the node itself does.
    std::size_t content_of(const YAML::Mark& mark) const {
        const std::string_view text = source_.text();
        std::size_t at = offset_of(mark);
        while (at < text.size() && (text[at] == '&' || text[at] == '!')) {
            at = std::min(text.find_first_of(kYamlNameEnd, at), text.size());
            at = source_.skip_blanks_and_comments(at);
        }
        return at;
    }

    /// A view into the file of a text that stands there as it is, as most do: plain, or behind its quote.
    std::string_view kept(std::size_t offset, const std::string& value) {
        const std::string_view text = source_.text();
        for (const std::size_t at : {offset, offset + 1}) {
            if (at <= text.size() && text.substr(at, value.size()) == value) return text.substr(at, value.size());
        }
        return events.keep(value);
    }

    /// yaml-cpp drops the text of a written null. A key may still be called so.
    std::string_view null_text(std::size_t offset) const {
        const std::string_view rest = source_.text().substr(offset);
        const std::string_view word = rest.substr(0, rest.find_first_of(kNullEnd));
        return is_yaml_null(word) ? word : std::string_view();
    }

    void add(const YamlEvent& event, YAML::anchor_t anchor) {
        if (stopped_) return;
        if (nodes_++ >= limits_.nodes) {
            return refuse_at(event.offset, fmt::format("more than {} values", limits_.nodes));
        }
        if (anchor != 0) {
            anchors_.resize(std::max<std::size_t>(anchors_.size(), anchor));
            anchors_[anchor - 1] = events.list.size();
        }
        if (!open_.empty()) ++events.list[open_.back().event].children;
        events.list.push_back(event);
    }

    void open(YamlEvent::Type type, const YAML::Mark& mark, YAML::anchor_t anchor, bool is_block_map = false) {
        if (stopped_) return;
        if (open_.size() >= limits_.depth) {
            return refuse(mark, fmt::format("nested deeper than {} levels", limits_.depth));
        }
        const std::size_t index = events.list.size();
        begin_key(mark);
        add({.type = type, .offset = content_of(mark), .text = {}}, anchor);
        open_.push_back({.event = index, .is_block_map = is_block_map});
    }

    void close(YamlEvent::Type type) {
        if (stopped_) return;
        open_.pop_back();
        events.list.push_back({.type = type, .text = {}});
    }

    void refuse(const YAML::Mark& mark, std::string message) { refuse_at(offset_of(mark), std::move(message)); }

    void refuse_at(std::size_t offset, std::string message) {
        if (!stopped_) problems.push_back(source_.problem(source_.range(offset, offset + 1), std::move(message)));
        stopped_ = true;
    }

    const YamlSource& source_;
    const YamlLimits& limits_;
    bool stopped_ = false;
    std::size_t nodes_ = 0;
    std::vector<Open> open_;            // the collections around
    std::vector<std::size_t> anchors_;  // events by number of the anchor, from 1
};

/// Sees only where a document begins.
class DocumentProbe final : public YAML::EventHandler {
public:
    std::optional<int> begin;

    void OnDocumentStart(const YAML::Mark& mark) override { begin = mark.pos; }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}
};

/// What yaml-cpp says, in the words of the YAML reader that people know from Prometheus.
std::string in_known_words(std::string_view message) {
    struct Translation {
        std::string_view begins;
        std::string_view known;
    };
    static constexpr Translation kTranslations[] = {
        {"illegal map value", "mapping values are not allowed in this context"},
        {"illegal map key", "mapping keys are not allowed in this context"},
        {"illegal block entry", "block sequence entries are not allowed in this context"},
        {"end of map flow not found", "did not find expected ',' or '}'"},
        {"end of sequence flow not found", "did not find expected ',' or ']'"},
        {"end of map not found", "did not find expected key"},
        {"end of sequence not found", "did not find expected '-' indicator"},
        {"illegal flow end", "did not find expected node content"},
        {"unknown token", "found character that cannot start any token"},
        {"illegal EOF in scalar", "found unexpected end of stream while reading a quoted scalar"},
        {"illegal document indicator in scalar", "found unexpected document indicator in a quoted scalar"},
        {"illegal tab when looking for indentation", "found a tab character where an indentation space is expected"},
        {"the referenced anchor is not defined", "unknown anchor referenced"},
        {"bad file", "nested too deeply"},
    };
    for (const auto& [begins, known] : kTranslations) {
        if (message.starts_with(begins)) return std::string(known);
    }
    return std::string(message);
}

/// The two mistakes that nearly every broken rule file has.
std::string hint_for(const YamlSource& source, std::size_t offset, std::string_view message) {
    const std::string_view line = source.line_at(offset);
    const std::size_t value = line.find(": ");
    if (value != std::string_view::npos && trim(line.substr(value + 2)).starts_with("{{")) {
        return std::string(kYamlTemplateHint);
    }
    if (message.starts_with("mapping values")) return "put a text that contains `: ` in quotes";
    return {};
}

bool has_colon(std::string_view line) {
    return line.find(": ") != std::string_view::npos || trim(line).ends_with(':');
}

std::size_t line_begin(std::string_view text, std::size_t at) {
    return at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
}

/// Where the last line that says something, of those before the line of `at`, begins to.
std::optional<std::size_t> find_content_before(std::string_view text, std::size_t at) {
    for (std::size_t line = line_begin(text, at); line > 0;) {
        const std::size_t end = line - 1;
        line = line_begin(text, end);
        const std::size_t content = text.find_first_not_of(" \t\r\n", line);
        if (content < end && text[content] != '#') return content;
    }
    return std::nullopt;
}

/// Whether the line at `at` stands behind a key of the same map: the last line before it that is not indented deeper.
bool follows_key(const YamlSource& source, std::size_t at) {
    const std::string_view text = source.text();
    const std::size_t column = source.position(at).second;
    for (auto line = find_content_before(text, at); line; line = find_content_before(text, *line)) {
        const std::size_t begins = source.position(text.find_first_not_of("- ", *line)).second;
        if (begins <= column) return begins == column && has_colon(source.line_at(*line));
    }
    return false;
}

/// The key without a colon because of which yaml-cpp does not know what to do with the colon at `offset`, the first of
/// its line: the line before.
std::optional<std::size_t> find_key_without_colon(const YamlSource& source, std::size_t offset) {
    const std::string_view text = source.text();
    const std::size_t line = line_begin(text, offset);
    const std::string_view before = text.substr(line, offset - line);
    if (has_colon(before) || before.find('\t') != std::string_view::npos) return std::nullopt;
    const auto key = find_content_before(text, offset);
    const bool is_bare = key && text[*key] != '-' && !has_colon(source.line_at(*key));
    return is_bare && follows_key(source, *key) ? key : std::nullopt;
}

Diagnostic syntax_problem(const YamlSource& source, const YAML::Exception& exception) {
    std::string message = in_known_words(exception.msg);
    if (exception.mark.is_null()) return source.problem({}, std::move(message));
    const std::size_t offset = std::min(static_cast<std::size_t>(exception.mark.pos), source.text().size());
    if (message.starts_with("mapping values")) {
        const auto key = find_key_without_colon(source, offset);
        if (key) return source.problem(source.range(*key, *key + 1), std::string(kNoColon));
    }
    std::string hint = hint_for(source, offset, message);
    return source.problem(source.range(offset, offset + 1), std::move(message), std::move(hint));
}

/// Where something follows that is neither blank nor comment nor a document mark; nothing when the rest is empty.
std::optional<std::size_t> find_content(std::string_view text, std::size_t at) {
    while (at < text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string_view line = text.substr(at, end - at);
        if (line.starts_with("---") || line.starts_with("...")) line.remove_prefix(3);
        const std::string_view content = trim(line);
        if (!content.empty() && content.front() != '#') {
            return at + static_cast<std::size_t>(content.data() - (text.data() + at));
        }
        at = end + 1;
    }
    return std::nullopt;
}

/// Text behind the first document is a problem: an error when it is loose text, which yaml-cpp would leave unread in
/// silence; a second document is what the caller makes of it.
std::optional<Diagnostic> find_trailing(const YamlSource& source, YAML::Parser& parser) {
    DocumentProbe probe;
    try {
        parser.HandleNextDocument(probe);
    } catch (const YAML::Exception& exception) {
        if (!probe.begin) return syntax_problem(source, exception);
    }
    if (!probe.begin) return std::nullopt;
    const std::string_view text = source.text();
    const std::size_t begin = std::min(static_cast<std::size_t>(std::max(*probe.begin, 0)), text.size());
    const auto content = find_content(text, begin);
    if (!content) return std::nullopt;
    if (text.substr(begin).starts_with("---")) {
        Diagnostic problem = source.problem(source.range(begin, begin + 3), "a second document begins here");
        problem.check = kSecondDocument;
        problem.expected = "one document a file";
        return problem;
    }
    return source.problem(source.range(*content, *content + 1), "text after the end of the document",
                          "is the indentation right?");
}

/// Reads the document into `recorder`. Returns what is wrong with what stands behind it.
std::optional<Diagnostic> record(const YamlSource& source, Recorder& recorder) {
    std::istringstream stream{std::string(source.text())};
    try {
        YAML::Parser parser(stream);
        parser.HandleNextDocument(recorder);
        if (recorder.problems.empty()) return find_trailing(source, parser);
    } catch (const YAML::Exception& exception) {
        if (recorder.problems.empty()) recorder.problems.push_back(syntax_problem(source, exception));
    }
    return std::nullopt;
}

/// The problem of what stands behind the document comes behind all of the document's own.
Parsed<YamlNode> with_trailing(Parsed<YamlNode> root, Diagnostic trailing, Diagnostics* warnings) {
    if (warnings != nullptr && trailing.check == kSecondDocument) {
        trailing.severity = Severity::Warning;
        warnings->push_back(std::move(trailing));
        return root;
    }
    Diagnostics problems = root ? Diagnostics() : std::move(root.error());
    problems.push_back(std::move(trailing));
    return tl::unexpected(std::move(problems));
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
    const auto found =
        std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.key == key; });
    return found == entries.end() ? nullptr : &found->value;
}

SourceRange YamlNode::position_of(std::size_t offset) const {
    offset = std::min(offset, text.size());
    if (text_at != TextAt::Lines) {
        const std::size_t column = where.column + (text_at == TextAt::BehindQuote ? 1 : 0) + offset;
        return {where.line, column, where.line, column + 1};
    }
    const auto next = std::upper_bound(text_lines.begin(), text_lines.end(), offset,
                                       [](std::size_t value, const TextLine& line) { return value < line.offset; });
    if (next == text_lines.begin()) return {where.line, where.column, where.line, where.column + 1};
    const TextLine& line = *std::prev(next);
    const std::size_t column = line.column + (offset - line.offset);
    return {line.line, column, line.line, column + 1};
}

Parsed<YamlNode> parse_yaml(std::string_view text, std::string_view file, const YamlLimits& limits,
                            Diagnostics* warnings) {
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    if (text.size() > limits.bytes) {
        const YamlSource nothing({}, file);
        return tl::unexpected(Diagnostics{nothing.problem({}, fmt::format("larger than {} bytes", limits.bytes))});
    }
    const YamlSource source(text, file);
    // yaml-cpp takes byte 0x04 for the end of the file and lets invalid UTF-8 through; neither gets that far.
    if (auto unreadable = source.find_unreadable()) return tl::unexpected(Diagnostics{*std::move(unreadable)});

    Recorder recorder(source, limits);
    auto trailing = record(source, recorder);
    if (!recorder.problems.empty()) return tl::unexpected(std::move(recorder.problems));

    auto root = build_yaml_tree(source, limits, recorder.events);
    if (!trailing) return root;
    return with_trailing(std::move(root), *std::move(trailing), warnings);
}

}  // namespace tocsin
