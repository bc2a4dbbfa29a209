#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Where in an HTML document a text ends, so that what follows can be escaped for that place. After Go's html/template.
namespace tocsin::templates {

/// The state of a parser of HTML and of what is embedded in it.
struct HtmlContext {
    enum class State : std::uint8_t {
        Text,
        Tag,  // inside of a tag, before an attribute or the end
        AttrName,
        AfterName,    // before `=`
        BeforeValue,  // after `=`
        HtmlComment,
        Rcdata,  // of <title> and <textarea>: text without tags
        Attr,    // an attribute with no meaning of its own
        Url,
        Srcset,
        MetaContent,
        MetaContentUrl,
        Js,
        JsDoubleQuoted,
        JsSingleQuoted,
        JsTemplate,
        JsRegexp,
        JsBlockComment,
        JsLineComment,
        JsHtmlOpenComment,
        JsHtmlCloseComment,
        Css,
        CssDoubleQuoted,
        CssSingleQuoted,
        CssDoubleQuotedUrl,
        CssSingleQuotedUrl,
        CssUrl,
        CssBlockComment,
        CssLineComment,
        Error,
        Dead,  // behind a break or continue: nothing is written here
    };
    enum class Delimiter : std::uint8_t { None, DoubleQuote, SingleQuote, SpaceOrTagEnd };
    enum class UrlPart : std::uint8_t { None, PreQuery, QueryOrFragment, Unknown };
    /// Whether a slash would divide or begin a regular expression.
    enum class Slash : std::uint8_t { Regexp, Division, Unknown };
    enum class Attribute : std::uint8_t { None, Script, ScriptType, Style, Url, Srcset, MetaContent };
    enum class Element : std::uint8_t { None, Script, Style, Textarea, Title, Meta };

    State state = State::Text;
    Delimiter delimiter = Delimiter::None;
    UrlPart url_part = UrlPart::None;
    Slash slash = Slash::Regexp;
    Attribute attribute = Attribute::None;
    Element element = Element::None;
    std::string problem;  // of State::Error
    std::size_t problem_position = 0;
    std::string problem_template;

    static HtmlContext error(std::string problem);
    bool is_error() const { return state == State::Error; }
    bool is_comment() const;
    /// Equal but for the problem.
    bool same_place(const HtmlContext& other) const;
    /// Short and different for each place: part of the name under which a template is kept that is escaped for it.
    std::string key() const;
};

/// The context after the first part of `text`, and how many bytes that part has; never 0 bytes unless the context
/// changed.
struct HtmlStep {
    HtmlContext context;
    std::size_t bytes;
};
HtmlStep step_html(const HtmlContext& context, std::string_view text);

/// What stands there when an action follows: in `<a {{.}}` that is an attribute's name, in `<a href={{.}}` a value.
HtmlContext before_action(HtmlContext context);

enum class AttributeKind : std::uint8_t { Plain, Css, Html, Js, Url, Srcset, Unsafe };
/// By its name in lower case.
AttributeKind attribute_kind(std::string_view name);

/// The text without its tags and comments.
std::string strip_tags(std::string_view html);

}  // namespace tocsin::templates
