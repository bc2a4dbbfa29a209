#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "parser/template/html_steps.h"

namespace tocsin::templates {
namespace {

using State = HtmlContext::State;
using Delimiter = HtmlContext::Delimiter;
using UrlPart = HtmlContext::UrlPart;
using Attribute = HtmlContext::Attribute;
using Element = HtmlContext::Element;

struct TagName {
    std::size_t end;
    Element element;
};

// `from` itself when there is no name.
TagName tag_name(std::string_view text, std::size_t from) {
    if (from == text.size() || !is_alpha(text[from])) return {from, Element::None};
    std::size_t end = from + 1;
    while (end < text.size()) {
        const bool joins = (text[end] == ':' || text[end] == '-') && end + 1 < text.size() && is_alnum(text[end + 1]);
        if (!is_alnum(text[end]) && !joins) break;
        end += joins ? 2 : 1;
    }
    constexpr std::array<std::pair<std::string_view, Element>, 5> kElements = {{{"script", Element::Script},
                                                                                {"style", Element::Style},
                                                                                {"textarea", Element::Textarea},
                                                                                {"title", Element::Title},
                                                                                {"meta", Element::Meta}}};
    const std::string_view name = text.substr(from, end - from);
    const auto known = std::ranges::find_if(kElements, [&](const auto& entry) { return iequals(entry.first, name); });
    return {end, known == kElements.end() ? Element::None : known->second};
}

State content_state(Element element) {
    switch (element) {
        case Element::Script:
            return State::Js;
        case Element::Style:
            return State::Css;
        case Element::Textarea:
        case Element::Title:
            return State::Rcdata;
        case Element::None:
        case Element::Meta:
            return State::Text;
    }
    return State::Text;
}

struct NameEnd {
    std::size_t end = 0;
    std::string problem;
};
NameEnd attribute_name_end(std::string_view text, std::size_t from) {
    const std::size_t end = std::min(text.find_first_of(" \t\n\f\r=>'\"<", from), text.size());
    if (end < text.size() && std::string_view("'\"<").find(text[end]) != kNone) {
        return {end, fmt::format("{} in attribute name: {}", go_quote(text.substr(end, 1)), start_of(text))};
    }
    return {end, {}};
}

Attribute attribute_of(Element element, const std::string& name) {
    if (element == Element::Script && name == "type") return Attribute::ScriptType;
    if (element == Element::Meta && name == "content") return Attribute::MetaContent;
    switch (attribute_kind(name)) {
        case AttributeKind::Url:
            return Attribute::Url;
        case AttributeKind::Css:
            return Attribute::Style;
        case AttributeKind::Js:
            return Attribute::Script;
        case AttributeKind::Srcset:
            return Attribute::Srcset;
        case AttributeKind::Plain:
        case AttributeKind::Html:
        case AttributeKind::Unsafe:
            return Attribute::None;
    }
    return Attribute::None;
}

}  // namespace

HtmlStep step_text(const HtmlContext& context, std::string_view text) {
    for (std::size_t at = text.find('<'); at != kNone && at + 1 < text.size(); at = text.find('<', at)) {
        if (text.substr(at).starts_with("<!--")) return in_state(HtmlContext{}, State::HtmlComment, at + 4);
        ++at;
        const bool closes = text[at] == '/';
        if (closes && at + 1 == text.size()) break;
        if (closes) ++at;
        const TagName name = tag_name(text, at);
        if (name.end != at) return {in_tag(closes ? Element::None : name.element), name.end};
    }
    return stay(context, text);
}

HtmlStep step_tag(const HtmlContext& context, std::string_view text) {
    const std::size_t begin = after_space(text, 0);
    if (begin == text.size()) return stay(context, text);
    if (text[begin] == '>') {
        HtmlContext inside;
        inside.state = content_state(context.element);
        inside.element = context.element;
        return {inside, begin + 1};
    }
    const NameEnd name = attribute_name_end(text, begin);
    if (!name.problem.empty()) return broken(name.problem, text);
    if (name.end == begin) {
        return broken("expected space, attr name, or end of tag, but got " + start_of(text.substr(begin)), text);
    }
    HtmlContext next = in_tag(context.element);
    next.attribute = attribute_of(context.element, to_lower(text.substr(begin, name.end - begin)));
    return in_state(next, name.end == text.size() ? State::AttrName : State::AfterName, name.end);
}

HtmlStep step_attr_name(const HtmlContext& context, std::string_view text) {
    const NameEnd name = attribute_name_end(text, 0);
    if (!name.problem.empty()) return broken(name.problem, text);
    return in_state(context, name.end == text.size() ? State::AttrName : State::AfterName, name.end);
}

HtmlStep step_after_name(const HtmlContext& context, std::string_view text) {
    const std::size_t at = after_space(text, 0);
    if (at == text.size()) return stay(context, text);
    // An attribute without a value.
    if (text[at] != '=') return in_state(context, State::Tag, at);
    return in_state(context, State::BeforeValue, at + 1);
}

State value_state(Attribute attribute) {
    switch (attribute) {
        case Attribute::None:
        case Attribute::ScriptType:
            return State::Attr;
        case Attribute::Script:
            return State::Js;
        case Attribute::Style:
            return State::Css;
        case Attribute::Url:
            return State::Url;
        case Attribute::Srcset:
            return State::Srcset;
        case Attribute::MetaContent:
            return State::MetaContent;
    }
    return State::Attr;
}

HtmlStep step_before_value(HtmlContext context, std::string_view text) {
    std::size_t at = after_space(text, 0);
    if (at == text.size()) return stay(context, text);
    context.delimiter = Delimiter::SpaceOrTagEnd;
    if (text[at] == '\'') context.delimiter = Delimiter::SingleQuote;
    if (text[at] == '"') context.delimiter = Delimiter::DoubleQuote;
    if (context.delimiter != Delimiter::SpaceOrTagEnd) ++at;
    const State state = value_state(context.attribute);
    return in_state(std::move(context), state, at);
}

HtmlStep step_html_comment(const HtmlContext& context, std::string_view text) {
    const std::size_t end = text.find("-->");
    return end == kNone ? stay(context, text) : HtmlStep{HtmlContext{}, end + 3};
}

HtmlStep step_url(HtmlContext context, std::string_view text) {
    if (text.find_first_of("#?") != kNone) {
        context.url_part = UrlPart::QueryOrFragment;
    } else if (after_space(text, 0) != text.size() && context.url_part == UrlPart::None) {
        context.url_part = UrlPart::PreQuery;
    }
    return stay(context, text);
}

HtmlStep step_meta_content(const HtmlContext& context, std::string_view text) {
    const std::size_t url = to_lower(text).find("url=");
    return url == kNone ? stay(context, text) : in_state(context, State::MetaContentUrl, url + 4);
}

HtmlStep step_meta_content_url(const HtmlContext& context, std::string_view text) {
    const std::size_t end = text.find(';');
    return end == kNone ? stay(context, text) : in_state(context, State::MetaContent, end + 1);
}

}  // namespace tocsin::templates
