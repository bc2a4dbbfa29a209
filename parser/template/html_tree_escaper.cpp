#include "parser/template/html_tree_escaper.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "parser/template/html_context.h"
#include "parser/template/html_escaper.h"

namespace tocsin::templates {
namespace {

using State = HtmlContext::State;
using Delimiter = HtmlContext::Delimiter;

// Templates call each other, and each place makes a copy: an end must be somewhere.
constexpr std::size_t kCopiesMax = 10'000;
// Of nodes, each as often as it is looked at: ranges within ranges are, again and again.
constexpr std::size_t kNodesMax = 1'000'000;
constexpr std::size_t kDepthMax = 100;

std::string described_context(const HtmlContext& context) {
    return fmt::format("{{{}}}", context.key());
}

// The context of two that may both have led here.
HtmlContext join_contexts(const HtmlContext& a, const HtmlContext& b, const std::string& what) {
    if (a.is_error()) return a;
    if (b.is_error()) return b;
    if (a.state == State::Dead) return b;
    if (b.state == State::Dead || a.same_place(b)) return a;
    HtmlContext joined = a;
    joined.url_part = b.url_part;
    if (joined.same_place(b)) {
        joined.url_part = HtmlContext::UrlPart::Unknown;
        return joined;
    }
    joined = a;
    joined.slash = b.slash;
    if (joined.same_place(b)) {
        joined.slash = HtmlContext::Slash::Unknown;
        return joined;
    }
    // One ends before a value or name, the other within: an action that follows makes them equal.
    const HtmlContext nudged_a = before_action(a), nudged_b = before_action(b);
    if (!(nudged_a.same_place(a) && nudged_b.same_place(b))) {
        const HtmlContext nudged = join_contexts(nudged_a, nudged_b, what);
        if (!nudged.is_error()) return nudged;
    }
    return HtmlContext::error(
        fmt::format("{} branches end in different contexts: {}, {}", what, described_context(a), described_context(b)));
}

class TreeEscaper {
public:
    explicit TreeEscaper(const TreeMap& trees) : trees_(trees) {}

    Result<TreeMap> run(const std::string& root);

private:
    struct Range {
        std::vector<HtmlContext> breaks;
        std::vector<HtmlContext> continues;
    };

    HtmlContext escape_template(const HtmlContext& context, const std::string& name, std::string& escaped_name);
    HtmlContext escape_body(const HtmlContext& context, const Tree& tree, const std::string& escaped_name);
    HtmlContext escape_list(HtmlContext context, NodeList& list);
    HtmlContext escape_node(const HtmlContext& context, Node& node);
    HtmlContext escape_text(HtmlContext context, Node& node);
    HtmlContext escape_action(HtmlContext context, Node& node);
    HtmlContext escape_branch(const HtmlContext& context, Node& node);
    HtmlContext escape_range(const HtmlContext& context, Node& node);
    HtmlContext at(HtmlContext context, const Node& node) const;

