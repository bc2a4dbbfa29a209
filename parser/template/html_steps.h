#pragma once

#include <string>
#include <string_view>

#include "parser/template/html_context.h"

/// The steps of html_context.h by language: each reads the first part of `text` in one state.
namespace tocsin::templates {

inline constexpr std::size_t kNone = std::string_view::npos;
inline constexpr std::string_view kHtmlSpace = " \t\n\f\r";

bool is_alpha(char c);
bool is_alnum(char c);
/// Of JavaScript.
bool is_identifier_part(char c);
/// The first 32 characters in quotes, for messages.
std::string start_of(std::string_view text);
std::size_t after_space(std::string_view text, std::size_t from);

/// All of the text is consumed and the context stays.
HtmlStep stay(const HtmlContext& context, std::string_view text);
HtmlStep broken(std::string problem, std::string_view text);
HtmlStep in_state(HtmlContext context, HtmlContext::State state, std::size_t bytes);
HtmlContext in_tag(HtmlContext::Element element);

/// The state in which the value of an attribute is read.
HtmlContext::State value_state(HtmlContext::Attribute attribute);

HtmlStep step_text(const HtmlContext& context, std::string_view text);
HtmlStep step_tag(const HtmlContext& context, std::string_view text);
HtmlStep step_attr_name(const HtmlContext& context, std::string_view text);
HtmlStep step_after_name(const HtmlContext& context, std::string_view text);
HtmlStep step_before_value(HtmlContext context, std::string_view text);
HtmlStep step_html_comment(const HtmlContext& context, std::string_view text);
HtmlStep step_url(HtmlContext context, std::string_view text);
HtmlStep step_meta_content(const HtmlContext& context, std::string_view text);
HtmlStep step_meta_content_url(const HtmlContext& context, std::string_view text);

HtmlStep step_js(HtmlContext context, std::string_view text);
HtmlStep step_js_delimited(HtmlContext context, std::string_view text);

HtmlStep step_css(const HtmlContext& context, std::string_view text);
HtmlStep step_css_string(HtmlContext context, std::string_view text);

/// Of JavaScript and of CSS.
HtmlStep step_block_comment(const HtmlContext& context, std::string_view text);
HtmlStep step_line_comment(const HtmlContext& context, std::string_view text);

}  // namespace tocsin::templates
