#pragma once

#include <cstdint>
#include <string>

#include "parser/template/tree.h"
#include "parser/template/value.h"

namespace tocsin::templates {

/// Makes a value harmless for one kind of place in an HTML document; those of Go's html/template.
enum class Escaper : std::uint8_t {
    Html,           // text between tags
    Attribute,      // a value in quotes
    UnquotedValue,  // a value without quotes
    Rcdata,         // content of <title> and <textarea>
    Comment,        // nothing at all
    Name,           // of an attribute or element
    UrlFilter,      // only http, https, mailto and relative addresses
    UrlNormalizer,  // what an address may not hold
    UrlQuery,       // a part of an address behind `?` or `#`
    Srcset,
    JsValue,
    JsString,
    JsRegexp,
    CssString,
    CssValue,
    PlainHtml,      // the function html, where the template calls it itself
    PlainUrlQuery,  // the function urlquery, likewise
};

/// Absent values become nothing. Texts that `safeHtml` and `safeUrl` made are left alone where they are what is asked
/// for.
std::string escape(Escaper escaper, const Value& value);

}  // namespace tocsin::templates