    const TreeMap& trees_;
    TreeMap escaped_;
    std::map<std::string, HtmlContext> ends_;  // of each escaped template, by its escaped name
    std::vector<Range*> ranges_;
    const Tree* tree_ = nullptr;
    std::size_t depth_ = 0;
    std::size_t nodes_ = 0;
};

// Remembers where an error was found, unless that is known already.
HtmlContext TreeEscaper::at(HtmlContext context, const Node& node) const {
    if (context.is_error() && context.problem_template.empty()) {
        context.problem_position = node.position;
        context.problem_template = fmt::format("{}:{}", tree_->parse_name, position_text(*tree_, node.position));
    }
    return context;
}

bool is_predefined(const Command& command, std::string_view name) {
    return command.words[0].kind == Operand::Kind::Function && command.words[0].text == name;
}

// `html` or `urlquery` before the end of a pipeline would be undone by what comes after.
bool has_predefined_inside(const Pipeline& pipeline, bool unquoted_value) {
    for (std::size_t i = 0; i < pipeline.commands.size(); ++i) {
        const bool html = is_predefined(pipeline.commands[i], "html");
        if (!html && !is_predefined(pipeline.commands[i], "urlquery")) continue;
        if (i + 1 < pipeline.commands.size() || (unquoted_value && html)) return true;
    }
    return false;
}

std::vector<Escaper> escapers_of_url(const HtmlContext& context) {
    const bool css_string = context.state == State::CssDoubleQuoted || context.state == State::CssSingleQuoted;
    const Escaper address = css_string ? Escaper::CssString : Escaper::UrlNormalizer;
    switch (context.url_part) {
        case HtmlContext::UrlPart::None:
            return {Escaper::UrlFilter, address};
        case HtmlContext::UrlPart::PreQuery:
            return {address};
        case HtmlContext::UrlPart::QueryOrFragment:
            return {Escaper::UrlQuery};
        case HtmlContext::UrlPart::Unknown:
            break;
    }
    return {};
}

std::vector<Escaper> escapers_of_state(const HtmlContext& context) {
    switch (context.state) {
        case State::Url:
        case State::MetaContentUrl:
        case State::CssDoubleQuoted:
        case State::CssSingleQuoted:
        case State::CssDoubleQuotedUrl:
        case State::CssSingleQuotedUrl:
        case State::CssUrl:
            return escapers_of_url(context);
        case State::Js:
            return {Escaper::JsValue};
        case State::JsDoubleQuoted:
        case State::JsSingleQuoted:
            return {Escaper::JsString};
        case State::JsRegexp:
            return {Escaper::JsRegexp};
        case State::Css:
            return {Escaper::CssValue};
        case State::Text:
            return {Escaper::Html};
        case State::Rcdata:
            return {Escaper::Rcdata};
        case State::AttrName:
        case State::Tag:
            return {Escaper::Name};
        case State::Srcset:
            return {Escaper::Srcset};
        case State::HtmlComment:
        case State::JsBlockComment:
        case State::JsLineComment:
        case State::JsHtmlOpenComment:
        case State::JsHtmlCloseComment:
        case State::CssBlockComment:
        case State::CssLineComment:
            return {Escaper::Comment};
        case State::AfterName:
        case State::BeforeValue:
        case State::Attr:
        case State::MetaContent:
        case State::JsTemplate:
        case State::Error:
        case State::Dead:
            break;
    }
    return {};
}

bool is_html_escaper(Escaper escaper) {
    return escaper == Escaper::Html || escaper == Escaper::Attribute || escaper == Escaper::UnquotedValue ||
           escaper == Escaper::Rcdata;
}

bool is_url_escaper(Escaper escaper) {
    return escaper == Escaper::UrlQuery || escaper == Escaper::UrlNormalizer;
}

// Where the template escapes by itself at the end of a pipeline, it is not done twice.
void replace_predefined(Pipeline& pipeline) {
    const Command& last = pipeline.commands.back();
    const bool html = is_predefined(last, "html");
    if (!html && !is_predefined(last, "urlquery")) return;
    const auto found = std::ranges::find_if(pipeline.escapers, html ? is_html_escaper : is_url_escaper);
    if (found == pipeline.escapers.end()) return;
    if (last.words.size() > 1 || pipeline.commands.size() == 1) {
        pipeline.escapers.erase(found);
    } else {
        *found = html ? Escaper::PlainHtml : Escaper::PlainUrlQuery;
        pipeline.commands.pop_back();
    }
}

HtmlContext TreeEscaper::escape_action(HtmlContext context, Node& node) {
    Pipeline& pipeline = *node.pipeline;
    if (!pipeline.variables.empty()) return context;
    context = before_action(std::move(context));
    if (context.is_error()) return context;
    const bool unquoted = context.state == State::Attr && context.delimiter == Delimiter::SpaceOrTagEnd;
    if (has_predefined_inside(pipeline, unquoted)) {
        return HtmlContext::error("predefined escaper disallowed in template: html and urlquery must come last");
    }
    if (context.state == State::JsTemplate) {
        return HtmlContext::error(fmt::format("{} appears in a JS template literal", to_string(node)));
    }
    pipeline.escapers = escapers_of_state(context);
    const bool ambiguous = context.url_part == HtmlContext::UrlPart::Unknown && pipeline.escapers.empty();
    if (ambiguous) return HtmlContext::error(to_string(node) + " appears in an ambiguous context within a URL");
    if (context.state == State::Tag) context.state = State::AttrName;
    if (context.state == State::Js) context.slash = HtmlContext::Slash::Division;
    if (context.delimiter != Delimiter::None) {
        const bool open = context.delimiter == Delimiter::SpaceOrTagEnd;
        pipeline.escapers.push_back(open ? Escaper::UnquotedValue : Escaper::Attribute);
    }
    replace_predefined(pipeline);
    // What was encoded for a query holds nothing that an attribute could mind.
    const bool query = pipeline.escapers.size() == 2 && pipeline.escapers[0] == Escaper::UrlQuery;
    if (query) pipeline.escapers.pop_back();
    return context;
}

// What a comment is replaced by: in scripts and styles it separates words.
std::string_view instead_of_comment(State state, std::string_view comment) {
    if (state == State::CssBlockComment) return " ";
    if (state == State::JsBlockComment) return comment.find_first_of("\n\r") == std::string_view::npos ? " " : "\n";
    return {};
}

std::size_t comment_opener_size(State state) {
    switch (state) {
        case State::HtmlComment:
        case State::JsHtmlOpenComment:
            return 4;
        case State::JsHtmlCloseComment:
            return 3;
        default:
            return 2;
    }
}

// Text that stays text: a `<` which begins no tag is escaped, so that nothing that follows can make it one.
void append_text(std::string& out, std::string_view text, bool stays_text) {
    if (!stays_text) {
        out += text;
        return;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool doctype = text[i] == '<' && iequals(text.substr(i, 9), "<!doctype");
        if (text[i] == '<' && !doctype) {
            out += "&lt;";
        } else {
            out += text[i];
        }
    }
}

HtmlContext TreeEscaper::escape_text(HtmlContext context, Node& node) {
    std::string out;
    const std::string text = std::move(node.text);
    for (std::string_view rest = text; !rest.empty();) {
        HtmlStep step = step_html(context, rest);
        const std::string_view part = rest.substr(0, step.bytes);
        const State after = step.context.state;
        const bool bare = step.context.delimiter == Delimiter::None;
        const bool in_comment = context.is_comment() && context.delimiter == Delimiter::None;
        if (in_comment) {
            if (after != context.state) out += instead_of_comment(context.state, part);
        } else if (step.context.is_comment() && bare && after != context.state) {
            const std::size_t opener = std::min(comment_opener_size(after), part.size());
            append_text(out, part.substr(0, part.size() - opener), context.state == State::Text);
        } else if (context.state == State::Text && after == State::Tag) {
            const std::size_t tag = part.rfind('<');
            append_text(out, part.substr(0, tag), true);
            out += part.substr(tag);
        } else {
            append_text(out, part, context.state == State::Text && after == State::Text);
        }
        rest.remove_prefix(step.bytes);
        context = std::move(step.context);
        if (context.is_error()) break;
    }
    node.text = std::move(out);
    return context;
}

HtmlContext TreeEscaper::escape_branch(const HtmlContext& context, Node& node) {
    const HtmlContext then = escape_list(context, node.list);
    const HtmlContext otherwise = escape_list(context, node.else_list);
    return join_contexts(then, otherwise, node.kind == Node::Kind::If ? "{{if}}" : "{{with}}");
}

// A range is run never, once or more often: it must end where it begins.
HtmlContext TreeEscaper::escape_range(const HtmlContext& context, Node& node) {
    constexpr const char* kWhat = "{{range}}";
    Range range;
    const NodeList original = clone(node.list);
    ranges_.push_back(&range);
    HtmlContext body = escape_list(context, node.list);
    for (const HtmlContext& c : range.continues) body = join_contexts(body, c, kWhat);
    if (!body.is_error() && !body.same_place(context)) {
        // The second round begins where the first one ended; what is written must be right for both.
        range = {};
        NodeList again = clone(original);
        const HtmlContext joined = join_contexts(context, body, kWhat);
        HtmlContext second = joined.is_error() ? joined : escape_list(joined, again);
        for (const HtmlContext& c : range.continues) second = join_contexts(second, c, kWhat);
        body = join_contexts(body, second, kWhat);
        node.list = std::move(again);
    }
    ranges_.pop_back();
    HtmlContext end = join_contexts(body, escape_list(context, node.else_list), kWhat);
    for (const HtmlContext& c : range.breaks) end = join_contexts(end, c, kWhat);
    return end;
}

HtmlContext TreeEscaper::escape_node(const HtmlContext& context, Node& node) {
    switch (node.kind) {
        case Node::Kind::Text:
            return escape_text(context, node);
        case Node::Kind::Action:
            return escape_action(context, node);
        case Node::Kind::If:
        case Node::Kind::With:
            return escape_branch(context, node);
        case Node::Kind::Range:
            return escape_range(context, node);
        case Node::Kind::Template: {
            std::string name = node.text;
            HtmlContext after = escape_template(context, node.text, name);
            node.text = std::move(name);
            return after;
        }
        case Node::Kind::Break:
        case Node::Kind::Continue: {
            auto& ends = node.kind == Node::Kind::Break ? ranges_.back()->breaks : ranges_.back()->continues;
            ends.push_back(context);
            HtmlContext dead;
            dead.state = State::Dead;
            return dead;
        }
    }
    return context;
}

HtmlContext TreeEscaper::escape_list(HtmlContext context, NodeList& list) {
    for (Node& node : list) {
        if (context.is_error()) break;
        if (context.state == State::Dead) break;
        if (++nodes_ > kNodesMax) return at(HtmlContext::error("too much is nested in ranges"), node);
        context = at(escape_node(context, node), node);
    }
    return context;
}

HtmlContext TreeEscaper::escape_template(const HtmlContext& context, const std::string& name,
                                         std::string& escaped_name) {
    const auto found = trees_.find(name);
    if (found == trees_.end()) return HtmlContext::error(fmt::format("no such template {}", go_quote(name)));
    if (!context.same_place(HtmlContext{})) escaped_name = name + "$" + context.key();
    if (const auto known = ends_.find(escaped_name); known != ends_.end()) return known->second;
    if (ends_.size() >= kCopiesMax || depth_ >= kDepthMax) {
        return HtmlContext::error(fmt::format("too many templates are called from {}", go_quote(name)));
    }
    return escape_body(context, *found->second, escaped_name);
}

HtmlContext TreeEscaper::escape_body(const HtmlContext& context, const Tree& tree, const std::string& escaped_name) {
    const Tree* const caller = std::exchange(tree_, &tree);
    const auto outer_ranges = std::exchange(ranges_, {});
    ++depth_;
    // A template that calls itself is first taken to end where it begins, and then where that has led to.
    HtmlContext assumed = context;
    HtmlContext end;
    Tree escaped;
    for (int attempt = 0; attempt < 2; ++attempt) {
        ends_[escaped_name] = assumed;
        escaped = {escaped_name, tree.parse_name, tree.text, tree.column_offset, clone(tree.root)};
        end = escape_list(context, escaped.root);
        if (end.is_error() || end.same_place(assumed)) break;
        assumed = end;
    }
    --depth_;
    ranges_ = outer_ranges;
    tree_ = caller;
    ends_[escaped_name] = end;
    escaped.name = tree.name;
    escaped_[escaped_name] = std::make_shared<const Tree>(std::move(escaped));
    return end;
}

Result<TreeMap> TreeEscaper::run(const std::string& root) {
    std::string escaped_name = root;
    const HtmlContext end = escape_template({}, root, escaped_name);
    if (end.is_error()) {
        return fail(Error::Kind::InvalidInput, fmt::format("html/template:{}: {}", end.problem_template, end.problem));
    }
    if (end.state != State::Text) {
        return fail(Error::Kind::InvalidInput, fmt::format("html/template: {} ends in a non-text context: {}",
                                                           go_quote(root), described_context(end)));
    }
    return std::move(escaped_);
}

}  // namespace

Result<TreeMap> escape_trees(const TreeMap& trees, const std::string& root) {
    return TreeEscaper(trees).run(root);
}

}  // namespace tocsin::templates
